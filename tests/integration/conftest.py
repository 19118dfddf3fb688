"""Fixtures: two scriptable arms, and a proxy in front of them."""
import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support.container import need_pod_networks  # noqa: E402
from support.grpc_peers import Server, need  # noqa: E402
from support.nginx import Nginx  # noqa: E402
from support.proxy import Banyan, configuration, migration, release_binary  # noqa: E402
from support.upstream import Upstream  # noqa: E402

FULL = bool(os.environ.get("BANYAN_FULL"))


@pytest.fixture
def scale():
    """How many times longer the long tests run (script/test --full)."""
    return 10 if FULL else 1


@pytest.fixture
def legacy():
    with Upstream("legacy") as upstream:
        yield upstream


@pytest.fixture
def monolith():
    with Upstream("monolith") as upstream:
        yield upstream


@pytest.fixture
def grpc_arms(tmp_path):
    """grpc_arms("python", "node"): a legacy and a monolith that speak gRPC, in these languages."""
    started = []

    def start(*languages):
        need(*languages)
        for language, name in zip(languages, ("legacy", "monolith")):
            started.append(Server(language, name, tmp_path))
            started[-1].__enter__()
        return started

    yield start
    for server in started:
        server.__exit__()


@pytest.fixture
def full_backlog():
    """The address of a listener whose queue is full: a connect to it gets no answer at all."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        yield "127.0.0.1:%d" % listener.getsockname()[1]
        for sock in waiting:
            sock.close()


@pytest.fixture
def config(tmp_path, legacy, monolith):
    """config(percent=5, sticky=…, …): migration keys by name; `top={…}` for the rest."""
    def make(percent=0, top=None, **keys):
        top_level = {"migrations": [migration(**keys)], "flags": {"shop": percent}, **(top or {})}
        return configuration(tmp_path, legacy, monolith, **top_level)
    return make


@pytest.fixture
def banyan(tmp_path, config):
    """banyan(percent=5, …) starts a proxy with that configuration; it ends with the test."""
    started = []

    def start(percent=0, binary_path=None, **keys):
        proxy = Banyan(tmp_path, config(percent, **keys), binary_path)
        started.append(proxy)
        return proxy.start()

    yield start
    for proxy in started:
        if proxy.process.poll() is None:
            proxy.stop()
        proxy.assert_sane()


@pytest.fixture
def release():
    path = release_binary()
    if not os.access(path, os.X_OK):
        # script/test builds and names one: then it has to be there.
        assert "BANYAN_RELEASE_BIN" not in os.environ, f"no release binary at {path}"
        pytest.skip(f"no release binary at {path} (script/build)")
    return path


@pytest.fixture
def nginx(tmp_path):
    """nginx(name) starts one; it ends with the test."""
    started = []

    def start(name):
        started.append(Nginx(tmp_path, name))
        return started[-1].__enter__()

    yield start
    for server in started:
        server.__exit__(None, None, None)


@pytest.fixture
def workload(tmp_path, legacy, monolith):
    """Pods that one kubectl reaches; they end with the test."""
    from support.workload import Workload  # needs PyYAML
    made = Workload(tmp_path, legacy, monolith)
    yield made
    for pod in made.pods.values():
        pod.stop()


@pytest.fixture(scope="module")
def image_root(tmp_path_factory):
    """The root filesystem of the image, with the binary that is under test."""
    need_pod_networks()
    from support.shop import unpacked_image  # needs PyYAML
    root = unpacked_image(tmp_path_factory.mktemp("image") / "root")
    yield root
    shutil.rmtree(root)


@pytest.fixture
def play(tmp_path, image_root):
    """play("sidecar"): that overlay of deploy/k8s, on this machine; it ends with the test."""
    from support.shop import Shop
    played = []

    def start(overlay):
        played.append(Shop(tmp_path, image_root, overlay))
        return played[-1]

    yield start
    for one in played:
        one.close()


@pytest.fixture
def shop(play):
    return play("sidecar")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    directory = item.funcargs.get("tmp_path") if hasattr(item, "funcargs") else None
    if report.failed and directory:
        for log in sorted(directory.glob("output-*.log")):
            report.sections.append((f"the proxy said ({log.name})",
                                    log.read_text(errors="replace")[-6000:]))

"""The container image: unpacked by other code than packed it, and run as Kubernetes would."""
import gzip
import hashlib
import io
import json
import re
import shlex
import socket
import subprocess
import tarfile

import pytest

from support.container import USER, launch, need_namespaces, run_in
from support.http import fetch
from support.proxy import ROOT, environment
from support.wait import eventually

SIZE_MAX = 15 << 20


def build(binary, *arguments):
    done = subprocess.run([ROOT / "script/image", "--no-setup", "--banyan", binary, *arguments],
                          capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr


@pytest.fixture
def archive(tmp_path, release):
    build(release, "-o", tmp_path / "banyan.tar")
    return tmp_path / "banyan.tar"


class Image:
    """What stands in an OCI archive; each blob is held against its digest and size."""

    def __init__(self, path):
        with tarfile.open(path) as tar:
            self.files = {one.name: tar.extractfile(one).read() for one in tar if one.isfile()}
        assert json.loads(self.files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
        (self.described,) = json.loads(self.files["index.json"])["manifests"]
        self.manifest = json.loads(self.blob(self.described))
        self.config = json.loads(self.blob(self.manifest["config"]))
        (layer,) = self.manifest["layers"]
        self.layer = gzip.decompress(self.blob(layer))
        assert self.config["rootfs"]["diff_ids"] == [
            "sha256:" + hashlib.sha256(self.layer).hexdigest()]

    def blob(self, descriptor):
        kind, digest = descriptor["digest"].split(":")
        content = self.files[f"blobs/{kind}/{digest}"]
        assert hashlib.sha256(content).hexdigest() == digest
        assert len(content) == descriptor["size"]
        return content

    def entries(self):
        with tarfile.open(fileobj=io.BytesIO(self.layer)) as tar:
            return list(tar)

    def unpack(self, root):
        root.mkdir()
        with tarfile.open(fileobj=io.BytesIO(self.layer)) as tar:
            tar.extractall(root, numeric_owner=True)
        return root


def test_the_archive_is_whole_small_and_the_same_each_time(archive, release, tmp_path):
    image = Image(archive)
    assert archive.stat().st_size < SIZE_MAX
    assert image.config["os"] == "linux"
    assert image.described["platform"]["architecture"] == image.config["architecture"]
    build(release, "-o", tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()


def test_only_what_runs_is_in_it(archive):
    entries = Image(archive).entries()
    names = {entry.name for entry in entries}
    assert len(names) == len(entries)
    runs = {entry.name for entry in entries if entry.isfile() and entry.mode & 0o111}
    assert {name for name in runs if ".so" not in name} == {"usr/bin/banyan"}
    for entry in entries:
        assert not entry.mode & 0o6000, f"{entry.name} would lend rights"
        assert entry.uid in (0, USER) and (entry.uid == 0 or entry.name == "var/lib/banyan")
        assert entry.name == "tmp" or entry.issym() or not entry.mode & 0o002, entry.name
    # Where OpenSSL looks for the authorities of the system.
    links = {entry.name: entry.linkname for entry in entries if entry.issym()}
    assert links["usr/lib/ssl/cert.pem"].lstrip("/") in names
    # Whoever ships it owes the licences, and scanners want to know what is inside.
    packages = {name.split("/")[-1] for name in names if name.startswith("var/lib/dpkg/status.d/")}
    assert {"libc6", "libssl3", "libuv1"} <= packages
    for package in packages | {"node-llhttp", "nlohmann-json3-dev"}:
        assert f"usr/share/doc/{package}/copyright" in names


def dockerfile():
    """The last stage of the Dockerfile, as {instruction: [rest]}."""
    text = (ROOT / "deploy/image/Dockerfile").read_text().replace("\\\n", " ")
    found = {}
    for line in text[text.rindex("\nFROM "):].splitlines():
        word, _, rest = line.partition(" ")
        found.setdefault(word, []).append(rest)
    return found


def test_the_dockerfile_says_the_same(archive):
    config, said = Image(archive).config["config"], dockerfile()
    assert said["USER"] == [config["User"]]
    assert said["ENV"] == config["Env"]
    assert said["EXPOSE"][0].split() == list(config["ExposedPorts"])
    assert said["STOPSIGNAL"] == [config["StopSignal"]]
    assert said["WORKDIR"] == [config["WorkingDir"]]
    assert json.loads(said["ENTRYPOINT"][0]) == config["Entrypoint"]
    assert json.loads(said["CMD"][0]) == config["Cmd"]
    labels = dict(word.split("=", 1) for word in shlex.split(said["LABEL"][0]))
    assert labels.items() <= config["Labels"].items()
    assert re.fullmatch(r"\d+\.\d+\.\d+", config["Labels"]["org.opencontainers.image.version"])
    text = (ROOT / "deploy/image/Dockerfile").read_text()
    assert "FROM debian:12-slim AS build" in text and "script/image --no-setup --root /image" in text


CONFIG = """
admin: {{ bind: "127.0.0.1:{admin}" }}
health: {{ bind: "127.0.0.1:{health}" }}
drain: {{ delay: 0ms, timeout: 5s }}
listeners: [{{ name: ingress, bind: "127.0.0.1:{port}" }}]
upstreams: {{ legacy: {{ endpoints: ["{legacy}"] }}, monolith: {{ endpoints: ["127.0.0.1:1"] }} }}
default: legacy
migrations: [{{ name: orders, match: [{{ path_prefix: /orders }}], legacy: legacy, monolith: monolith }}]
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    found = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return found


def answers(address):
    try:
        return fetch(address, "/readyz").status == 200
    except OSError:
        return False


def test_it_serves_as_a_user_without_rights_on_a_read_only_root(archive, legacy, tmp_path):
    need_namespaces()
    image = Image(archive)
    root = image.unpack(tmp_path / "root")
    port, admin, health = free_ports(3)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/banyan.yaml").write_text(
        CONFIG.format(port=port, admin=admin, health=health, legacy=legacy.address))
    config = image.config["config"]
    with open(tmp_path / "output-1.log", "wb") as output:
        process = launch(root, config["Entrypoint"] + config["Cmd"],
                         volumes=[(tmp_path / "config", "/etc/banyan/config", False)],
                         memory_folders=[("/var/lib/banyan", "16m")], stdout=output, stderr=output)
    try:
        eventually(lambda: process.poll() is not None or answers(f"127.0.0.1:{health}"), "it is ready")
        assert process.poll() is None, (tmp_path / "output-1.log").read_text()
        assert fetch(f"127.0.0.1:{port}", "/item").served_by == "legacy"
        status = dict(line.split(":\t", 1) for line in
                      open(f"/proc/{process.pid}/status", encoding="utf-8").read().splitlines())
        assert set(status["Uid"].split()) == set(status["Gid"].split()) == {str(USER)}
        assert status["NoNewPrivs"] == "1"
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[kind], 16) == 0, kind
        # The CLI in the same container, as `kubectl exec` runs it.
        done = run_in(process.pid, ["banyan", "rollback", "--all", "--admin", f"http://127.0.0.1:{admin}"])
        assert (done.returncode, done.stderr) == (0, "")
        # The disk is written to where it may be, and nowhere else.
        assert b"rollback" in state_file(process, "audit.jsonl")
        with pytest.raises(OSError, match="Read-only"):
            open(f"/proc/{process.pid}/root/etc/passwd", "ab").close()
        process.terminate()
        assert process.wait(timeout=20) == 0, (tmp_path / "output-1.log").read_text()
    finally:
        process.kill()
        process.wait()


def state_file(process, name):
    with open(f"/proc/{process.pid}/root/var/lib/banyan/{name}", "rb") as file:
        return file.read()


def test_a_library_that_is_not_as_its_package_brought_it_is_refused(tmp_path):
    program = tmp_path / "main.c"
    library = tmp_path / "libown.so"
    (tmp_path / "own.c").write_text("int own(void) { return 0; }\n")
    program.write_text("int own(void); int main(void) { return own(); }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "own.c"], check=True)
    subprocess.run(["gcc", "-o", tmp_path / "main", program, library, f"-Wl,-rpath,{tmp_path}"],
                   check=True)
    code = f"import root; root.entries_for({str(tmp_path / 'main')!r})"
    done = subprocess.run(["/usr/bin/python3", "-c", code], cwd=ROOT / "deploy/image",
                          capture_output=True, text=True, check=False,
                          env={**environment(), "PYTHONDONTWRITEBYTECODE": "1"})
    assert "libown.so belongs to no package" in done.stderr

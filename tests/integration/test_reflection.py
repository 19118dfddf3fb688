"""Descriptors that legacy is asked for (server reflection), with servers that nobody here wrote."""
import json

import pytest

from support.grpc_peers import SERVICE, Server, need
from support.metrics import total
from support.proxy import Banyan, cli, configuration, migration
from support.wait import eventually

METHOD = f"{SERVICE}/UnaryCall"


class Nobody:
    address = "127.0.0.1:1"


@pytest.fixture
def servers(tmp_path):
    """servers(legacy="node", monolith="node"), of which node's describe themselves."""
    started = []

    def start(**languages):
        need("python", *languages.values())
        for name, language in languages.items():
            started.append(Server(language, name, tmp_path))
            started[-1].__enter__()
        return started

    yield start
    for server in started:
        server.__exit__()


def settings(directory, legacy, monolith, **compare):
    shop = migration(match=[{"grpc_service": SERVICE}], shadow={"grpc_methods": [METHOD]},
                     compare={"descriptors": {"reflection": True}, **compare})
    made = configuration(directory, legacy, monolith, flags={"shop": 0}, migrations=[shop])
    del made["default"]
    for upstream in made["upstreams"].values():
        upstream["protocol"] = "http2"
    return made


def ask_for_the_name(address):
    """The bytes of a SimpleResponse to a SimpleRequest with `fill_username`."""
    import grpc
    with grpc.insecure_channel(address) as channel:
        return channel.unary_unary(f"/{METHOD}")(b"\x20\x01", timeout=30)


def differences(proxy):
    return {d["path"] for e in proxy.report()["endpoints"] for d in e["differences"]
            if d["path"].startswith("$")}


def described(proxy):
    return total(proxy.metrics(), "banyan_described_messages", migration="shop")


def asked(proxy, result):
    return total(proxy.metrics(), "banyan_reflections_total", result=result)


def test_differences_have_the_names_that_legacy_gives_their_fields(tmp_path, servers):
    legacy, monolith = servers(legacy="node", monolith="node")
    with Banyan(tmp_path, settings(tmp_path, legacy, monolith)) as proxy:
        eventually(lambda: described(proxy) > 0, "legacy has described itself", 30)
        assert b"legacy" in ask_for_the_name(proxy.address)
        eventually(lambda: differences(proxy) == {"$[*].username"}, "the field has its name", 30)
        assert asked(proxy, "failed") == 0
        # A reload asks again; what was said stays meanwhile.
        proxy.reload(settings(tmp_path, legacy, monolith))
        assert described(proxy) > 0
        eventually(lambda: asked(proxy, "answered") == 2, "legacy is asked again", 30)


def test_a_server_without_reflection_is_said_once_and_compared_without_names(tmp_path, servers):
    legacy, monolith = servers(legacy="python", monolith="node")
    with Banyan(tmp_path, settings(tmp_path, legacy, monolith)) as proxy:
        eventually(lambda: asked(proxy, "failed") >= 2, "legacy is asked again", 30)
        said = [line for line in proxy.said().splitlines() if "reflection of shop" in line]
        assert len(said) == 1 and "it has no server reflection" in said[0], said
        assert described(proxy) == 0
        ask_for_the_name(proxy.address)
        eventually(lambda: differences(proxy) and all("#" in d for d in differences(proxy)),
                   "fields stand under their numbers", 30)


def test_legacy_that_is_not_there_is_asked_ever_again_and_harms_nobody(tmp_path, servers):
    legacy, monolith = servers(legacy="node", monolith="node")
    nobody = settings(tmp_path, Nobody, monolith)
    nobody["flags"] = {"shop": 100}
    with Banyan(tmp_path, nobody) as proxy:
        eventually(lambda: asked(proxy, "failed") >= 2, "it is asked again", 30)
        assert b"monolith" in ask_for_the_name(proxy.address)
        assert described(proxy) == 0
        proxy.reload(settings(tmp_path, legacy, monolith))
        eventually(lambda: described(proxy) > 0, "legacy has described itself", 30)


def test_descriptors_need_a_legacy_that_speaks_grpc(tmp_path):
    config = settings(tmp_path, Nobody, Nobody)
    config["migrations"][0]["match"] = [{"path_prefix": "/"}]
    del config["migrations"][0]["shadow"]["grpc_methods"]
    for upstream in config["upstreams"].values():
        upstream["protocol"] = "http1"
    file = tmp_path / "http1.yaml"
    file.write_text(json.dumps(config))
    done = cli("validate", file)
    assert done.returncode == 1
    assert "descriptors.reflection" in done.stderr and "protocol: http2" in done.stderr


def test_files_are_compared_with_descriptors_of_a_file_alone(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("descriptors: { reflection: true }\n")
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    done = cli("diff", tmp_path / "a", tmp_path / "b", "--rules", rules)
    assert done.returncode == 1
    assert "descriptors.reflection: there is no server to ask here" in done.stderr

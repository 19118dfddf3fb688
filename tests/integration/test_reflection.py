"""Descriptors that legacy is asked for (server reflection), with servers that nobody here wrote."""
import json

import pytest

from support.grpc_peers import SERVICE, need
from support.http2_upstream import Http2Upstream
from support.metrics import total
from support.proxy import Banyan, cli, configuration, migration
from support.wait import eventually

METHOD = f"{SERVICE}/UnaryCall"


class Nobody:
    address = "127.0.0.1:1"


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


def warnings(proxy):
    return [line for line in proxy.said().splitlines() if "reflection of shop-legacy" in line]


def not_comparable(proxy):
    return total(proxy.metrics(), "banyan_comparisons_total", verdict="not_comparable")


def described(proxy):
    return total(proxy.metrics(), "banyan_described_messages", migration="shop")


def asked(proxy, result):
    return total(proxy.metrics(), "banyan_reflections_total", result=result)


def test_differences_have_the_names_that_legacy_gives_their_fields(tmp_path, grpc_arms):
    need("python")
    legacy, monolith = grpc_arms("node", "node")
    with Banyan(tmp_path, settings(tmp_path, legacy, monolith)) as proxy:
        eventually(lambda: described(proxy) > 0, "legacy has described itself", 30)
        assert b"legacy" in ask_for_the_name(proxy.address)
        eventually(lambda: differences(proxy) == {"$[*].username"}, "the field has its name", 30)
        assert asked(proxy, "failed") == 0
        # A reload asks again; what was said stays meanwhile.
        proxy.reload(settings(tmp_path, legacy, monolith))
        assert described(proxy) > 0
        eventually(lambda: asked(proxy, "answered") == 2, "legacy is asked again", 30)


def test_a_server_without_reflection_is_said_once_and_what_differs_is_not_comparable(tmp_path, grpc_arms):
    legacy, monolith = grpc_arms("python", "node")
    makers = ["header:content-type", "header:grpc-accept-encoding", "header:x-served-by"]
    with Banyan(tmp_path, settings(tmp_path, legacy, monolith, ignore=makers)) as proxy:
        eventually(lambda: asked(proxy, "failed") >= 2, "legacy is asked again", 30)
        said = warnings(proxy)
        assert len(said) == 1 and "it has no server reflection" in said[0], said
        assert described(proxy) == 0
        ask_for_the_name(proxy.address)
        eventually(lambda: not_comparable(proxy), "the pair is counted", 30)
        assert differences(proxy) == set()
        assert proxy.status()["readiness_detail"]["mismatch"] == 0


def test_legacy_that_is_not_there_is_asked_ever_again_and_harms_nobody(tmp_path, grpc_arms):
    need("python")
    legacy, monolith = grpc_arms("node", "node")
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


# ---- servers that answer otherwise ---------------------------------------------------------------

def field(number, data):
    return bytes([number << 3 | 2, len(data)]) + data


def framed(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


SERVICES = framed(field(6, field(1, field(1, b"p.S"))))
THING = field(1, b"a.proto") + field(2, b"p") + field(4, field(1, b"Thing"))
FILES = framed(field(4, field(1, THING)))
LISTED = framed(field(6, b""))


def reflection(*answers, only="", end=True):
    """One after the other, one for each question; only to a path with `only` in it."""
    def behave(stream):
        grpc = ("content-type", "application/grpc")
        if only not in stream.target:
            return stream.head(headers=[grpc, ("grpc-status", "12")], end=True)
        stream.head(headers=[grpc])
        for count, said in enumerate(answers, 1):
            eventually(lambda: questions(stream.body) >= count or stream.was_reset.is_set(),
                       "it is asked")
            stream.send(said)
        if end:
            assert stream.ended.wait(30)
            stream.trailers_end([("grpc-status", "0")])
    return behave


def questions(body):
    """How many questions there are."""
    count = 0
    while body:
        body = body[5 + int.from_bytes(body[1:5], "big"):]
        count += 1
    return count


def end_at_once(status):
    return lambda stream: stream.head(
        headers=[("content-type", "application/grpc"), ("grpc-status", status)], end=True)


OTHERWISE = {
    "no page for it": (lambda stream: stream.head(404, end=True), "it has no server reflection"),
    "refused": (end_at_once("7"), "grpc-status 7"),
    "ended without a status": (lambda stream: stream.head(200, end=True), "without a grpc-status"),
    "not now": (lambda stream: stream.head(503, end=True), "status 503"),
    "no frame": (reflection(b"hello world", end=False), "compressed"),
    "a compressed frame": (reflection(b"\1\0\0\0\2\x32\0", end=False), "compressed"),
    "4 GiB": (reflection(b"\0\xff\xff\xff\xff", end=False), "too large"),
    "no message": (reflection(framed(b"\xff\xff"), end=False), "no message"),
    "another answer": (reflection(FILES, end=False), "something else"),
    "two answers": (reflection(SERVICES + FILES + FILES, end=False), "nobody asked"),
    "no services": (reflection(LISTED), "none of its 0 services"),
    "a file that is none": (reflection(SERVICES, framed(field(4, field(1, b"\xff")))), "no File"),
    "cut off": (lambda stream: stream.connection.cut(), "reset"),
    "reset": (lambda stream: stream.reset(), "RST_STREAM"),
}


@pytest.fixture
def odd():
    with Http2Upstream("legacy") as upstream:
        yield upstream


@pytest.mark.parametrize("name", OTHERWISE)
def test_an_answer_that_is_none_is_said_and_legacy_is_asked_again(tmp_path, odd, name):
    odd.behaviour, said = OTHERWISE[name]
    with Banyan(tmp_path, settings(tmp_path, odd, Nobody)) as proxy:
        eventually(lambda: asked(proxy, "failed"), "that is no answer", 30)
        warning = eventually(lambda: warnings(proxy), "it is said")[0]
        assert said in warning, warning
        odd.behaviour = reflection(SERVICES, FILES)
        eventually(lambda: described(proxy) == 1, "legacy is asked again", 30)


def test_every_endpoint_has_its_turn(tmp_path, odd):
    odd.behaviour = reflection(SERVICES, FILES)
    config = settings(tmp_path, odd, Nobody)
    config["upstreams"]["shop-legacy"]["endpoints"] = [Nobody.address, odd.address]
    with Banyan(tmp_path, config) as proxy:
        eventually(lambda: described(proxy) == 1, "the other endpoint has described itself", 30)


def test_one_legacy_is_asked_once_for_all_its_migrations(tmp_path, odd):
    odd.behaviour = reflection(SERVICES, FILES)
    config = settings(tmp_path, odd, Nobody)
    other = json.loads(json.dumps(config["migrations"][0]))
    other.update(name="cart", match=[{"grpc_service": "p.S"}])
    other["shadow"] = {"grpc_methods": ["p.S/Get"]}
    config["migrations"].append(other)
    with Banyan(tmp_path, config) as proxy:
        eventually(lambda: described(proxy) == 1, "legacy has described itself", 30)
        assert total(proxy.metrics(), "banyan_described_messages", migration="cart") == 1
        assert len(odd.requests) == 1


def test_a_server_that_has_only_the_older_reflection_is_asked_by_it(tmp_path, odd):
    odd.behaviour = reflection(SERVICES, FILES, only="v1alpha")
    with Banyan(tmp_path, settings(tmp_path, odd, Nobody)) as proxy:
        eventually(lambda: described(proxy) == 1, "legacy has described itself", 30)
        assert asked(proxy, "failed") == 0


def test_a_server_that_never_answers_is_given_up_and_does_not_hold_up_the_end(tmp_path, odd):
    odd.behaviour = reflection(end=False)
    with Banyan(tmp_path, settings(tmp_path, odd, Nobody)) as proxy:
        eventually(lambda: odd.requests, "it is asked")
        proxy.stop()
    with Banyan(tmp_path, settings(tmp_path, odd, Nobody)) as proxy:
        eventually(lambda: "no answer in time" in proxy.said(), "it is given up", 40)


def test_files_are_compared_with_descriptors_of_a_file_alone(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("descriptors: { reflection: true }\n")
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    done = cli("diff", tmp_path / "a", tmp_path / "b", "--rules", rules)
    assert done.returncode == 1
    assert "descriptors.reflection: there is no server to ask here" in done.stderr


@pytest.mark.parametrize("given, said", [
    (True, "descriptors: expected a file or { reflection: true }, found the boolean true"),
    (["a"], "descriptors: expected a file or { reflection: true }, found a list"),
    ({"reflexion": True}, 'descriptors.reflexion: unknown key (did you mean "reflection"?)'),
    ({"reflection": "maybe"}, 'descriptors.reflection: expected true or false, found "maybe"'),
])
def test_a_typo_is_told_with_its_place(tmp_path, given, said):
    config = settings(tmp_path, Nobody, Nobody)
    config["migrations"][0]["compare"]["descriptors"] = given
    file = tmp_path / "typo.yaml"
    file.write_text(json.dumps(config))
    done = cli("validate", file)
    assert done.returncode == 1 and said in done.stderr, done.stderr

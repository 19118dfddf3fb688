"""`banyan diff` as a process: what it prints, and how it ends."""
import base64
import gzip
import json
import subprocess

import pytest

from support.proxy import ROOT, cli

EQUAL, FAILED, WRONG_USAGE, DIFFERENT = 0, 1, 2, 3
HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@pytest.fixture(name="saved")
def _saved(tmp_path):
    def save(name, content):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file
    return save


@pytest.fixture(name="diff")
def _diff(saved):
    """Both sides saved and compared; `rules` as text of YAML."""
    def diff(left, right, *options, rules=None):
        arguments = ["diff", saved("left", left), saved("right", right), *options]
        if rules is not None:
            arguments += ["--rules", saved("rules.yaml", rules)]
        return cli(*arguments)
    return diff


def told(done):
    assert done.returncode == DIFFERENT, (done.stdout, done.stderr)
    return {(d["kind"], d["path"], d["left"], d["right"])
            for d in json.loads(done.stdout)["differences"]}


def test_equal_bodies(diff):
    done = diff('{"a": 1, "b": [1, 2]}', '{"b":[1.0,2],"a":1e0}')
    assert (done.returncode, done.stdout, done.stderr) == (EQUAL, "no difference\n", "")
    done = diff('{"a": 1}', '{"a": 1}', "--format", "json")
    assert done.returncode == EQUAL
    assert json.loads(done.stdout) == {"verdict": "match", "differences": [], "left_out": 0}


def test_differences_as_text(diff):
    done = diff('{"a": 1, "only": true, "t": "x"}', '{"a": 2, "t": 7, "new": null}')
    assert done.returncode == DIFFERENT
    assert done.stdout == ("value   $.a\n  left    1\n  right   2\n"
                           "extra   $.new\n  right   null\n"
                           "missing $.only\n  left    true\n"
                           "type    $.t\n  left    \"x\"\n  right   7\n")
    assert done.stderr == ""


def test_differences_as_json(diff):
    done = diff('{"o": {"17": [1, 2]}}', '{"o": {"17": [1, 3, 2]}}', "--format", "json")
    assert done.returncode == DIFFERENT
    assert json.loads(done.stdout) == {
        "verdict": "mismatch", "left_out": 0,
        "body": {"kind": "json", "left_problem": "", "right_problem": ""},
        "differences": [{"path": "$.o['17'][1]", "place": "$.o.*[*]", "kind": "extra",
                         "left": None, "right": "3"}]}


def test_many_differences_are_counted(diff):
    left, right = list(range(300)), [-n for n in range(1, 301)]
    done = diff(json.dumps(left), json.dumps(right))
    assert done.returncode == DIFFERENT
    assert done.stdout.endswith("and 100 more\n"), done.stdout[-100:]
    assert json.loads(diff(json.dumps(left), json.dumps(right), "--format", "json").stdout)[
        "left_out"] == 100


def test_what_curl_saved(diff):
    left = HEAD + "x-a: 1\r\ndate: now\r\nset-cookie: s=1; Path=/\r\n\r\n{\"n\": 1}"
    right = ("HTTP/1.1 301 Moved\r\nlocation: /b\r\n\r\n" + "HTTP/2 404 \r\n"
             "Content-Type: application/json\r\nX-A: 2\r\nDate: later\r\nset-cookie: s=2\r\n\r\n"
             "{\"n\": 2}")
    assert told(diff(left, right, "--format", "json")) == {
        ("value", "status", "200", "404"), ("value", "header:x-a", "1", "2"),
        ("value", "header:set-cookie[s]", "(redacted)", "(redacted)"),
        ("missing", "header:set-cookie[s].path", "/", None),
        ("value", "$.n", "1", "2")}


def test_a_head_on_one_side_says_nothing(diff):
    assert diff(HEAD + "x-a: 1\r\n\r\n{\"n\": 1}", '{"n": 1.0}').returncode == EQUAL


def test_what_only_looks_like_a_head_is_a_body(diff):
    for line in ("x-a: \0\r\n", "no colon\r\n", ": no name\r\n", "x\1: y\r\n"):
        done = diff(HEAD + line + "\r\nsame", HEAD + "\r\nsame", "--format", "json")
        assert {path for _, path, _, _ in told(done)} & {"body", "body[0]", "body[1]", "body[2]"}, line


def test_a_content_type_for_both(diff):
    assert diff("a=1&b=2", "b=2&a=1").returncode == DIFFERENT
    done = diff("a=1&b=2", "b=2&a=1", "--content-type", "application/x-www-form-urlencoded")
    assert done.returncode == EQUAL
    lines = '{"n": 1}\n{"n": 2}\n', '{"n": 1}\n{"n": 3}\n'
    assert told(diff(*lines, "--content-type", "application/x-ndjson", "--format", "json")) == {
        ("value", "$[1].n", "2", "3")}


def test_content_codings(diff):
    head = HEAD.encode() + b"content-encoding: gzip\r\n\r\n"
    plain = HEAD.encode() + b"\r\n"
    body, other = b'{"n": 1}', b'{"n": 2}'
    assert diff(head + gzip.compress(body), plain + body).returncode == EQUAL
    # As `curl --compressed -i` leaves it: the field is there, the coding is off.
    assert diff(head + body, plain + body).returncode == EQUAL
    done = diff(head + gzip.compress(body), plain + other, "--format", "json")
    assert told(done) == {("value", "$.n", "1", "2")}
    done = diff(head + gzip.compress(body)[:-4], head + gzip.compress(other))
    assert done.returncode == DIFFERENT
    assert "banyan: left body: truncated_coding\n" == done.stderr


def multipart(boundary, text):
    return (f"HTTP/1.1 200 OK\r\ncontent-type: multipart/form-data; boundary={boundary}\r\n\r\n"
            f"--{boundary}\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\n{text}\r\n"
            f"--{boundary}\r\ncontent-disposition: form-data; name=\"doc\"; filename=\"a.json\"\r\n"
            f"content-type: application/json\r\n\r\n{{\"n\": \"{text}\"}}\r\n--{boundary}--\r\n")


def test_multipart(diff):
    assert diff(multipart("x", "same"), multipart("y", "same")).returncode == EQUAL
    found = told(diff(multipart("x", "one"), multipart("y", "two"), "--format", "json"))
    assert ("value", "$.doc.n", '"one"', '"two"') in found
    assert {path for _, path, _, _ in found} == {"$.doc.n", "$.note"}


@pytest.fixture(name="descriptors", scope="module")
def _descriptors(tmp_path_factory):
    file = tmp_path_factory.mktemp("descriptors") / "orders.binpb"
    protos = ROOT / "tests/unit/shadow/diff"
    subprocess.run(["protoc", "--include_imports", f"--descriptor_set_out={file}", "-I", protos,
                    protos / "orders.proto"], check=True)
    return file


def test_protobuf_with_descriptors(diff, descriptors):
    kind = 'application/x-protobuf; messageType="shop.Order"'
    rules = f"descriptors: {descriptors}\n"
    options = ["--content-type", kind, "--format", "json"]
    left, right = b"\x08\x07\x10\x01", b"\x10\x00\x08\x08"  # id 7, paid; id 8
    assert told(diff(left, right, *options, rules=rules)) == {
        ("value", "$.id", "7", "8"), ("missing", "$.state", '"STATE_PAID"', None)}
    assert diff(b"\x08\x07\x10\x00", b"\x08\x07", *options, rules=rules).returncode == EQUAL
    done = diff(b"\x08", b"\x08\x07", *options, rules=rules)
    assert json.loads(done.stdout)["body"] == {
        "kind": "text", "left_problem": "invalid_protobuf", "right_problem": ""}


def test_descriptors_that_are_none(diff, saved):
    done = diff("a", "b", rules=f"descriptors: {saved('bad', 'no descriptors')}\n")
    assert done.returncode == FAILED
    assert "is no FileDescriptorSet" in done.stderr
    done = diff("a", "b", rules="descriptors: /nowhere/orders.binpb\n")
    assert done.returncode == FAILED
    assert "rules.yaml:1:14: error: descriptors: " in done.stderr


def test_rules(diff):
    rules = ("ignore: [\"$.at\", \"header:x-a\"]\nunordered: [\"$.tags\"]\n"
             "keyed: { \"$.items\": id }\ntolerance: { \"$.total\": 0.01 }\n")
    left = {"at": 1, "tags": [1, 2], "items": [{"id": 1}, {"id": 2}], "total": 1.00}
    right = {"at": 2, "tags": [2, 1], "items": [{"id": 2}, {"id": 1}], "total": 1.01}
    assert diff(json.dumps(left), json.dumps(right), rules=rules).returncode == EQUAL
    right["total"] = 1.02
    assert told(diff(json.dumps(left), json.dumps(right), "--format", "json", rules=rules)) == {
        ("value", "$.total", "1.0", "1.02")}


@pytest.mark.parametrize("rules, place", [
    ("ignor: []\n", "rules.yaml:1:1: error: ignor: unknown key (did you mean \"ignore\"?)"),
    ("ignore: [\"$.a[\"]\n", "rules.yaml:1:10: error: ignore[0]: "),
    ("tolerance: { \"$.a\": -1 }\n", "rules.yaml:1:21: error: "),
    ("ignore: [\n", "rules.yaml:"),
])
def test_rules_that_are_wrong(diff, rules, place):
    done = diff("1", "2", rules=rules)
    assert done.returncode == FAILED
    assert done.stdout == ""
    assert place in done.stderr, done.stderr


def test_files_that_are_not_there(diff, saved, tmp_path):
    done = cli("diff", tmp_path / "none", saved("right", "x"))
    assert done.returncode == FAILED
    assert done.stdout == ""
    assert f"banyan: {tmp_path}/none: " in done.stderr
    assert cli("diff", tmp_path, saved("right", "x")).returncode == FAILED
    done = diff("1", "1", "--rules", tmp_path / "none.yaml")
    assert done.returncode == FAILED
    assert "none.yaml" in done.stderr


def test_wrong_usage(saved):
    assert cli("diff").returncode == WRONG_USAGE
    assert cli("diff", saved("left", "x")).returncode == WRONG_USAGE
    assert cli("diff", saved("left", "x"), saved("right", "x"), "--format",
               "xml").returncode == WRONG_USAGE
    assert cli("diff", saved("left", "x"), saved("right", "x"), "--colour").returncode == WRONG_USAGE


def test_huge_files(diff):
    done = diff(b"x" * (16 << 20) + b"y", "x")
    assert done.returncode == FAILED
    assert "left: larger than 16777216 bytes\n" in done.stderr
    left = json.dumps([{"id": n, "v": n % 100} for n in range(100_000)])
    right = json.dumps([{"id": n, "v": n % 100} for n in [-1, *range(100_000)]])
    assert told(diff(left, right, "--format", "json")) == {
        ("extra", "$[0]", None, '{"id":-1,"v":99}')}


def test_empty_files(diff):
    assert diff("", "").returncode == EQUAL
    assert told(diff("", "x", "--format", "json")) == {
        ("length", "body", "0 bytes, from byte 0", "1 bytes, from byte 0: x")}


def test_hostile_values_do_nothing(diff):
    hostile = "\x1b[31m\x07\u202e]]>$(reboot)'\"<script>\x00"
    left, right = json.dumps({hostile: hostile}), json.dumps({hostile: hostile + "!"})
    done = diff(left, right)
    assert done.returncode == DIFFERENT
    assert not any(ord(c) < 0x20 and c != "\n" for c in done.stdout), ascii(done.stdout)
    assert "\u202e" not in done.stdout
    assert json.loads(diff(left, right, "--format", "json").stdout)["verdict"] == "mismatch"
    binary = bytes(range(256))
    done = diff(binary, binary + b"\x1b[2J")
    assert done.returncode == DIFFERENT
    assert not any(ord(c) < 0x20 and c != "\n" for c in done.stdout), ascii(done.stdout)


def test_secrets_are_not_shown(diff):
    left, right = '{"token": "abc", "user": {"password": "p1"}}', \
                  '{"token": "abd", "user": {"password": "p2"}}'
    done = diff(left, right)
    assert done.returncode == DIFFERENT
    assert "(redacted)" in done.stdout
    for secret in ("abc", "abd", "p1", "p2"):
        assert secret not in done.stdout


def test_broken_json_is_told(diff):
    options = ["--content-type", "application/json"]
    done = diff('{"a": 1', '{"a": 1}', *options)
    assert done.returncode == DIFFERENT
    assert "banyan: left body: invalid_json\n" in done.stderr
    deep = "[" * 2000 + "]" * 2000
    done = diff(deep, deep + " ", *options)
    assert (done.returncode, done.stdout) == (FAILED, "not comparable\n")
    assert "banyan: the bodies can not be compared: body_over_limit\n" in done.stderr
    assert diff(deep, "[1]", *options).returncode == DIFFERENT


def test_grpc_messages_without_descriptors_show_no_values(diff):
    def answer(message):
        framed = b"\0" + len(message).to_bytes(4, "big") + message
        return b"HTTP/2 200 \r\ncontent-type: application/grpc\r\n\r\n" + framed
    done = diff(answer(b"\x0a\x06secret"), answer(b"\x0a\x06public"), "--format", "json")
    assert {(kind, path) for kind, path, _, _ in told(done)} == {("value", "$[0]['#1'][0]")}
    assert "secret" not in done.stdout
    assert base64.b64encode(b"secret").decode() not in done.stdout

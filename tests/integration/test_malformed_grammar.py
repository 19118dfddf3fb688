"""Every rule of the grammar broken in turn, over real sockets: nothing that a strict upstream can
not read, nothing hidden, and no answer to another request than its own."""
import os
import random
import socket

import pytest

from support.http import Connection
from support.proxy import Banyan, configuration
from support.strict import StrictUpstream, plain

SEED = int(os.environ.get("BANYAN_TEST_SEED") or random.SystemRandom().getrandbits(32))
TOKEN = set(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
CONTROLS = [c for c in range(128) if (c < 32 and c != 9) or c == 127]
SOME_BYTES = sorted({0, 9, 10, 11, 12, 13, 32, 34, 44, 45, 48, 58, 59, 61, 92, 127, 128, 255})
CHUNK_ENDS = [b"\n", b"\r", b"\r\r\n", b"\n\r", b"", b" \r\n", b"\t\r\n", b"\0\r\n", b";\n", b"\x0b\r\n"]


@pytest.fixture
def strict(tmp_path):
    with StrictUpstream() as upstream:
        config = configuration(tmp_path, upstream, upstream,
                               upstreams={"shop-legacy": {"endpoints": [upstream.address]},
                                          "shop-monolith": {"endpoints": [upstream.address]}})
        with Banyan(tmp_path, config) as proxy:
            yield proxy, upstream


def broken_fields(line):
    """One field line, wrong in each way there is."""
    name, value = line.split(b":", 1)
    yield from (name + space + b":" + value for space in (b" ", b"\t", b"  "))
    yield from (name + value, b":" + value, b" " + line, b"\t" + line)
    yield from (line + b"\n", line + b"\r", line + b"\r\n folded", line + b"\r\n\tfolded",
                line + b"\nX: y", line + b"\rX: y", line + b"\0")
    for c in SOME_BYTES:
        if c not in TOKEN and c != 58:
            yield name[:1] + bytes([c]) + line[1:]
    for c in CONTROLS:
        yield name + b": " + bytes([c]) + value.strip()


def broken_chunks():
    for end in CHUNK_ENDS:
        yield b"3" + end + b"abc\r\n0\r\n\r\n"
        yield b"3\r\nabc" + end + b"0\r\n\r\n"
        yield b"3\r\nabc\r\n0" + end + b"\r\n"
        if end not in (b" \r\n", b"\t\r\n", b";\n"):  # a value may be followed by white space
            yield b"3\r\nabc\r\n0\r\nX-T: u" + end + b"\r\n"
    for size in (b"", b" 3", b"+3", b"-3", b"0x3", b"3.0", b"g", b"3g", b"3,", b"3 3", b"\xff", b"\0",
                 b"FFFFFFFFFFFFFFFF", b"10000000000000003", b"100000000000000000000000000000003"):
        yield size + b"\r\nabc\r\n0\r\n\r\n"
    for c in CONTROLS:
        yield b"3;x=" + bytes([c]) + b"\r\nabc\r\n0\r\n\r\n"
    for trailer in (b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Host: h", b"X : y", b": y",
                    b"X", b"X: a\r\n b"):
        yield b"3\r\nabc\r\n0\r\n" + trailer + b"\r\n\r\n"


def broken_lengths():
    for value in (b"", b"+3", b"-3", b"3,3", b"3, 4", b"0x3", b"3 3", b"3.0", b"\"3\"", b"3\t3", b"03a",
                  b"18446744073709551619", b"9223372036854775808"):
        yield b"Content-Length: " + value
    yield b"Content-Length: 3\r\nContent-Length: 4"
    yield b"Content-Length: 3\r\nContent-Length: 3"
    for value in (b"", b"x", b"chunked, chunked", b"chunked, x", b"x, chunked", b"identity", b",chunked",
                  b"chunked;q=1", b"\"chunked\"", b"chunked\0", b"\x0bchunked"):
        yield b"Transfer-Encoding: " + value
    yield b"Transfer-Encoding: chunked\r\nContent-Length: 3"
    yield b"Content-Length: 3\r\nTransfer-Encoding: chunked"
    yield b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"


def broken_requests():
    """(where the head's fields begin is `{}`: the target is filled in)"""
    start = b"POST %s HTTP/1.1\r\n"
    host, length, coding = b"Host: h", b"Content-Length: 3", b"Transfer-Encoding: chunked"
    for field in broken_fields(host):
        yield start + field + b"\r\n" + length + b"\r\n\r\nabc"
    for field in broken_fields(length):
        yield start + host + b"\r\n" + field + b"\r\n\r\nabc"
    for field in broken_fields(coding):
        yield start + host + b"\r\n" + field + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    for field in broken_lengths():
        yield start + host + b"\r\n" + field + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    for body in broken_chunks():
        yield start + host + b"\r\n" + coding + b"\r\n\r\n" + body
    for line in (b"POST  %s HTTP/1.1", b"POST %s  HTTP/1.1", b"POST\t%s HTTP/1.1", b"POST %s HTTP/1.1 ",
                 b"POST %s\tHTTP/1.1", b" POST %s HTTP/1.1", b"POST %s HTTP/1.1\n", b"POST %s HTTP/1.1\r",
                 b"POST %s HTTP/0.9", b"POST %s HTTP/2.0", b"POST %s HTTP/1.10", b"POST %s", b"PO ST %s",
                 b"POST %s#f HTTP/1.1", b"POST h%s HTTP/1.1", b"POST %s\0 HTTP/1.1", b"P\0ST %s HTTP/1.1"):
        yield line + b"\r\n" + host + b"\r\n" + length + b"\r\n\r\nabc"


def pieces_of(data, dice):
    """Whole, byte by byte, or at random places."""
    how = dice.randrange(3)
    if how == 0 or len(data) < 2:
        return [data]
    if how == 1:
        return [data[i:i + 1] for i in range(len(data))]
    cuts = sorted(dice.sample(range(1, len(data)), min(3, len(data) - 1)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)])]


def everything_for(proxy, pieces):
    with proxy.connect(timeout_s=10) as connection:
        try:
            for piece in pieces:
                connection.send(piece)
            connection.end_of_requests()
        except ConnectionError:
            pass  # refused before all of it was sent
        return connection.everything()


def answers_in(data):
    """(status, body) of each answer; an AssertionError where it is no sequence of answers."""
    found = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end and head.startswith(b"HTTP/1.1 "), head[:200]
        size = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        length = int(size[0].split(b":")[1])
        found.append((int(head[9:12]), data[:length]))
        data = data[length:]
    return found


def test_no_broken_request_is_passed_on_split_or_answered_to_another(strict):
    proxy, upstream = strict
    dice = random.Random(SEED)
    print(f"BANYAN_TEST_SEED={SEED}")
    count, wrong = 0, []
    for count, message in enumerate(broken_requests(), 1):
        target, after = b"/shop/v%d" % count, b"/shop/n%d" % count
        wire = message % target + b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % after
        upstream.seen.clear()
        answers = answers_in(everything_for(proxy, pieces_of(wire, dice)))
        # A request of that name may have begun, but it is never whole, and nothing comes behind it.
        if upstream.seen or upstream.breaches or len(answers) > 1:
            wrong.append((message, list(upstream.seen), list(upstream.breaches), answers))
        if answers and answers[0][0] not in (400, 405, 501):
            wrong.append((message, answers))
    assert wrong == []
    assert count > 250, count
    assert proxy.fetch("/shop/fine").body == b"/shop/fine"


def broken_answers():
    start = b"HTTP/1.1 200 OK\r\n"
    length, coding = b"Content-Length: 3", b"Transfer-Encoding: chunked"
    for field in broken_fields(length):
        yield start + field + b"\r\n\r\nabc"
    for field in broken_fields(coding):
        yield start + field + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    for field in broken_lengths():
        yield start + field + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    for body in broken_chunks():
        yield start + coding + b"\r\n\r\n" + body
    for line in (b"HTTP/1.1  200 OK", b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/2.0 200 OK",
                 b"http/1.1 200 OK", b"HTTP/1.1 200OK", b"HTTP/1.1 200 \0", b"HTTP/1.1 200 O\rK",
                 b"\r\nHTTP/1.1 200 OK", b" HTTP/1.1 200 OK", b"HTTP/1.1 101 OK", b"HTTP/1.1 600 OK"):
        yield line + b"\r\n" + length + b"\r\n\r\nabc"


def test_no_broken_answer_is_passed_on_as_a_whole_one(strict):
    proxy, upstream = strict
    injected = plain(b"injected")
    count, wrong = 0, []
    for count, message in enumerate(broken_answers(), 1):
        upstream.answer = lambda t, m=message: m + injected if t.startswith(b"/shop/v") else None
        with Connection(proxy.address, timeout_s=10) as connection:
            connection.send(b"GET /shop/v%d HTTP/1.1\r\nHost: h\r\n\r\n"
                            b"GET /shop/n%d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                            % (count, count))
            got = connection.everything()
        # 502 and the next answer, or a reset in the middle of the first.
        head, _, rest = got.partition(b"upstream_")
        refused = (head.startswith(b"HTTP/1.1 502") and b"injected" not in got
                   and rest.endswith(b"\r\n\r\n/shop/n%d" % count))
        cut = got == b"" or (head.startswith(b"HTTP/1.1 200") and not rest
                             and not got.endswith(b"\r\n0\r\n\r\n"))
        if not (refused or cut):  # in a chunk that never ends, all that comes is payload
            wrong.append((message, got))
    assert wrong == []
    assert upstream.breaches == []
    assert count > 200, count
    upstream.answer = None
    assert proxy.fetch("/shop/fine").body == b"/shop/fine"


def test_the_strict_upstream_reads_what_is_right_and_finds_what_is_not(strict):
    _, upstream = strict
    right = (b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
             b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n")
    with Connection(upstream.address) as connection:
        connection.send(right)
        assert [connection.answer().body for _ in range(2)] == [b"/a", b"/b"]
    assert upstream.seen == [(b"POST", b"/a", b"abc"), (b"GET", b"/b", b"")]
    assert upstream.breaches == []
    for bad in (right.replace(b"\r\n3", b"\n3"), right.replace(b"Host: h\r\n", b"", 1),
                right.replace(b"Host:", b"Host :", 1), right.replace(b"abc\r\n", b"abcd\r\n")):
        with socket.create_connection(upstream.address.split(":")) as sock:
            sock.sendall(bad)
            while sock.recv(65536):
                pass
    assert len(upstream.breaches) == 4

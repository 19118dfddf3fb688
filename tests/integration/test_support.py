"""The tools of these tests, without the proxy: a tool that lies would make every test worthless."""
import hashlib

import pytest

from support import upstream as up
from support.buckets import bucket_of, murmur3
from support.http import Closed, Connection, fetch
from support.load import Load
from support.metrics import parsed, total
from support.wait import eventually


def test_murmur3_of_a_known_word():
    assert murmur3(b"hello") == 0x248BFA47


@pytest.mark.parametrize("key, bucket", [
    ("rachel@faas.com", 42), ("monica@faas.com", 77), ("joey@faas.com", 7), ("ross@faas.com", 37)])
def test_buckets_are_those_of_flagd(key, bucket):
    assert bucket_of("headerColor", key, total=100) == bucket


def test_an_upstream_says_who_it_is_and_records(legacy):
    answer = fetch(legacy.address, "/a?b=c", headers=[("x-user-id", "u1")])
    assert (answer.status, answer.served_by, answer.body) == (200, "legacy", b"ok\n")
    assert [r.target for r in legacy.seen(x_user_id="u1")] == ["/a?b=c"]


def test_an_upstream_keeps_connections_and_answers_pipelined_requests(legacy):
    with Connection(legacy.address) as connection:
        connection.send(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert [connection.answer().status for _ in range(2)] == [200, 200]
    assert [r.target for r in legacy.requests] == ["/1", "/2"]
    assert legacy.connections == 1


def test_chunked_and_close_delimited_bodies_are_read(legacy):
    legacy.behaviour = up.chunked([b"ab", b"cde"], trailers=[("x-sum", "5")])
    assert fetch(legacy.address).body == b"abcde"
    legacy.behaviour = up.until_close(b"to the end")
    assert fetch(legacy.address).body == b"to the end"


def test_a_chunked_upload_is_hashed(legacy):
    with Connection(legacy.address) as connection:
        connection.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"3\r\nabc\r\n0\r\n\r\n")
        connection.answer()
    assert legacy.requests[0].digest == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("stage", up.RESETS)
def test_every_reset_is_an_error_for_a_plain_client(legacy, stage):
    legacy.behaviour = up.RESETS[stage]
    with pytest.raises((Closed, ConnectionError)):
        fetch(legacy.address)


def test_refusing_and_recovering(legacy):
    legacy.refuse()
    with pytest.raises(ConnectionError):
        fetch(legacy.address)
    legacy.recover()
    assert fetch(legacy.address).status == 200


def test_load_counts_failures(legacy):
    with Load(legacy.address, threads=2) as load:
        eventually(load.more(50), "50 exchanges")
        legacy.behaviour = up.answer(status=500)
        eventually(load.failures, "a failure is noticed")
    assert {asked.served_by for asked in load.asked} == {"legacy"}


def test_nginx_serves(nginx):
    server = nginx("legacy")
    (server.www / "file").write_bytes(b"from nginx")
    answer = fetch(server.address, "/shop/file")
    assert (answer.body, answer.served_by) == (b"from nginx", "legacy")


def test_metrics_are_read():
    samples = parsed('# HELP x y\nx{a="1",b="q\\"r"} 2\nx{a="2"} 3.5\ny 1e3\n')
    assert total(samples, "x") == 5.5
    assert total(samples, "x", a="2") == 3.5

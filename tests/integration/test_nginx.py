"""The same with nginx behind: a server that nobody here wrote."""
import hashlib
import os

from support.buckets import arm_of
from support.http import request_bytes
from support.load import Load
from support.metrics import total
from support.proxy import Banyan, configuration, migration
from support.upstream import pattern, pattern_digest
from support.wait import eventually

SIZE = 100 << 20


def test_the_whole_way_there_and_back(tmp_path, nginx):
    legacy, monolith = nginx("legacy"), nginx("monolith")

    def config(percent):
        one = migration(shadow={}, guardrail="off")  # two servers that name themselves: no match
        return configuration(tmp_path, legacy, monolith, migrations=[one], flags={"shop": percent})
    with Banyan(tmp_path, config(0)) as proxy:
        with Load(proxy.address, threads=4, target="/shop/kilobyte") as load:
            for percent in (0, 1, 5, 25, 50, 100):
                proxy.reload(config(percent), percent)
                start = len(load.asked)
                eventually(load.more(200), f"load at {percent} %")
                # The first ones may have begun before the reload was in force.
                for asked in load.asked[start + 8:start + 190]:
                    assert asked.served_by == arm_of("shop", asked.user, percent), asked
            proxy.api_json("/v1/migrations/shop/rollback", "POST", {})
            start = len(load.asked)
            eventually(load.more(100), "load after the rollback")
            assert {a.served_by for a in load.asked[start + 8:]} == {"legacy"}
        assert load.failures() == []


def test_large_files_conditional_requests_and_ranges(tmp_path, nginx):
    legacy, monolith = nginx("legacy"), nginx("monolith")
    with open(legacy.www / "file", "wb") as file:
        for piece in pattern(SIZE):
            file.write(piece)
    (legacy.www / "small").write_bytes(b"0123456789")
    with Banyan(tmp_path, configuration(tmp_path, legacy, monolith)) as proxy:
        digest = hashlib.sha256()
        with proxy.connect() as connection:
            connection.send(request_bytes("GET", "/shop/file"))
            connection.answer(on_body=digest.update)
            assert digest.hexdigest() == pattern_digest(SIZE)
            small = connection.request("GET", "/shop/small")
            etag = small.header("etag")
            assert connection.request("GET", "/shop/small", [("If-None-Match", etag)]).status == 304
            part = connection.request("GET", "/shop/small", [("Range", "bytes=2-4")])
            assert (part.status, part.body) == (206, b"234")
            assert connection.request("HEAD", "/shop/file").header("content-length") == str(SIZE)
            assert connection.request("GET", "/shop/empty").status == 204
            assert connection.request("GET", "/shop/none").status == 404


def test_equal_files_match_and_an_etag_does_not(tmp_path, nginx):
    legacy, monolith = nginx("legacy"), nginx("monolith")
    for server, stamp in ((legacy, 1_000_000_000), (monolith, 1_100_000_000)):
        (server.www / "page").write_bytes(b"the same")
        os.utime(server.www / "page", (stamp, stamp))
    with Banyan(tmp_path, configuration(tmp_path, legacy, monolith,
                                        migrations=[migration(shadow={})])) as proxy:
        proxy.fetch("/shop/page")
        eventually(lambda: total(proxy.metrics(), "banyan_comparisons_total",
                                 verdict="mismatch") == 1, "the comparison")
        found = {d["path"] for e in proxy.report()["endpoints"] for d in e["differences"]}
        assert {"header:etag", "header:last-modified"} <= found
        assert "body" not in found

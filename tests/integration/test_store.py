"""Differences outlive the process, and a store that does not work harms nobody."""
import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from support import upstream as up
from support.metrics import total
from support.proxy import binary, cli, environment
from support.wait import eventually

USER = [("x-user-id", "user-1")]
COMPARE = {"ignore": ["header:x-served-by"]}


def differing(legacy, monolith):
    legacy.behaviour = up.answer(body=b'{"price": 10, "name": "Ann"}', content_type="application/json")
    monolith.behaviour = up.answer(body=b'{"price": 11, "name": "Bob"}', content_type="application/json")


def mismatches(proxy):
    report = proxy.report()
    return report["directions"]["to_monolith"]["mismatch"] if report else 0


def count_mismatches(proxy, count):
    goal = mismatches(proxy) + count
    for i in range(count):
        assert proxy.fetch(f"/shop/item/{i}", headers=USER).status == 200
    eventually(lambda: mismatches(proxy) == goal, f"{goal} mismatches")


def stored(proxy, query=""):
    return proxy.api_json("/v1/differences" + query)["differences"]


def test_verdicts_and_differences_survive_a_restart_and_a_kill(banyan, legacy, monolith):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE)
    count_mismatches(proxy, 3)
    before = stored(proxy)
    assert {d["path"] for d in before} == {"$.price", "$.name"}
    proxy.stop()
    proxy.start()
    assert mismatches(proxy) == 3
    count_mismatches(proxy, 2)
    assert len(stored(proxy)) == 10  # asking saves what was not saved yet
    proxy.kill()
    proxy.start()
    assert mismatches(proxy) == 5
    endpoint = proxy.report()["endpoints"][0]
    assert {d["path"]: d["count"] for d in endpoint["differences"]} == {"$.price": 5, "$.name": 5}


def test_differences_are_read_by_id_and_by_endpoint(banyan, legacy, monolith):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE)
    count_mismatches(proxy, 1)
    one = stored(proxy)[0]
    assert proxy.api_json(f"/v1/differences/{one['id']}") == one
    assert proxy.api("/v1/differences/4711").status == 404
    assert proxy.api("/v1/differences/x").status == 404
    assert stored(proxy, "?migration=shop&endpoint=GET%20/shop/item/%7Bid%7D")
    assert stored(proxy, "?migration=nobody") == []
    assert proxy.api("/v1/differences?cursor=x").status == 400
    assert proxy.api("/v1/differences?page=2").status == 400


def test_a_report_of_a_stored_database(banyan, legacy, monolith, tmp_path):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE)
    count_mismatches(proxy, 2)
    stored(proxy)
    running = proxy.cli("report", "--format", "json", "--since", "1h")
    assert running.returncode == 0, running.stderr
    database = tmp_path / "state" / "differences.db"
    for _ in ("while it runs", "afterwards"):
        done = cli("report", "--store", database, "--format", "json")
        assert done.returncode == 0, done.stderr
        counts = json.loads(done.stdout)["migrations"][0]["directions"]["to_monolith"]
        assert counts["mismatch"] == 2
        assert cli("report", "--store", database, "--fail-on", "mismatch").returncode == 3
        if proxy.process.poll() is None:
            proxy.stop()
    assert cli("report", "--store", tmp_path / "none.db").returncode == 1


def as_somebody_who_may_not_write(directory, *arguments):
    """`directory` is read-only for this command; for root nothing is, so root becomes nobody."""
    directory.chmod(0o555)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        return subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, env=environment(), check=False, **nobody)
    finally:
        directory.chmod(0o755)


def test_a_database_in_a_read_only_directory_is_read(banyan, legacy, monolith):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE)
    count_mismatches(proxy, 2)
    stored(proxy)
    source = proxy.dir / "state"
    with tempfile.TemporaryDirectory() as name:  # not below one that is root's alone
        for part in ("differences.db", "differences.db-wal"):
            shutil.copy(source / part, name)
            (Path(name) / part).chmod(0o644)  # in state_dir it is not for others
        done = as_somebody_who_may_not_write(Path(name), "report", "--store", f"{name}/differences.db")
        assert done.returncode == 1 and "copy it with its -wal" in done.stderr, done.stderr
    proxy.stop()
    with tempfile.TemporaryDirectory(prefix="a%20?b#") as name:
        shutil.copy(source / "differences.db", name)
        (Path(name) / "differences.db").chmod(0o644)
        done = as_somebody_who_may_not_write(Path(name), "report", "--store", f"{name}/differences.db")
        assert done.returncode == 0, done.stderr
        assert "$.price" in done.stdout


def test_a_reset_counts_anew(banyan, legacy, monolith):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE)
    count_mismatches(proxy, 2)
    done = proxy.cli("report", "reset", "shop", "--reason", "a test")
    assert done.returncode == 0, done.stderr
    assert mismatches(proxy) == 0
    count_mismatches(proxy, 1)
    assert proxy.api_json("/v1/audit")["entries"][-1]["action"] == "reset"
    proxy.stop()
    proxy.start()
    assert mismatches(proxy) == 1


def test_a_reset_that_was_answered_survives_a_kill(banyan, legacy, monolith):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE)
    count_mismatches(proxy, 2)
    assert len(stored(proxy)) == 4
    assert proxy.api_json("/v1/migrations/shop/reset", "POST", {})["durable"] is True
    proxy.kill()
    proxy.start()
    assert mismatches(proxy) == 0
    with full_disk(proxy):
        done = proxy.cli("report", "reset", "shop")
        assert (done.returncode, done.stdout) == (0, "counted anew: shop\n")


def test_a_broken_database_is_moved_aside_and_said(banyan, legacy, monolith, tmp_path):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE)
    count_mismatches(proxy, 1)
    proxy.stop()
    database = tmp_path / "state" / "differences.db"
    database.write_bytes(b"no database any more" * 1000)
    proxy.start()
    eventually(lambda: "differences.db.unreadable.1" in proxy.said(), "it is said")
    assert (tmp_path / "state" / "differences.db.unreadable.1").exists()
    assert mismatches(proxy) == 0
    count_mismatches(proxy, 1)
    assert len(stored(proxy)) == 2


def test_a_database_of_a_later_version_is_left_alone(banyan, tmp_path):
    (tmp_path / "state").mkdir()
    database = tmp_path / "state" / "differences.db"
    with sqlite3.connect(database) as later:
        later.execute("CREATE TABLE of_the_future(x)")
        later.execute("PRAGMA user_version = 99")
    before = database.read_bytes()
    proxy = banyan(shadow={}, compare=COMPARE)
    eventually(lambda: "later version" in proxy.said(), "it is said")
    assert proxy.fetch(headers=USER).status == 200
    assert proxy.api("/v1/differences").status == 503
    assert "differences are not kept" in proxy.cli("status").stdout
    proxy.stop()
    assert database.read_bytes() == before


def test_what_is_redacted_is_not_on_the_disk(banyan, legacy, monolith, tmp_path):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE, top={"store": {"redact": {"paths": ["$.name"]}, "samples": 2}})
    count_mismatches(proxy, 5)
    found = stored(proxy)
    assert len(found) == 4
    assert {(d["path"], d["left"]) for d in found} == {("$.price", "10"), ("$.name", "(redacted)")}
    proxy.stop()
    for file in (tmp_path / "state").iterdir():
        assert b"Ann" not in file.read_bytes(), file


def test_the_store_has_metrics(banyan):
    proxy = banyan()
    eventually(lambda: total(proxy.metrics(), "banyan_store_bytes") > 0, "its size")
    assert total(proxy.metrics(), "banyan_store_max_bytes") == 256 << 20
    assert total(proxy.metrics(), "banyan_store_dropped_total") == 0


@contextmanager
def full_disk(proxy):
    """Nothing can be written to any file: as with a full disk, but for this process only."""
    before = resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, before)


def test_a_full_disk_loses_no_exchange_and_no_verdict(banyan, legacy, monolith):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE)
    count_mismatches(proxy, 2)
    assert len(stored(proxy)) == 4
    with full_disk(proxy):
        count_mismatches(proxy, 3)  # each of them a 200
        assert mismatches(proxy) == 5
        eventually(lambda: total(proxy.metrics(), "banyan_log_dropped_total", log="access") > 0,
                   "the log lines that were not written are counted")
        eventually(lambda: total(proxy.metrics(), "banyan_store_writable") == 0, "it is said")
    eventually(lambda: total(proxy.metrics(), "banyan_store_writable") == 1, "it is over")
    eventually(lambda: len(stored(proxy)) == 10, "the store has what it could not write")
    proxy.kill()
    proxy.start()
    assert mismatches(proxy) == 5


def test_a_full_disk_does_not_hold_back_a_rollback(banyan, legacy, monolith):
    proxy = banyan(percent=100)
    assert proxy.fetch(headers=USER).served_by == "monolith"
    with full_disk(proxy):
        done = proxy.cli("rollback", "shop", "--reason", "the disk is full")
        assert done.returncode == 4, done.stderr  # in force, and not on the disk
        assert proxy.fetch(headers=USER).served_by == "legacy"
    done = proxy.cli("rollback", "shop", "--reason", "there is room again")
    assert done.returncode == 0, done.stderr
    proxy.kill()
    proxy.start()
    assert proxy.fetch(headers=USER).served_by == "legacy"


# What identifies somebody, in every kind of place a sample could have it from.
PERSONAL = ("Ann Nguyen", "Bob Okafor", "4711000042", "ann@shop.test", "sess-7f", "blue-cheese")
SHAPES = {"store": {"values": "shape"}}


def personal(name, number, kind):
    bodies = {
        "json": ("application/json",
                 json.dumps({"n": name, "c": int(number), "by": {"7.ann@shop.test": name}})),
        "form": ("application/x-www-form-urlencoded", f"n={name.replace(' ', '+')}&c={number}"),
        "lines": ("text/plain", f"dear\n{name}\nyours\n"),
        "bytes": ("image/x-face", f"\0{name}\0"),
        "multipart": ("multipart/form-data; boundary=B",
                      f'--B\r\ncontent-disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
                      f"{name}\0\r\n--B--\r\n"),
    }
    content_type, body = bodies[kind]
    return up.answer(body=body.encode(), content_type=content_type,
                     headers=[("x-person", name), ("set-cookie", f"s=sess-7f-{name}; Path=/{name}")])


def test_a_store_of_shapes_has_no_value(banyan, legacy, monolith):
    proxy = banyan(shadow={}, compare=COMPARE, top=SHAPES)
    for kind in ("json", "form", "lines", "bytes", "multipart"):
        legacy.behaviour = personal("Ann Nguyen", "4711000042", kind)
        monolith.behaviour = personal("Bob Okafor-Li", "4711000042", kind)
        goal = mismatches(proxy) + 1
        proxy.fetch(f"/shop/{kind}/4711000042?by=ann@shop.test&q=blue-cheese", headers=USER)
        eventually(lambda: mismatches(proxy) == goal, f"{goal} mismatches")
    stored(proxy)
    formats = ("text", "html", "markdown", "junit", "json")
    told = [proxy.cli("report", "--format", f).stdout for f in formats]
    told.append(proxy.api("/v1/differences").body.decode())
    proxy.stop()
    files = [file.read_bytes() for file in (proxy.dir / "state").iterdir() if file.is_file()]
    for text in told:
        assert "10 characters, hash" in re.sub("<[^>]*>", "", text), text  # HTML marks parts of it
    for value in PERSONAL:
        assert not [text for text in told if value in text], value
        assert not [data for data in files if value.encode() in data], value


def test_equal_values_have_equal_hashes_as_long_as_the_store_lives(banyan, legacy, monolith):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE, top=SHAPES)
    key = proxy.dir / "state" / "hash-key.json"
    for begin in (lambda: None, lambda: None, key.unlink):
        count_mismatches(proxy, 1)
        stored(proxy)
        proxy.stop()
        begin()
        proxy.start()
    count_mismatches(proxy, 1)
    names = [d for d in stored(proxy) if d["path"] == "$.name"]
    lefts = [d["left"] for d in sorted(names, key=lambda d: d["at"])]
    assert all(left.startswith("string of 3 characters, hash ") for left in lefts), lefts
    assert lefts[0] == lefts[1] == lefts[2] != lefts[3], lefts
    assert all(d["left"] != d["right"] for d in names)


def test_a_reload_begins_to_keep_shapes(banyan, config, legacy, monolith):
    differing(legacy, monolith)
    proxy = banyan(shadow={}, compare=COMPARE)
    count_mismatches(proxy, 1)
    proxy.reload(config(shadow={}, compare=COMPARE, top=SHAPES))
    count_mismatches(proxy, 1)
    lefts = {d["left"].split(",")[0] for d in stored(proxy) if d["path"] == "$.name"}
    assert lefts == {'"Ann"', "string of 3 characters"}

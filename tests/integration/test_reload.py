"""Configuration while running: atomic, all or nothing, and never a failed exchange."""
import os
import signal

import pytest

from support.load import Load
from support.metrics import total
from support.proxy import Banyan, migration
from support.wait import eventually

BAD = "listeners:\n  - name: ingress\n    bind: nowhere\nmigratons: []\n"


def test_1000_reloads_under_load_fail_nothing(banyan, config, scale):
    proxy = banyan(percent=0)
    with Load(proxy.address, threads=4) as load:
        eventually(load.more(20), "load")
        for turn in range(1_000 * scale):
            proxy.write(config(turn * 7 % 101, **({"shadow": {}} if turn % 3 == 0 else {})))
            answer = proxy.api("/v1/reload", "POST")
            assert answer.status == 200, answer.body
        eventually(load.more(20), "load goes on")
    assert load.failures() == []
    samples = proxy.metrics()
    assert total(samples, "banyan_config_reload_success") == 1
    assert total(samples, "banyan_config_reloads_total") >= 1_000 * scale


def test_a_changed_file_is_seen_without_a_signal(banyan, config):
    proxy = banyan(percent=0)
    proxy.write(config(40))
    eventually(lambda: proxy.percent() == 40, "the file's change is in force")


def test_a_file_rewritten_in_place_is_seen(banyan, config):
    proxy = banyan(percent=0)
    proxy.file.write_text(proxy.file.read_text().replace('"shop": 0', '"shop": 41'))
    eventually(lambda: proxy.percent() == 41, "the file's change is in force")


def test_sighup_loads_at_once(banyan, config):
    unwatched = {"top": {"reload": {"watch": False, "poll": "1h", "debounce": "1s"}}}
    proxy = banyan(percent=0, **unwatched)
    proxy.write(config(30, **unwatched))
    proxy.signal(signal.SIGHUP)
    eventually(lambda: proxy.percent() == 30, "the reload is in force", timeout_s=5)


def test_a_config_map_swap_is_seen_by_the_watch_alone(tmp_path, config):
    keys = {"top": {"reload": {"watch": True, "poll": "1h", "debounce": "50ms"}}}
    mount = tmp_path / "mount"
    for name, percent in (("..2026_1", 0), ("..2026_2", 35)):
        (mount / name).mkdir(parents=True)
        Banyan(tmp_path, config(percent, **keys), file=mount / name / "banyan.yaml")
    (mount / "..data").symlink_to("..2026_1")
    (mount / "banyan.yaml").symlink_to("..data/banyan.yaml")
    with Banyan(tmp_path, None, file=mount / "banyan.yaml") as proxy:
        assert proxy.percent() == 0
        (mount / "..data_tmp").symlink_to("..2026_2")
        os.rename(mount / "..data_tmp", mount / "..data")
        eventually(lambda: proxy.percent() == 35, "the swap is in force")


def test_a_bad_reload_leaves_the_old_configuration_and_says_so_everywhere(banyan, config):
    proxy = banyan(percent=100)
    proxy.write(BAD)
    done = proxy.cli("reload")
    assert done.returncode == 1
    for part in ("migratons", 'did you mean "migrations"', "nowhere", "listeners[0].bind"):
        assert part in done.stderr + done.stdout, part
    assert proxy.api("/v1/reload", "POST").status == 422
    assert proxy.fetch().served_by == "monolith"
    assert total(proxy.metrics(), "banyan_config_reload_success") == 0
    assert "migratons" in proxy.said()
    status = proxy.api("/v1/status").body.decode()
    assert "migratons" in status, status
    assert "migratons" in proxy.cli("status").stdout

    proxy.reload(config(0), 0)
    assert proxy.fetch().served_by == "legacy"
    assert total(proxy.metrics(), "banyan_config_reload_success") == 1
    assert "migratons" not in proxy.api("/v1/status").body.decode()


def test_a_bad_file_that_the_watch_finds_leaves_the_old_configuration(banyan):
    proxy = banyan(percent=100)
    proxy.write("flags: [\n")
    eventually(lambda: total(proxy.metrics(), "banyan_config_reload_success") == 0,
               "the bad file is noticed")
    assert proxy.fetch().served_by == "monolith"


def test_a_file_that_disappears_leaves_the_old_configuration(banyan):
    proxy = banyan(percent=100)
    proxy.file.unlink()
    assert proxy.cli("reload").returncode == 1
    assert proxy.fetch().served_by == "monolith"


@pytest.mark.parametrize("key, change", [
    ("workers", {"workers": 2}),
    ("state_dir", {"state_dir": "/tmp/banyan-never-made"}),
    ("admin.bind", {"admin": {"bind": "127.0.0.1:1"}}),
    ("health.bind", {"health": {"bind": "127.0.0.1:1"}}),
])
def test_what_is_fixed_at_start_is_refused_by_name(banyan, config, key, change):
    proxy = banyan(percent=100)
    proxy.write(config(0, top=change))
    done = proxy.cli("reload")
    assert done.returncode == 1
    assert key in done.stderr + done.stdout
    assert proxy.fetch().served_by == "monolith"


def test_migrations_come_and_go(banyan, config):
    proxy = banyan(percent=100)
    two = config(top={"migrations": [migration(), migration(
        name="cart", flag="cart", match=[{"path_prefix": "/cart"}])],
        "flags": {"shop": 100, "cart": 100}})
    proxy.reload(two)
    assert proxy.fetch("/cart/1", headers=[("x-user-id", "u")]).served_by == "monolith"
    proxy.reload(config(100))
    assert proxy.fetch("/cart/1", headers=[("x-user-id", "u")]).served_by == "legacy"


def test_an_exchange_that_runs_keeps_its_configuration(banyan, config, monolith):
    from support.upstream import slow
    monolith.behaviour = slow(1.0)
    proxy = banyan(percent=100)
    with proxy.connect() as connection:
        connection.send(b"GET /shop/slow HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: monolith.requests, "the exchange has begun")
        proxy.reload(config(0), 0)
        assert connection.answer().served_by == "monolith"
        assert connection.request("GET", "/shop/next").served_by == "legacy"


def test_a_new_listener_opens_and_an_old_one_closes(banyan, config):
    proxy = banyan(percent=0)
    old = proxy.address
    proxy.reload(config(0, top={"listeners": [{"name": "other", "bind": "127.0.0.1:0"}]}))
    def refused():
        try:
            proxy.connect().close()
        except ConnectionRefusedError:
            return True
        return False
    assert proxy.address == old
    eventually(refused, "the old listener is closed")

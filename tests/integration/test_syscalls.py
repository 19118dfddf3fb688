"""System calls of a plain keep-alive exchange: the cost that counts. (Release binary.)"""
import re
import shutil

import pytest

from support import upstream as up
from support.http import request_bytes
from support.metrics import total
from support.proxy import Banyan, configuration, migration
from support.wait import eventually

EXCHANGES = 10_000
FAMILIES = re.compile(r"^(p?read(v2?|64)?|preadv2?|p?write(v|64)?|pwritev2?|recv(from|msg|mmsg)?|"
                      r"send(to|msg|mmsg|file)?)$")
PER_EXCHANGE_MAX = 4.2
EPOLL_CTL_MAX = 0.1


def counted(text):
    """{call: count} of a table that `strace -c` wrote."""
    calls = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[0].replace(".", "").isdigit() and fields[-1] != "total":
            calls[fields[-1]] = int(fields[3])
    return calls


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace (script/setup)")
def test_a_hung_shadow_costs_the_primary_no_call(tmp_path, nginx, release, monolith):
    monolith.behaviour = up.hang
    legacy = nginx("legacy")
    shadow = {"timeout": "10m", "max_in_flight": 8}
    config = configuration(tmp_path, legacy, monolith, log={"level": "info", "access": "off"},
                           migrations=[migration(shadow=shadow)], drain={"delay": "0ms"})
    table = tmp_path / "strace.txt"
    wrapper = ["strace", "-D", "-f", "-c", "-o", str(table)]
    with Banyan(tmp_path, config, release, wrapper=wrapper) as proxy:
        request = request_bytes("GET", "/shop/kilobyte", [("x-user-id", "user-1")])
        with proxy.connect() as connection:
            for _ in range(EXCHANGES):
                connection.send(request)
                assert connection.answer().status == 200
        assert total(proxy.metrics(), "banyan_shadow_skipped_total") == EXCHANGES - 8
    assert len(monolith.requests) == 8
    text = eventually(lambda: table.exists() and "total" in table.read_text() and table.read_text(),
                      "strace's table")
    calls = counted(text)
    io = sum(n for call, n in calls.items() if FAMILIES.match(call)) / EXCHANGES
    assert io <= PER_EXCHANGE_MAX, text
    assert calls.get("epoll_ctl", 0) / EXCHANGES <= EPOLL_CTL_MAX, text


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace (script/setup)")
@pytest.mark.parametrize("connections", [1, 8])
def test_calls_per_keep_alive_exchange(tmp_path, nginx, release, connections):
    legacy, monolith = nginx("legacy"), nginx("monolith")
    config = configuration(tmp_path, legacy, monolith, log={"level": "info", "access": "off"})
    table = tmp_path / "strace.txt"
    wrapper = ["strace", "-D", "-f", "-c", "-o", str(table)]
    with Banyan(tmp_path, config, release, wrapper=wrapper) as proxy:
        open_connections = [proxy.connect() for _ in range(connections)]
        request = request_bytes("GET", "/shop/kilobyte", [("x-user-id", "user-1")])
        for _ in range(EXCHANGES // connections):
            for connection in open_connections:
                connection.send(request)
            for connection in open_connections:
                answer = connection.answer()
                assert (answer.status, len(answer.body)) == (200, 1024)
        for connection in open_connections:
            connection.close()
        opened = [v for n, labels, v in proxy.metrics()
                  if n.startswith("banyan_upstream_connections_opened") and
                  labels.get("upstream") == "shop-legacy"]
    text = eventually(lambda: table.exists() and "total" in table.read_text() and table.read_text(),
                      "strace's table")
    calls = counted(text)
    io = sum(n for call, n in calls.items() if FAMILIES.match(call)) / EXCHANGES
    ctl = calls.get("epoll_ctl", 0) / EXCHANGES
    connects = calls.get("connect", 0)
    print(f"{io:.3f} I/O calls, {ctl:.4f} epoll_ctl per exchange, {connects} connects\n{text}")
    assert io <= PER_EXCHANGE_MAX, text
    assert ctl <= EPOLL_CTL_MAX, text
    assert connects <= connections + 2, text
    assert not opened or opened[0] <= connections + 2

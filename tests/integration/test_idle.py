"""A proxy with nothing to do: it sleeps, and its connections cost little memory."""
import time
from pathlib import Path

import pytest

from support.proxy import Banyan, configuration

CONNECTIONS = 200
WATCHED_S = 3
MANY = 4_000
BYTES_PER_CONNECTION_MAX = 3 * 1024


def quiet(config):
    """The only clock left is that of connections that idle."""
    config["reload"] = {"watch": True, "poll": "1h", "debounce": "20ms"}
    for upstream in config["upstreams"].values():
        upstream["idle_timeout"] = "1h"
    return config


def wake_ups(process):
    """How often any thread of the process went to sleep so far: as often as it was woken."""
    count = 0
    for status in Path(f"/proc/{process.pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                count += int(line.split()[1])
    return count


@pytest.mark.parametrize("workers", [1, 2])
def test_an_idle_proxy_is_never_woken(tmp_path, legacy, monolith, workers):
    config = quiet(configuration(tmp_path, legacy, monolith, workers=workers))
    with Banyan(tmp_path, config) as proxy:
        connections = [proxy.connect() for _ in range(CONNECTIONS)]
        for connection in connections:
            assert connection.request("GET", "/shop/item").status == 200
        # What follows an exchange (its log line) is over when a whole span is quiet; and what the
        # test looks at is that it stays so.
        spans = []
        for _ in range(3):
            before = wake_ups(proxy.process)
            time.sleep(WATCHED_S)  # this is the idleness, not a wait
            spans.append(wake_ups(proxy.process) - before)
        assert min(spans) == 0, f"wake-ups in spans of {WATCHED_S} s: {spans}"
        for connection in connections:
            connection.close()


def private_bytes(process):
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines()
               if line.startswith(("Private_Clean:", "Private_Dirty:")))


def test_memory_of_an_idle_connection(tmp_path, legacy, monolith, release):
    config = quiet(configuration(tmp_path, legacy, monolith))
    with Banyan(tmp_path, config, release) as proxy:
        def opened(count):
            made = [proxy.connect() for _ in range(count)]
            for connection in made:
                assert connection.request("GET", "/shop/item").status == 200
            return made
        connections = opened(500)  # pools and slabs are there
        before = private_bytes(proxy.process)
        connections += opened(MANY)
        each = (private_bytes(proxy.process) - before) / MANY
        print(f"{each:.0f} private bytes for each idle connection")
        assert each <= BYTES_PER_CONNECTION_MAX
        for connection in connections:
            connection.close()

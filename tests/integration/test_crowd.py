"""More connections than limits.connections: refused cheaply, and those who are there go on."""
import resource
import time

import pytest

from support.crowd import Crowd
from support.proxy import Banyan
from support.wait import eventually

# What refusing a connection may cost, accept and close included. (Release binary.)
CPU_PER_REFUSAL_MAX_S = 300e-6
OTHERS_WAIT_MAX_S = 5
BYTES_PER_CONNECTION_MAX = 3 * 1024
SOURCES = 6


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def descriptors_that_a_process_may_have():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # the proxy inherits it
    return hard


@pytest.mark.parametrize("limit", [1_000, 10_000])
def test_ten_times_the_connections_that_are_allowed_hurt_nobody(tmp_path, config, release, scale,
                                                                limit):
    if limit == 10_000 and scale == 1:
        pytest.skip("100,000 connections: script/test --full")
    crowd_of_each = limit * 9 // SOURCES  # with those inside ten times the limit
    needed = max(crowd_of_each, limit * 12 // 10) + 200
    if descriptors_that_a_process_may_have() < needed:
        pytest.skip(f"a process needs {needed} descriptors here (ulimit -Hn)")
    inside_count = limit * 9 // 10
    with Banyan(tmp_path, config(top={"limits": {"connections": limit}}), release) as proxy:
        inside = [proxy.connect() for _ in range(inside_count)]
        for connection in inside:
            assert connection.request("GET", "/shop/item").status == 200
        memory, cpu = proxy.resident_bytes(), cpu_seconds(proxy.process)
        longest = 0.0

        def others_are_served(step):
            nonlocal longest
            for connection in inside[::step]:
                began = time.monotonic()
                assert connection.request("GET", "/shop/item").status == 200
                longest = max(longest, time.monotonic() - began)
        with Crowd(proxy.address, crowd_of_each, SOURCES) as crowd:
            others_are_served(50)  # while they come
            connected = crowd.connected()
            told = crowd.asked()
            spent = cpu_seconds(proxy.process) - cpu
            others_are_served(5)
            grown = proxy.resident_bytes() - memory
        refusals = told["refused"] + told["closed"]
        print(f"{connected} came beside {inside_count}: {told}; {spent / refusals * 1e6:.0f} µs of "
              f"CPU for each refusal, {grown >> 10} KiB more, others waited {longest * 1e3:.0f} ms")
        assert connected == crowd_of_each * SOURCES
        assert told["answered"] <= limit - inside_count
        assert refusals >= connected - (limit - inside_count)
        assert spent / refusals < CPU_PER_REFUSAL_MAX_S
        assert grown < BYTES_PER_CONNECTION_MAX * limit + (8 << 20)
        assert longest < OTHERS_WAIT_MAX_S
        others_are_served(1)
        for connection in inside:
            connection.close()
        eventually(lambda: proxy.fetch().status == 200, "there is room again")

"""Banyan comes into a shop that runs, as in Kubernetes, and goes again, under load; and captures without
the Service."""
import shutil
import subprocess

import pytest

from support import manifests as m
from support.http import fetch
from support.shop import PORT, percent_of
from support.wait import eventually


def test_banyan_comes_into_a_running_shop_and_goes_again_unnoticed(shop):
    """Step by step as docs/kubernetes.md has it; the old port is the app's, the new one Banyan's."""
    base = m.rendered("base")
    app_port = m.one(base, "Service", "orders")["spec"]["ports"][0]["targetPort"]
    shop.endpoints.port = app_port
    pods = shop.add("o-1", "o-2", documents=base)
    with shop.clients() as clients:
        eventually(clients.more(50), "traffic past Banyan")
        pods, without = shop.replace(pods, ["s-1", "s-2"])
        shop.lead_to(PORT)
        eventually(clients.more(50), "traffic through Banyan")
        shop.set_percent(100)
        for pod in pods:
            eventually(lambda pod=pod: percent_of(pod) == 100, "the edit is in force", 30)
        start = len(clients.served)
        eventually(lambda: "shop-monolith" in clients.served[start:], "the monolith serves")
        shop.set_percent(0)
        for pod in pods:
            eventually(lambda pod=pod: percent_of(pod) == 0, "the edit is in force", 30)
        shop.lead_to(app_port)
        _, with_banyan = shop.replace(pods, ["o-3", "o-4"], documents=base)
        without()
        with_banyan()
        eventually(clients.more(50), "traffic past Banyan")
    assert clients.failures == []
    assert clients.served[-1] == "orders-legacy"


def test_iptables_leads_the_port_of_the_app_to_banyan_and_its_own_connections_past_it(shop):
    if shutil.which("iptables") is None or subprocess.run(
            ["unshare", "--net", "iptables", "--table", "nat", "--list"], check=False).returncode != 0:
        pytest.skip("NOT TESTED with iptables: not here, or the kernel has no nat (script/setup --only test)")
    documents = m.rendered("iptables")
    app_port = m.one(documents, "Service", "orders")["spec"]["ports"][0]["targetPort"]
    shop.endpoints.port = app_port
    (pod,) = shop.add("c-1", documents=documents)  # ready: the app's probe came to the app, by Banyan

    def served_by():
        with shop.node.entered():
            return fetch(f"{pod.address}:{app_port}", "/orders/42", headers=[("x-user-id", "ada")]).served_by
    assert served_by() == "orders-legacy"
    shop.set_percent(100)
    eventually(lambda: served_by() == "shop-monolith", "the flag decides at the app's own port", 30)

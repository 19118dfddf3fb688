"""The overlays mtls and gateway, as in Kubernetes."""
import socket
import ssl

import pytest

from support import manifests as m
from support.http import fetch
from support.shop import PORT, percent_of
from support.tls import TlsConnection, client_context
from support.wait import eventually

NAME = "orders.shop.svc.cluster.local"
USER = [("x-user-id", "ada")]


def over_tls(shop, pod, context):
    with shop.node.entered(), TlsConnection(f"{pod.address}:8443", context, NAME) as connection:
        return connection.request("GET", "/orders/42", USER).served_by


def known_client(shop):
    return client_context(shop.authority, shop.authority.issue("client", "DNS:client.shop.test"))


@pytest.mark.parametrize("overlay", ["mtls", "mtls-only"])
def test_with_mtls_a_client_needs_a_certificate_and_the_kubelet_none(play, overlay):
    shop = play(overlay)
    (pod,) = shop.add("t-1")  # its probes passed
    assert over_tls(shop, pod, known_client(shop)) == "orders-legacy"
    with pytest.raises((ssl.SSLError, OSError)):
        over_tls(shop, pod, client_context(shop.authority))
    with shop.node.entered():
        assert fetch(f"{pod.address}:9902", "/readyz").status == 200


def test_clients_change_to_mtls_one_after_the_other(shop):
    """From the sidecar to the overlay mtls, and from that to mtls-only: step by step as docs/kubernetes.md has
    it."""
    mtls, only = m.rendered("mtls"), m.rendered("mtls-only")
    known = known_client(shop)
    pods = shop.add("s-1", "s-2")
    with shop.clients() as clients:  # on the plain port
        eventually(clients.more(50), "traffic")
        shop.change("banyan-config", "banyan.yaml", m.config_map(mtls, "banyan-config")["banyan.yaml"])
        eventually(lambda: "banyan_config_reload_success 0" in metrics(shop, pods[0]),
                   "what has no certificate yet keeps what it has", 30)
        pods, ends = shop.replace(pods, ["m-1", "m-2"], documents=mtls)
        ends()
        eventually(clients.more(50), "traffic afterwards")
        assert [over_tls(shop, pod, known) for pod in pods] == ["orders-legacy"] * 2
    assert clients.failures == []
    shop.change("banyan-config", "banyan.yaml", m.config_map(only, "banyan-config")["banyan.yaml"])
    for pod in pods:
        eventually(lambda pod=pod: not listens(shop, pod, PORT), "the plain port is shut", 30)
        assert over_tls(shop, pod, known) == "orders-legacy"


def metrics(shop, pod):
    with shop.node.entered():
        return fetch(f"{pod.address}:9902", "/metrics").body.decode()


def listens(shop, pod, port):
    try:
        with shop.node.entered(), socket.create_connection((pod.address, port), timeout=5):
            return True
    except ConnectionRefusedError:
        return False


def test_the_gateway_serves_several_services_and_is_replaced_without_a_failure(play):
    shop = play("gateway")
    shop.serve("orders-legacy")
    shop.serve("cart-legacy")
    pods = shop.add("g-1", "g-2")

    def served_by(port, target):
        with shop.node.entered():
            return fetch(f"{pods[0].address}:{port}", target, headers=USER).served_by
    assert served_by(8080, "/orders/42") == "orders-legacy"
    assert served_by(8081, "/cart/42") == "cart-legacy"
    assert served_by(8081, "/orders/42") == "cart-legacy"  # where it always went
    shop.set_percent(100)
    for pod in pods:
        eventually(lambda pod=pod: percent_of(pod) == 100, "the edit is in force", 30)
    assert served_by(8080, "/orders/42") == "shop-monolith"
    assert served_by(8081, "/cart/42") == "cart-legacy"  # another flag
    with shop.clients() as clients:
        eventually(clients.more(50), "traffic")
        _, ends = shop.replace(pods, ["g-3", "g-4"])
        ends()
        eventually(clients.more(50), "traffic afterwards")
    assert clients.failures == []
    assert [pod.exit_code for pod in pods] == [0, 0]

"""The overlays mtls and gateway, as in Kubernetes."""
import ssl

import pytest

from support.http import fetch
from support.shop import percent_of
from support.tls import TlsConnection, client_context
from support.wait import eventually

NAME = "orders.shop.svc.cluster.local"
USER = [("x-user-id", "ada")]


def test_with_mtls_a_client_needs_a_certificate_and_the_kubelet_none(play):
    shop = play("mtls")
    (pod,) = shop.add("t-1")  # its probes passed
    address = f"{pod.address}:{shop.endpoints.port}"
    known = client_context(shop.authority, shop.authority.issue("client", "DNS:client.shop.test"))
    with shop.node.entered():
        with TlsConnection(address, known, NAME) as connection:
            assert connection.request("GET", "/orders/42", USER).served_by == "orders-legacy"
        with pytest.raises((ssl.SSLError, OSError)):
            with TlsConnection(address, client_context(shop.authority), NAME) as connection:
                connection.request("GET", "/orders/42", USER)
        assert fetch(f"{pod.address}:9902", "/readyz").status == 200


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

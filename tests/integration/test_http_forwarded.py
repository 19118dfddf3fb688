"""Who the client is: X-Forwarded-* of trusted and of other peers."""
from support.wait import eventually

WAY = [("X-Forwarded-For", "203.0.113.9, 192.0.2.1, 10.0.0.5"), ("X-Forwarded-Host", "shop.test"),
       ("X-Forwarded-Proto", "https")]


def listeners(*trusted):
    return {"listeners": [{"name": "ingress", "bind": "127.0.0.1:0",
                           "trusted_proxies": list(trusted)}]}


def asked(proxy, legacy):
    assert proxy.fetch("/shop/a", headers=WAY).status == 200
    request = legacy.requests[-1]
    eventually(lambda: len(proxy.access_log()) == 1, "the access log")
    said = {name: [v for n, v in request.headers if n.lower() == name]
            for name in ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")}
    return said, proxy.access_log()[0]["client"]


def test_a_peer_that_is_not_trusted_says_nothing_about_the_client(banyan, legacy):
    said, client = asked(banyan(top=listeners("10.0.0.0/8")), legacy)
    assert said["x-forwarded-for"] == ["127.0.0.1"]
    assert said["x-forwarded-proto"] == ["http"]
    assert said["x-forwarded-host"][0].startswith("127.0.0.1:")
    assert client == "127.0.0.1"


def test_the_client_is_the_right_most_that_is_not_trusted(banyan, legacy):
    said, client = asked(banyan(top=listeners("127.0.0.0/8", "10.0.0.0/8")), legacy)
    assert said["x-forwarded-for"] == ["203.0.113.9, 192.0.2.1, 10.0.0.5, 127.0.0.1"]
    assert said["x-forwarded-host"] == ["shop.test"]
    assert said["x-forwarded-proto"] == ["https"]
    assert client == "192.0.2.1"

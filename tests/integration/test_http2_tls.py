"""HTTP/2 over TLS on both sides, while certificates change."""
import re
import subprocess
import threading

from support.metrics import total
from support.proxy import Banyan, configuration
from support.tls import Authority, TlsConnection, client_context, serial_of
from support.wait import eventually

WATCH = {"reload": {"watch": True, "poll": "1h", "debounce": "20ms"}}
REQUESTS = 5000


def listener(identity):
    return [{"name": "ingress", "bind": "127.0.0.1:0",
             "tls": {"certificate": identity[0], "private_key": identity[1]}}]


def h2load(proxy, requests):
    return subprocess.Popen(["h2load", "-n", str(requests), "-c", "4", "-m", "10",
                             f"https://{proxy.address}/shop/a"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def lost(load, requests):
    """What h2load says of the run where anything failed."""
    out = load.communicate(timeout=120)[0].decode()
    assert "Application protocol: h2" in out, out
    whole = f"{requests} succeeded, 0 failed, 0 errored, 0 timeout"
    return "" if whole in out and re.search(rf"status codes: {requests} 2xx", out) else out


def test_certificates_of_both_sides_change_under_http2_load_and_no_exchange_is_lost(
        tmp_path, legacy, monolith):
    """Two proxies in a row: the second one is the first one's upstream of HTTP/2 over TLS."""
    ca = Authority(tmp_path / "certs")
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    far_config = configuration(tmp_path / "far", legacy, monolith,
                               listeners=listener(ca.issue("far")), **WATCH)
    with Banyan(tmp_path / "far", far_config) as far:
        near_config = configuration(tmp_path / "near", legacy, monolith,
                                    listeners=listener(ca.issue("near")), **WATCH)
        near_config["upstreams"]["shop-legacy"] = {
            "endpoints": [far.address], "protocol": "http2",
            "tls": {"ca": str(ca.file), "server_name": "shop.test"}}
        with Banyan(tmp_path / "near", near_config) as near:
            rotate_under_load(ca, near, far)
        assert {line["tls"] for line in far.access_log() if "tls" in line} == {"1.3"}


def rotate_under_load(ca, near, far):
    fresh = client_context(ca)

    def shown(proxy):
        with TlsConnection(proxy.address, fresh) as connection:
            return connection.serial

    losses, over = [], threading.Event()

    def keep_connecting():
        while not over.is_set():
            losses.append(lost(h2load(near, 200), 200))
    connecting = threading.Thread(target=keep_connecting)
    connecting.start()
    try:
        kept = h2load(near, REQUESTS)
        rotations = 0
        while rotations < 3 or (kept.poll() is None and rotations < 50):
            for name, proxy in (("near", near), ("far", far)):
                expected = serial_of(ca.issue(name)[0])
                eventually(lambda: shown(proxy) == expected, "the new certificate is shown")
            rotations += 1
        assert lost(kept, REQUESTS) == ""
    finally:
        over.set()
        connecting.join(timeout=150)
    assert losses
    assert [loss for loss in losses if loss] == []
    for proxy in (near, far):
        samples = proxy.metrics()
        assert total(samples, "banyan_tls_reload_success") == 1
        assert total(samples, "banyan_tls_reloads_total", result="success") >= 3
    assert total(near.metrics(), "banyan_local_errors_total") == 0

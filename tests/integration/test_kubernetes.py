"""Kubernetes, played on one machine from the rendered manifests: what its users notice of rollouts and
of edits of ConfigMaps. They should notice nothing."""
import threading

from support import manifests as m
from support.http import Connection, fetch
from support.shop import PORT, percent_of
from support.wait import eventually

LONG_S = 22  # longer than a new pod takes to get traffic and the app's preStop hook together


def test_a_rolling_replacement_under_load_fails_nobody(shop):
    old = shop.add("a-1", "a-2", "a-3")
    with shop.clients() as clients:
        eventually(clients.more(100), "traffic")
        assert set(clients.served) == {"orders-legacy"}
        # A ConfigMap is edited: half of the users move, and nobody is asked to wait.
        shop.set_percent(50)
        for pod in old:
            eventually(lambda pod=pod: percent_of(pod) == 50, "the edit is in force", 30)
        eventually(clients.more(200), "traffic on both arms")
        assert set(clients.served[-100:]) == {"orders-legacy", "shop-monolith"}
        _, first = shop.replace(old[:2], ["b-1", "b-2"])
        results = []
        long = threading.Thread(target=ask_for_long, args=(shop, old[2], results))
        long.start()
        _, last = shop.replace(old[2:], ["b-3"])
        seconds = first() + last()
        long.join(timeout=60)
        eventually(clients.more(200), "traffic afterwards")
    assert clients.failures == []
    assert results == [(200, "orders-legacy")]
    grace = m.pod_spec(old[0].deployment)["terminationGracePeriodSeconds"]
    assert max(seconds) < grace
    for pod in old:
        assert pod.exit_code == 0
        said = pod.logs["banyan"].read_text()
        assert "drains" in said and "stops listening" in said
        assert "cut" not in said, said[-2000:]


def ask_for_long(shop, pod, results):
    """One that the app still works on when it is told to end."""
    with shop.node.entered(), Connection(f"{pod.address}:{PORT}", timeout_s=60) as connection:
        answer = connection.request("GET", f"/orders/slow/{LONG_S}")
        results.append((answer.status, answer.served_by))


def test_a_pod_is_not_ready_before_its_app_and_not_when_it_drains(shop):
    (pod,) = shop.add("a-1")
    probe = m.container(pod.deployment, "app")["readinessProbe"]["httpGet"]
    with shop.node.entered():
        assert fetch(f"{pod.address}:{probe['port']}", probe["path"]).status == 200
    assert pod.run(["banyan", "drain"]).returncode == 0
    eventually(lambda: not pod.ready, "it is not ready")
    assert shop.served_by(pod) == "orders-legacy"  # and serves all the same
    eventually(lambda: not shop.endpoints.knows(pod), "no node knows it", 20)


def test_a_broken_configmap_changes_nothing_and_is_told(shop):
    (pod,) = shop.add("a-1")
    shop.set_percent(100)
    eventually(lambda: percent_of(pod) == 100, "the edit is in force", 30)
    good = shop.content["banyan-config"]["banyan.yaml"]
    shop.change("banyan-config", "banyan.yaml", good + "nonsense: 1\n")

    def metrics():
        with shop.node.entered():
            return fetch(f"{pod.address}:9902", "/metrics").body.decode()
    eventually(lambda: "banyan_config_reload_success 0" in metrics(), "it is told", 30)
    assert shop.served_by(pod) == "shop-monolith"
    shop.change("banyan-config", "banyan.yaml", good)
    eventually(lambda: "banyan_config_reload_success 1" in metrics(), "it is mended", 30)

"""rollback.sh against pods that run as in Kubernetes, under load."""
import json

from support.kubectl import Cluster
from support.proxy import ROOT, binary
from support.shop import percent_of
from support.wait import eventually


def test_a_rollback_reaches_every_pod_and_those_to_come(shop, tmp_path):
    pods = shop.add("a-1", "a-2", "a-3")
    shop.set_percent(100)
    for pod in pods:
        eventually(lambda pod=pod: shop.served_by(pod) == "shop-monolith", "the monolith serves", 30)
    cluster = Cluster(tmp_path, binary())
    with cluster.changed() as state:
        state["configmap"]["data"] = dict(shop.content["banyan-flags"])
    for pod in pods:
        cluster.add_pod(pod.name, {"process": pod.processes["banyan"].pid,
                                   "environment": pod.environment})
    with shop.clients() as clients:
        eventually(clients.more(50), "traffic")
        done = cluster.run(ROOT / "deploy/k8s/rollback.sh", "-n", "shop", "orders", "--reason", "test")
        assert done.returncode == 0, done.stdout + done.stderr
        start = len(clients.served)
        eventually(clients.more(100), "traffic afterwards")
        # Those that had begun may end on the monolith: one for each client.
        assert set(clients.served[start + 6:]) == {"orders-legacy"}
        shop.content["banyan-flags"] = cluster.read()["configmap"]["data"]
        (new,) = shop.add("a-4")
        assert shop.served_by(new) == "orders-legacy"
        assert json.loads(new.run(["banyan", "status", "--format", "json"]).stdout)[
            "migrations"][0]["latch"] is None
    assert clients.failures == []

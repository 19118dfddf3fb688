"""From the overlay sidecar to mtls and on to mtls-only, in the steps of docs/kubernetes.md: whoever has not
changed yet is served at every step."""
from support import manifests as m

PLAIN, TLS = 8080, 8443


class Cluster:
    """What was applied, and pods that have what the last rollout gave them."""

    def __init__(self, documents):
        self.there = {}
        self.apply(documents, lambda step: True)

    def apply(self, documents, chosen):
        for document in documents:
            if chosen(document["metadata"].get("labels", {}).get("banyan-step")):
                self.there[document["kind"], document["metadata"]["name"]] = document

    def reached(self, service):
        """{port of the Service: port of the pod}, where the pods listen and their policies let it in."""
        spec = self.there["Service", service]["spec"]
        return {port["port"]: port["targetPort"] for port in spec["ports"]
                if port["targetPort"] in self.listened(spec["selector"])
                and port["targetPort"] in self.admitted(spec["selector"])}

    def listened(self, selector):
        deployment = next(d for (kind, _), d in self.there.items() if kind == "Deployment"
                          and selector.items() <= d["spec"]["template"]["metadata"]["labels"].items())
        if not any(c["name"] == "banyan" for c in m.containers(deployment)):
            return set().union(*map(m.ports, m.containers(deployment)))
        return {m.bound_port(listener) for listener in self.config()["listeners"]}

    def config(self):
        return m.banyan_config(list(self.there.values()))

    def admitted(self, selector):
        return {port["port"] for (kind, _), d in self.there.items()
                if kind == "NetworkPolicy"
                and d["spec"]["podSelector"]["matchLabels"]["app"] == selector["app"]
                for rule in d["spec"]["ingress"] for port in rule["ports"]}


def test_at_every_step_clients_and_banyan_find_what_they_ask_for():
    cluster = Cluster(m.rendered("sidecar"))
    mtls, only = m.rendered("mtls"), m.rendered("mtls-only")
    assert cluster.reached("orders") == {80: PLAIN}

    cluster.apply(mtls, lambda step: step == "monolith")
    assert cluster.reached("shop-monolith") == {8080: PLAIN, 8443: TLS}  # before anybody asks there
    cluster.apply(mtls, lambda step: step not in ("capture", "close"))
    assert cluster.reached("orders") == {80: PLAIN}
    cluster.apply(mtls, lambda step: True)
    assert cluster.reached("orders") == {80: PLAIN, 443: TLS}

    # Clients change. The last step: first nobody is led to the plain port any more, then it is shut.
    cluster.apply(only, lambda step: step == "capture")
    assert cluster.reached("orders") == {443: TLS}
    cluster.apply(only, lambda step: True)
    assert cluster.reached("orders") == {443: TLS}
    assert cluster.listened({"app": "orders-legacy"}) == cluster.admitted(
        {"app": "orders-legacy"}) - {9902} == {TLS}
    assert cluster.reached("shop-monolith") == {8443: TLS}
    assert cluster.admitted({"app": "shop-monolith"}) == {TLS}


def test_the_last_step_takes_the_plain_listener_away_and_nothing_else():
    mtls, only = (m.banyan_config(m.rendered(name)) for name in ("mtls", "mtls-only"))
    assert [one["name"] for one in mtls["listeners"]] == ["plain", "ingress"]
    mtls["listeners"] = mtls["listeners"][1:]
    assert mtls == only

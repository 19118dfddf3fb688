"""Several processes that follow the same flags, with a stand-in for kubectl in front of them."""
import json

from . import manifests as m
from .kubectl import Cluster
from .proxy import Banyan, binary, configuration, migration

USER = [("x-user-id", "ada")]
EVERYBODY = {"state": "ENABLED", "variants": {"legacy": "legacy", "monolith": "monolith"},
             "defaultVariant": "monolith"}


class Workload:
    """Pods of one Deployment: each starts with what the ConfigMap of flags holds then."""

    def __init__(self, directory, legacy, monolith):
        self.dir, self.legacy, self.monolith = directory, legacy, monolith
        self.cluster = Cluster(directory, binary())
        self.pods = {}
        with self.cluster.changed() as state:
            state["configmap"]["data"] = {
                "flags.json": json.dumps({"flags": {"shop": EVERYBODY, "cart": EVERYBODY}}),
                "rollback.json": m.config_map(m.rendered("sidecar"), "banyan-flags")["rollback.json"]}

    def start(self, name, seen=None, **keys):
        """`seen`: what the API server knows of it, as in kubectl.pod_as_json."""
        folder = self.dir / name
        (folder / "flags").mkdir(parents=True)
        self.mount(folder)
        config = configuration(
            folder, self.legacy, self.monolith, flags={},
            migrations=[migration(shadow={}, guardrail="off", **keys),
                        migration(name="cart", flag="cart", match=[{"path_prefix": "/cart"}],
                                  guardrail="off")],
            flag_sources=[{"file": str(folder / f"flags/{file}")}
                          for file in ("flags.json", "rollback.json")])
        self.pods[name] = Banyan(folder, config).start()
        self.cluster.add_pod(name, self.pods[name].admin_url, **(seen or {}))
        return self.pods[name]

    def mount(self, folder):
        for name, text in self.configmap().items():
            (folder / "flags" / name).write_text(text)

    def write(self, key, text):
        """An edit of the ConfigMap; None takes the key away."""
        with self.cluster.changed() as state:
            state["configmap"]["data"][key] = text
            if text is None:
                del state["configmap"]["data"][key]

    def rolled_back(self):
        """The flags that pods to come find disabled."""
        return json.loads(self.configmap()["rollback.json"])["flags"]

    def configmap(self):
        return self.cluster.read()["configmap"]["data"]

    def arms(self, target="/shop/item"):
        return {name: pod.fetch(target, headers=USER).served_by for name, pod in self.pods.items()}

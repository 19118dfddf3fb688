"""An overlay, played: pods of its Deployments, its ConfigMaps and Secrets, and a name server."""
import json
import subprocess
import threading
from pathlib import Path

from . import manifests as m
from .dns import Dns
from .http import fetch
from .kubernetes import Clients, Endpoints, Pod
from .network import NODE, Node
from .proxy import ROOT, binary
from .tls import Authority
from .wait import eventually

TOKEN = "7c" * 32
PORT = 8080  # what the Service leads to in the overlay `sidecar`


def unpacked_image(root):
    """The root filesystem of the image, with the binary that is under test."""
    subprocess.run([ROOT / "script/image", "--no-setup", "--banyan", binary(), "--root", root],
                   check=True)
    # The container runtime makes this file.
    (root / "etc/resolv.conf").write_text(f"nameserver {NODE}\n")
    return root


class Shop:
    def __init__(self, directory, image, overlay="sidecar"):
        self.dir, self.image, self.documents = directory, image, m.rendered(overlay)
        self.captured = m.with_banyan(self.documents)["metadata"]["name"]
        self.content = {d["metadata"]["name"]: dict(d["data"])
                        for d in m.of_kind(self.documents, "ConfigMap")}
        self.content["banyan-admin"] = {"tokens": f"pod admin {TOKEN}\n", "client-token": TOKEN + "\n"}
        self.content["banyan-tls"] = self.certificates()
        service = m.one(self.documents, "Service", "orders")
        self.node, self.endpoints = Node(), Endpoints(service["spec"]["ports"][0]["targetPort"])
        self.everything = []
        with self.node.entered():
            self.dns = Dns(ttl=5, host=NODE, port=53)
        self.dns.__enter__()
        self.serve("shop-monolith")

    def serve(self, name):
        """A Deployment without Banyan: one pod behind a name."""
        self.dns.zone[f"{name}.shop.svc.cluster.local"] = [self.pod(name, name).start().address]

    def certificates(self):
        self.authority = Authority(self.dir / "ca")
        self.identity = self.authority.issue("orders", "DNS:orders.shop.svc.cluster.local")
        certificate, key = (Path(file).read_text() for file in self.identity)
        return {"tls.crt": certificate, "tls.key": key, "ca.crt": self.authority.file.read_text()}

    def pod(self, deployment, name, documents=None):
        found = m.one(documents or self.documents, "Deployment", deployment)
        made = Pod(self.node, name, found, self.dir, self.image, self.content.__getitem__)
        self.everything.append(made)
        return made

    def add(self, *names, documents=None):
        """Pods behind the Service `orders`; returns when all nodes know them."""
        added = [self.pod(self.captured, name, documents) for name in names]
        self.endpoints.pods += added
        threads = [threading.Thread(target=pod.start) for pod in added]
        for thread in threads:
            thread.start()
        for pod, thread in zip(added, threads):
            thread.join(timeout=60)
            eventually(lambda pod=pod: self.endpoints.knows(pod), f"{pod.name} gets traffic", 30)
        return added

    def replace(self, pods, names, documents=None):
        """maxSurge 1, maxUnavailable 0: a new pod, then the end of an old one. (new ones, what waits for
        the ends of the old ones)"""
        new, waits = [], []
        for pod, name in zip(pods, names, strict=True):
            new += self.add(name, documents=documents)
            waits.append(pod.delete())
            eventually(lambda pod=pod: not self.endpoints.knows(pod), "no node knows it", 20)
        return new, lambda: [wait() for wait in waits]

    def lead_to(self, port):
        """The Service's target port; returns when all nodes know it."""
        self.endpoints.port = port
        eventually(lambda: all(one.endswith(f":{port}") for one in self.endpoints.seen), "it leads there")

    def change(self, name, key, text):
        """An edit of a ConfigMap, once the kubelets have brought it."""
        self.content[name][key] = text
        for pod in self.everything:
            for volume in m.pod_spec(pod.deployment).get("volumes", []):
                if volume.get("configMap", {}).get("name") == name and not pod.terminating.is_set():
                    pod.volumes[volume["name"]].update(self.content[name])

    def set_percent(self, percent):
        flags = json.loads(self.content["banyan-flags"]["flags.json"])
        flags["flags"]["orders"]["targeting"] = {
            "fractional": [["monolith", percent], ["legacy", 100 - percent]]}
        self.change("banyan-flags", "flags.json", json.dumps(flags))

    def clients(self):
        return Clients(self.node, self.endpoints, "/orders/42")

    def served_by(self, pod, user="ada"):
        with self.node.entered():
            return fetch(f"{pod.address}:{PORT}", "/orders/42", headers=[("x-user-id", user)]).served_by

    def close(self):
        self.endpoints.close()
        for pod in self.everything:
            pod.close()
        self.dns.__exit__()
        self.node.close()


def percent_of(pod):
    done = pod.run(["banyan", "flag", "list", "--format", "json"])
    assert done.returncode == 0, done.stderr
    return next(f["percent"] for f in json.loads(done.stdout)["flags"] if f["name"] == "orders")

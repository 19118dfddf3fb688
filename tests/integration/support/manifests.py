"""The manifests of deploy/ as data, and what of a pod belongs together."""
import json
import os

import pytest
import yaml

from .proxy import ROOT

DEPLOY = ROOT / "deploy"
RENDERED = sorted((DEPLOY / "k8s/rendered").glob("*.yaml"))
WITH_BANYAN = [path for path in RENDERED if path.stem != "base"]


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def rendered(name):
    return documents(DEPLOY / f"k8s/rendered/{name}.yaml")


def of_kind(documents_, kind, name=None):
    return [d for d in documents_ if d["kind"] == kind and name in (None, d["metadata"]["name"])]


def one(documents_, kind, name):
    found = of_kind(documents_, kind, name)
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def pod_spec(deployment):
    return deployment["spec"]["template"]["spec"]


def containers(deployment):
    spec = pod_spec(deployment)
    return spec.get("initContainers", []) + spec["containers"]


def container(deployment, name):
    return next(c for c in containers(deployment) if c["name"] == name)


def with_banyan(documents_):
    """The one Deployment that Banyan is in."""
    found = [d for d in of_kind(documents_, "Deployment")
             if any(c["name"] == "banyan" for c in containers(d))]
    assert len(found) == 1
    return found[0]


def ports(container_):
    return {port["containerPort"] for port in container_.get("ports", [])}


def config_map(documents_, name):
    return one(documents_, "ConfigMap", name)["data"]


def banyan_config(documents_):
    return yaml.safe_load(config_map(documents_, "banyan-config")["banyan.yaml"])


def port_of(address):
    return int(address.rsplit(":", 1)[1])


def bound_port(listener):
    return port_of(listener["bind"])


def grace_seconds(text):
    assert text.endswith("s") and text[:-1].isdigit(), text
    return int(text[:-1])


# Kubernetes' own schema, closed: a key that it does not list is an error.
def kubernetes_schema():
    path = os.environ.get("BANYAN_KUBE_SCHEMA")
    if not path:
        pytest.skip("NOT TESTED with Kubernetes' schema: BANYAN_KUBE_SCHEMA is not set")
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    for definition in schema["definitions"].values():
        if "properties" in definition:
            definition.setdefault("additionalProperties", False)
    return schema


def definition_of(schema, document):
    """The name of the definition that has this document's group, version and kind."""
    group, _, version = document["apiVersion"].rpartition("/")
    ending = f".{version}.{document['kind']}"
    names = [name for name in schema["definitions"]
             if name.endswith(ending) and (group.split(".")[0] or "core") in name.split(".")]
    assert len(names) == 1, f"{document['apiVersion']} {document['kind']}: {names}"
    return names[0]

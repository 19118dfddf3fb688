"""deploy/k8s: the manifests are what Kubernetes takes, what the overlays render to, and agree with each
other and with the configurations inside them."""
import copy
import ipaddress
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from support import manifests as m
from support.proxy import ROOT, cli
from support.tls import Authority

GIVEN = {"banyan-admin", "banyan-tls"}  # Secrets that whoever installs brings
RENDERED = pytest.mark.parametrize("path", m.RENDERED, ids=lambda path: path.stem)
WITH_BANYAN = pytest.mark.parametrize("path", m.WITH_BANYAN, ids=lambda path: path.stem)


# ---- What Kubernetes says to them ---------------------------------------------------------------
def faults(schema, document):
    validator = jsonschema.Draft7Validator(
        {**schema, "$ref": f"#/definitions/{m.definition_of(schema, document)}"})
    return [f"{'.'.join(map(str, e.absolute_path))}: {e.message}"
            for e in validator.iter_errors(document)]


OTHERS = [m.DEPLOY / "k8s/namespace.yaml", m.DEPLOY / "k8s/admin-secret.yaml"]


@pytest.mark.parametrize("path", [*m.RENDERED, *OTHERS], ids=lambda path: path.stem)
def test_kubernetes_knows_every_key(path):
    schema = m.kubernetes_schema()
    for document in m.documents(path):
        assert faults(schema, document) == [], f"{document['kind']} {document['metadata']['name']}"


@pytest.mark.parametrize("key, value", [("restartPolcy", "Always"), ("readinessProbe", {"htpGet": {}}),
                                        ("env", [{"name": 1}])])
def test_a_misspelt_key_or_a_wrong_type_is_found(key, value):
    schema = m.kubernetes_schema()
    deployment = copy.deepcopy(m.with_banyan(m.rendered("sidecar")))
    m.container(deployment, "banyan")[key] = value
    assert faults(schema, deployment) != []


_LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
_TEXT = {"type": "string", "minLength": 1}


def closed(**properties):
    return {"type": "object", "properties": properties, "required": list(properties),
            "additionalProperties": False}


def resource(kind, spec):
    return closed(apiVersion={"const": "monitoring.coreos.com/v1"}, kind={"const": kind},
                  metadata=closed(name=_TEXT, namespace=_TEXT), spec=spec)


def some(items):
    return {"type": "array", "minItems": 1, "items": items}


# Of the Prometheus Operator, which is not part of Kubernetes: the keys that are used here.
MONITORING = {
    "podmonitor": resource("PodMonitor", closed(
        selector=closed(matchExpressions=some(closed(key=_TEXT, operator={"const": "Exists"}))),
        podMetricsEndpoints=some(closed(targetPort={"type": "integer"}, path=_TEXT, interval=_TEXT)))),
    "prometheusrule": resource("PrometheusRule", closed(groups=some(closed(
        name=_TEXT, rules=some({
            **closed(alert=_TEXT, expr=_TEXT, labels=_LABELS, annotations=_LABELS),
            "properties": {"alert": _TEXT, "expr": _TEXT, "for": _TEXT, "labels": _LABELS,
                           "annotations": _LABELS}}))))),
}


@pytest.mark.parametrize("name", MONITORING)
def test_the_operator_of_prometheus_gets_what_it_knows(name):
    (document,) = m.documents(m.DEPLOY / f"monitoring/{name}.yaml")
    jsonschema.Draft7Validator(MONITORING[name]).validate(document)


def test_the_operator_gets_the_same_rules():
    (document,) = m.documents(m.DEPLOY / "monitoring/prometheusrule.yaml")
    (rules,) = m.documents(m.DEPLOY / "monitoring/alerts.yaml")
    assert document["spec"] == rules


# ---- Rendering ----------------------------------------------------------------------------------
def test_no_rendered_file_is_older_than_its_source():
    done = subprocess.run([ROOT / "script/manifests", "--stale"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr


def test_rendering_gives_what_is_checked_in(tmp_path):
    if shutil.which("kubectl") is None:
        pytest.skip("NOT TESTED that rendering gives deploy/k8s/rendered: no kubectl")
    subprocess.run([ROOT / "script/manifests", "--into", tmp_path], check=True)
    for path in m.RENDERED:
        # By what it says: two versions of kustomize may break lines at other places.
        assert m.documents(tmp_path / path.name) == m.documents(path), path.stem


# ---- The configurations inside ------------------------------------------------------------------
@WITH_BANYAN
def test_the_configuration_inside_is_valid(path, tmp_path):
    file = tmp_path / "banyan.yaml"
    file.write_text(m.config_map(m.documents(path), "banyan-config")["banyan.yaml"])
    done = cli("validate", "--no-files", file)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


TOKEN = "5f" * 32


def mounted(documents, root):
    """The volumes of the pod as folders below `root`, at the paths where they are mounted."""
    deployment = m.with_banyan(documents)
    volumes = {v["name"]: v for v in m.pod_spec(deployment)["volumes"]}
    for mount in m.container(deployment, "banyan")["volumeMounts"]:
        folder = root / mount["mountPath"].lstrip("/")
        folder.mkdir(parents=True)
        volume = volumes[mount["name"]]
        for name, text in content(documents, volume, root).items():
            (folder / name).write_text(text)


def content(documents, volume, scratch):
    if "configMap" in volume:
        return m.config_map(documents, volume["configMap"]["name"])
    if "emptyDir" in volume:
        return {}
    if volume["secret"]["secretName"] == "banyan-admin":
        return {"tokens": f"pod admin {TOKEN}\n", "client-token": TOKEN + "\n"}
    assert volume["secret"]["secretName"] == "banyan-tls"
    authority = Authority(scratch / "ca")
    certificate, key = authority.issue("orders", "DNS:orders.shop.svc.cluster.local")
    return {"tls.crt": Path(certificate).read_text(), "tls.key": Path(key).read_text(),
            "ca.crt": authority.file.read_text()}


@WITH_BANYAN
def test_every_file_that_the_configuration_names_is_mounted(path, tmp_path):
    documents = m.documents(path)
    mounted(documents, tmp_path)
    config = tmp_path / "etc/banyan/config/banyan.yaml"
    # In the test the pod's root is a folder.
    text = config.read_text().replace("/etc/banyan", f"{tmp_path}/etc/banyan")
    config.write_text(text.replace("/var/lib/banyan", f"{tmp_path}/var/lib/banyan"))
    done = cli("validate", config)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no warning: flags and migrations agree
    (tmp_path / "etc/banyan/flags/flags.json").unlink()
    assert cli("validate", config).returncode == 1


@WITH_BANYAN
def test_the_command_line_names_mounted_files(path):
    banyan = m.container(m.with_banyan(m.documents(path)), "banyan")
    assert banyan["args"] == ["run", "-c", "/etc/banyan/config/banyan.yaml"]
    assert {e["name"]: e["value"] for e in banyan["env"]} == {
        "BANYAN_TOKEN_FILE": "/etc/banyan/admin/client-token"}
    mounts = {mount["mountPath"] for mount in banyan["volumeMounts"]}
    state = m.banyan_config(m.documents(path))["state_dir"]
    assert {"/etc/banyan/config", "/etc/banyan/flags", "/etc/banyan/admin", state} <= mounts
    for mount in banyan["volumeMounts"]:
        assert "subPath" not in mount  # it would never follow an edit
        assert mount.get("readOnly", False) == (mount["mountPath"] != state)


def test_the_secret_as_it_is_in_the_repository_is_refused(tmp_path):
    (secret,) = m.documents(m.DEPLOY / "k8s/admin-secret.yaml")
    (tmp_path / "tokens").write_text(secret["stringData"]["tokens"])
    documents = m.rendered("sidecar")
    config = m.banyan_config(documents)
    config.pop("flag_sources")
    config["admin"]["token_file"] = str(tmp_path / "tokens")
    (tmp_path / "banyan.yaml").write_text(yaml.safe_dump(config))
    done = cli("validate", tmp_path / "banyan.yaml")
    assert done.returncode == 1
    assert "expected NAME ROLE TOKEN" in done.stderr


# ---- They agree with each other -----------------------------------------------------------------
@RENDERED
def test_every_volume_has_a_source_and_every_mount_a_volume(path):
    documents = m.documents(path)
    for deployment in m.of_kind(documents, "Deployment"):
        volumes = {v["name"]: v for v in m.pod_spec(deployment).get("volumes", [])}
        used = {mount["name"] for c in m.containers(deployment) for mount in c.get("volumeMounts", [])}
        assert used == set(volumes)
        for volume in volumes.values():
            if "configMap" in volume:
                m.one(documents, "ConfigMap", volume["configMap"]["name"])
            elif "secret" in volume:
                assert volume["secret"]["secretName"] in GIVEN
                assert volume["secret"]["defaultMode"] == 0o440
                assert m.pod_spec(deployment)["securityContext"]["fsGroup"] == 65532
            else:
                assert volume["emptyDir"]["sizeLimit"]


def selected(documents, selector):
    """The Deployments whose pods have these labels."""
    return [d for d in m.of_kind(documents, "Deployment")
            if selector.items() <= d["spec"]["template"]["metadata"]["labels"].items()]


@RENDERED
def test_every_service_leads_to_a_port_of_its_pods_by_number(path):
    documents = m.documents(path)
    for service in m.of_kind(documents, "Service"):
        (deployment,) = selected(documents, service["spec"]["selector"])
        for port in service["spec"]["ports"]:
            assert isinstance(port["targetPort"], int)
            assert port["targetPort"] in set().union(*map(m.ports, m.containers(deployment)))
            assert port["targetPort"] in admitted(documents, deployment), "the policy forbids it"


def admitted(documents, deployment, from_namespace=None):
    """The ports at which the NetworkPolicies of these pods let somebody in."""
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    policies = [p for p in m.of_kind(documents, "NetworkPolicy")
                if p["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]
    assert policies, "without one everything may come in"
    found = set()
    for rule in (rule for policy in policies for rule in policy["spec"].get("ingress", [])):
        outside = any("namespaceSelector" in peer for peer in rule["from"])
        if outside == (from_namespace is not None):
            found |= {port["port"] for port in rule["ports"]}
    return found


@WITH_BANYAN
def test_the_ports_are_those_of_the_configuration(path):
    documents = m.documents(path)
    deployment = m.with_banyan(documents)
    config = m.banyan_config(documents)
    banyan = m.container(deployment, "banyan")
    listeners = {m.bound_port(listener) for listener in config["listeners"]}
    health = m.port_of(config["health"]["bind"])
    admin = config["admin"]["bind"]
    assert m.ports(banyan) == listeners | {health}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if probe in banyan:
            assert banyan[probe]["httpGet"]["port"] == health
            assert banyan[probe]["httpGet"]["path"] == ("/livez" if "live" in probe else "/readyz")
    # The admin API is on loopback, and no manifest leads to it.
    assert ipaddress.ip_address(admin.rsplit(":", 1)[0]).is_loopback
    assert config["admin"]["token_file"]
    assert m.port_of(admin) not in m.ports(banyan) | admitted(documents, deployment)
    assert admitted(documents, deployment, "monitoring") == {health}
    # What clients know leads to a listener, and nothing leads past it.
    reached = {port["targetPort"] for service in m.of_kind(documents, "Service")
               if selected(documents, service["spec"]["selector"]) == [deployment]
               for port in service["spec"]["ports"]}
    if path.stem == "iptables":
        reached = {led_to(m.container(deployment, "capture"), asked) for asked in reached}
    else:
        assert admitted(documents, deployment) == listeners
    assert reached == listeners


def led_to(capture, port):
    words = capture["args"]
    assert words[words.index("--dport") + 1] == str(port)
    return int(words[words.index("--to-ports") + 1])


@WITH_BANYAN
def test_every_upstream_is_a_port_of_a_service_or_of_the_same_pod(path):
    documents = m.documents(path)
    deployment = m.with_banyan(documents)
    for upstream in m.banyan_config(documents)["upstreams"].values():
        for endpoint in upstream["endpoints"]:
            host, port = endpoint.rsplit(":", 1)
            if host == "127.0.0.1":
                assert int(port) in m.ports(m.container(deployment, "app"))
                continue
            name, namespace, rest = host.split(".", 2)
            assert rest == "svc.cluster.local." and namespace == deployment["metadata"]["namespace"]
            service = m.one(documents, "Service", name)
            assert int(port) in {p["port"] for p in service["spec"]["ports"]}
            assert upstream.get("tls", {}).get("server_name", host[:-1]) == host[:-1]


def test_the_gateway_may_go_where_its_upstreams_are():
    documents = m.rendered("gateway")
    (policy,) = m.of_kind(documents, "NetworkPolicy", "banyan-gateway")
    allowed = {(peer["podSelector"]["matchLabels"]["app"], port["port"])
               for rule in policy["spec"]["egress"] for peer in rule.get("to", [])
               for port in rule["ports"]}
    wanted = set()
    for upstream in m.banyan_config(documents)["upstreams"].values():
        service = m.one(documents, "Service", upstream["endpoints"][0].split(".")[0])
        wanted |= {(service["spec"]["selector"]["app"], p["targetPort"])
                   for p in service["spec"]["ports"]}
        legacy = m.one(documents, "Deployment", service["spec"]["selector"]["app"])
        assert {p["targetPort"] for p in service["spec"]["ports"]} == admitted(documents, legacy)
    assert allowed == wanted


def test_the_gateway_may_ask_dns_wherever_it_is():
    """A cache on the node is no pod; the pods of openshift-dns listen on 5353."""
    (policy,) = m.of_kind(m.rendered("gateway"), "NetworkPolicy", "banyan-gateway")
    anywhere = {(port["protocol"], port["port"]) for rule in policy["spec"]["egress"]
                if "to" not in rule for port in rule["ports"]}
    assert anywhere == {(protocol, port) for protocol in ("UDP", "TCP") for port in (53, 5353)}


@RENDERED
def test_every_deployment_has_a_disruption_budget_and_an_account_without_a_token(path):
    documents = m.documents(path)
    for deployment in m.of_kind(documents, "Deployment"):
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        budgets = [b for b in m.of_kind(documents, "PodDisruptionBudget")
                   if b["spec"]["selector"]["matchLabels"].items() <= labels.items()]
        assert [b["spec"]["maxUnavailable"] for b in budgets] == [1]
        spec = m.pod_spec(deployment)
        account = m.one(documents, "ServiceAccount", spec["serviceAccountName"])
        assert account["automountServiceAccountToken"] is False
        assert spec["automountServiceAccountToken"] is False
        assert not m.of_kind(documents, "RoleBinding")


@WITH_BANYAN
def test_scripts_and_prometheus_find_the_pods(path):
    deployment = m.with_banyan(m.documents(path))
    (monitor,) = m.documents(m.DEPLOY / "monitoring/podmonitor.yaml")
    (expression,) = monitor["spec"]["selector"]["matchExpressions"]
    assert expression["key"] in deployment["spec"]["template"]["metadata"]["labels"]
    assert monitor["metadata"]["namespace"] == deployment["metadata"]["namespace"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["targetPort"] == m.port_of(m.banyan_config(m.documents(path))["health"]["bind"])


@WITH_BANYAN
def test_what_takes_traffic_over_can_be_applied_last(path):
    """Label by label: pods first, then the Services that lead to them, then what shuts the old way."""
    documents, base = m.documents(path), {key(d): d for d in m.rendered("base")}
    for document in documents:
        before = base.get(key(document))
        if before is None or before == document or document["kind"] not in ("Service", "NetworkPolicy"):
            continue
        if document["metadata"]["name"] == "shop-monolith" and path.stem.startswith("mtls"):
            continue  # its steps are those of test_manifests_mtls.py
        step = document["metadata"]["labels"]["banyan-step"]
        assert step == before["metadata"]["labels"]["banyan-step"]  # so that base can be applied so, too
        assert step == ("capture" if document["kind"] == "Service" else "close")


def key(document):
    return document["kind"], document["metadata"]["name"]


# ---- The end of a pod ---------------------------------------------------------------------------
@WITH_BANYAN
def test_the_grace_period_covers_the_whole_way_out(path):
    config = m.banyan_config(m.documents(path))
    deployment = m.with_banyan(m.documents(path))
    delay, timeout = (m.grace_seconds(config["drain"][key]) for key in ("delay", "timeout"))
    response = m.grace_seconds(config["timeouts"]["response"])
    grace = m.pod_spec(deployment)["terminationGracePeriodSeconds"]
    banyan = m.container(deployment, "banyan")
    if path.stem == "gateway":
        assert timeout > response
        assert grace > delay + timeout
        return
    assert banyan["restartPolicy"] == "Always" and banyan in m.pod_spec(deployment)["initContainers"]
    pause = m.container(deployment, "app")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert banyan["lifecycle"]["preStop"]["exec"]["command"] == ["banyan", "drain"]
    assert pause >= delay  # it counts from the drain, so it is over when the app has ended
    assert grace > pause + response + timeout


@WITH_BANYAN
def test_one_slow_answer_of_a_probe_takes_no_pod_away(path):
    config = m.banyan_config(m.documents(path))
    banyan = m.container(m.with_banyan(m.documents(path)), "banyan")
    for name in ("readinessProbe", "livenessProbe"):
        probe = banyan[name]
        assert probe["timeoutSeconds"] >= 2
        assert probe.get("failureThreshold", 3) >= 3
    # Where the kubelet restarts it, no deletion takes the endpoint away: the probe has to, within the delay.
    probe = banyan["readinessProbe"]
    assert 2 * probe["periodSeconds"] * probe["failureThreshold"] <= m.grace_seconds(
        config["drain"]["delay"])


# ---- The restricted Pod Security level ----------------------------------------------------------
def unrestricted(spec):
    """What the restricted level of the Pod Security Standards would not let in."""
    found = [key for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    found += [v["name"] for v in spec.get("volumes", [])
              if not {"configMap", "secret", "emptyDir", "projected"} & set(v)]
    outer = spec.get("securityContext", {})
    for one in spec.get("initContainers", []) + spec["containers"]:
        inner = one.get("securityContext", {})
        either = {**outer, **inner}
        checks = {
            "escalation": inner.get("allowPrivilegeEscalation") is False,
            "privileged": not inner.get("privileged"),
            "capabilities": inner.get("capabilities", {}).get("drop") == ["ALL"]
                            and not inner["capabilities"].get("add"),
            "non-root": either.get("runAsNonRoot") is True and either.get("runAsUser", 1) != 0,
            "seccomp": either.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "host port": not any("hostPort" in port for port in one.get("ports", [])),
            # Not asked for by the level, but by us.
            "read-only": inner.get("readOnlyRootFilesystem") is True,
        }
        found += [f"{one['name']}: {name}" for name, holds in checks.items() if not holds]
    return found


@RENDERED
def test_pods_are_what_the_restricted_level_asks_for(path):
    allowed = ["capture: capabilities", "capture: non-root"] if path.stem == "iptables" else []
    for deployment in m.of_kind(m.documents(path), "Deployment"):
        expected = allowed if deployment["metadata"]["name"] == "orders-legacy" else []
        assert unrestricted(m.pod_spec(deployment)) == expected


@pytest.mark.parametrize("key", ["allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem"])
def test_a_pod_that_lacks_one_of_these_is_found(key):
    deployment = copy.deepcopy(m.with_banyan(m.rendered("sidecar")))
    del m.container(deployment, "banyan")["securityContext"][key]
    assert len(unrestricted(m.pod_spec(deployment))) == 1


@WITH_BANYAN
def test_banyan_runs_as_the_user_of_its_image_within_limits(path):
    deployment = m.with_banyan(m.documents(path))
    banyan = m.container(deployment, "banyan")
    context = {**m.pod_spec(deployment)["securityContext"], **banyan["securityContext"]}
    assert (context["runAsUser"], context["runAsGroup"]) == (65532, 65532)
    assert set(banyan["resources"]["requests"]) == {"cpu", "memory"}
    assert set(banyan["resources"]["limits"]) == {"memory"}

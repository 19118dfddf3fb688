"""deploy/k8s/rollback.sh and reports.sh over several processes, with a stand-in for kubectl."""
import json
import resource
import shutil
import signal
import subprocess

import pytest

from support import manifests as m
from support.kubectl import Cluster
from support.proxy import ROOT, Banyan, binary, configuration, migration
from support.upstream import answer
from support.wait import eventually

ROLLBACK = ROOT / "deploy/k8s/rollback.sh"
REPORTS = ROOT / "deploy/k8s/reports.sh"
USER = [("x-user-id", "ada")]
TO_LEGACY = {"direction": "to_legacy"}  # the monolith serves everybody here
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

    def start(self, name, late=False, **keys):
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
        self.cluster.add_pod(name, self.pods[name].admin_url, late)
        return self.pods[name]

    def mount(self, folder):
        for name, text in self.configmap().items():
            (folder / "flags" / name).write_text(text)

    def configmap(self):
        return self.cluster.read()["configmap"]["data"]

    def arms(self, target="/shop/item"):
        return {name: pod.fetch(target, headers=USER).served_by for name, pod in self.pods.items()}

    def roll_back(self, *arguments):
        return self.cluster.run(ROLLBACK, *arguments)


@pytest.fixture
def workload(tmp_path, legacy, monolith):
    made = Workload(tmp_path, legacy, monolith)
    yield made
    for pod in made.pods.values():
        pod.stop()


def test_every_pod_and_every_pod_to_come_are_on_legacy(workload):
    for name in ("a", "b", "c"):
        workload.start(name)
    assert set(workload.arms().values()) == {"monolith"}
    done = workload.roll_back("shop", "--reason", "prices are wrong")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("pod/")] == [
        "pod/a: done", "pod/b: done", "pod/c: done"]
    assert workload.arms() == dict.fromkeys("abc", "legacy")
    workload.start("d")  # begins with what the ConfigMap holds now, and with no latch
    assert workload.arms() == dict.fromkeys("abcd", "legacy")
    assert workload.pods["d"].status()["latch"] is None
    assert set(workload.arms("/cart/1").values()) == {"monolith"}  # another flag
    assert workload.pods["a"].status()["latch"]["reason"] == "prices are wrong"


def test_a_pod_that_comes_meanwhile_is_asked_as_well(workload):
    workload.start("a")
    workload.start("b", late=True)
    done = workload.roll_back("shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert workload.arms() == {"a": "legacy", "b": "legacy"}


def test_one_pod_that_can_not_be_asked_holds_nobody_back(workload):
    for name in ("a", "b", "c"):
        workload.start(name)
    workload.pods["b"].kill()
    done = workload.roll_back("shop")
    assert done.returncode == 1
    said = [line for line in done.stdout.splitlines() if line.startswith("pod/")]
    assert said == ["pod/a: done", "pod/b: FAILED", "pod/c: done"]
    del workload.pods["b"]
    workload.start("d")
    assert workload.arms() == dict.fromkeys("acd", "legacy")


def test_a_pod_that_does_not_answer_holds_nobody_back(workload):
    for name in ("a", "b"):
        workload.start(name)
    workload.pods["a"].signal(signal.SIGSTOP)
    try:
        done = workload.roll_back("shop", "--timeout", "3")
    finally:
        workload.pods["a"].signal(signal.SIGCONT)
    assert done.returncode == 1
    assert "pod/a: FAILED, no answer in 3 s" in done.stdout and "pod/b: done" in done.stdout
    assert workload.arms()["b"] == "legacy"
    assert set(json.loads(workload.configmap()["rollback.json"])["flags"]) == {"shop"}


def test_a_rollback_that_a_pod_can_not_write_down_is_told(workload):
    workload.start("a")
    pod = workload.start("b").process.pid
    before = resource.prlimit(pod, resource.RLIMIT_FSIZE)
    resource.prlimit(pod, resource.RLIMIT_FSIZE, (0, before[1]))
    done = workload.roll_back("shop")
    resource.prlimit(pod, resource.RLIMIT_FSIZE, before)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "pod/a: done" in done.stdout
    assert "pod/b: in force, but not on its disk" in done.stdout
    assert workload.arms() == {"a": "legacy", "b": "legacy"}


def test_all_flags(workload):
    workload.start("a")
    done = workload.roll_back("--all")
    assert done.returncode == 0, done.stdout + done.stderr
    workload.start("b")
    assert set(workload.arms().values()) | set(workload.arms("/cart/1").values()) == {"legacy"}


def test_flags_that_are_rolled_back_already_stay_so(workload):
    workload.start("a")
    assert workload.roll_back("cart").returncode == 0
    before = workload.configmap()["flags.json"]
    with workload.cluster.changed() as state:
        state["conflicts"] = 1  # somebody else writes the ConfigMap at the same time
    done = workload.roll_back("shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(json.loads(workload.configmap()["rollback.json"])["flags"]) == {"cart", "shop"}
    assert workload.configmap()["flags.json"] == before


def test_a_configmap_that_can_not_be_written_is_told(workload):
    workload.start("a")
    with workload.cluster.changed() as state:
        state["conflicts"] = 3
    done = workload.roll_back("shop")
    assert done.returncode == 1
    assert "pods to come would not know" in done.stdout
    assert workload.arms() == {"a": "legacy"}


def test_rearming_goes_the_other_way(workload):
    for name in ("a", "b"):
        workload.start(name)
    assert workload.roll_back("shop", "cart").returncode == 0
    done = workload.roll_back("--rearm", "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(json.loads(workload.configmap()["rollback.json"])["flags"]) == {"cart"}
    for pod in workload.pods.values():  # the kubelet brings the ConfigMap
        workload.mount(pod.dir)
        assert pod.cli("reload").returncode == 0
    assert workload.arms() == {"a": "monolith", "b": "monolith"}
    assert set(workload.arms("/cart/1").values()) == {"legacy"}


@pytest.mark.parametrize("arguments, code, said", [
    ([], 2, "no flag is named"), (["--all", "shop"], 2, "either flags or --all"),
    (["--nonsense"], 2, "unknown option"), (["--reason"], 2, "takes a value"),
    (['x"y'], 2, "not the name of a flag"), (["--timeout", "soon", "shop"], 2, "not a number"), (["shop"], 1, "no running pod")])
def test_what_makes_no_sense_does_nothing(workload, arguments, code, said):
    before = workload.configmap()
    done = workload.roll_back(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert workload.configmap() == before


def test_a_flag_that_nobody_follows_is_told_and_nothing_is_written(workload):
    workload.start("a")
    before = workload.configmap()
    done = workload.roll_back("shpo")
    assert done.returncode == 1
    assert "no pod follows shpo" in done.stderr
    assert workload.configmap() == before


# ---- reports.sh ---------------------------------------------------------------------------------
@pytest.fixture
def with_banyan(tmp_path):
    """A folder with the command `banyan`."""
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "banyan").symlink_to(binary())
    return str(folder)


def compare(pod, monolith, count):
    """So many pairs that differ."""
    monolith.behaviour = answer(body=b"other\n")
    for _ in range(count):
        pod.fetch(headers=USER)
    eventually(lambda: pod.report()["readiness"]["compared"] == count, "the pairs were compared")


def merged(done):
    assert done.returncode in (0, 1), done.stderr
    return next(one for one in json.loads(done.stdout)["migrations"] if one["name"] == "shop")


def test_the_report_of_all_pods_is_the_sum(workload, monolith, with_banyan, tmp_path):
    for count, name in enumerate("abc", 1):
        compare(workload.start(name, readiness=TO_LEGACY), monolith, count)
    done = workload.cluster.run(REPORTS, "--keep", tmp_path / "kept", "--format", "json",
                                path=with_banyan)
    assert done.returncode == 0, done.stderr
    assert merged(done)["readiness"]["compared"] == 1 + 2 + 3
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [
        "a.json", "b.json", "c.json"]


def test_a_pod_without_a_report_is_told_and_the_others_are_merged(workload, monolith, with_banyan,
                                                                  tmp_path):
    compare(workload.start("a", readiness=TO_LEGACY), monolith, 2)
    workload.start("b").kill()
    del workload.pods["b"]
    done = workload.cluster.run(REPORTS, "--keep", tmp_path / "kept", "--format", "json",
                                path=with_banyan)
    assert done.returncode == 1
    assert "pod/b: NO REPORT" in done.stderr
    assert merged(done)["readiness"]["compared"] == 2
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["a.json"]


def test_without_a_banyan_here_the_files_are_left(workload, tmp_path):
    workload.start("a")
    done = workload.cluster.run(REPORTS, "--keep", tmp_path / "kept")
    assert done.returncode == 0
    assert done.stdout == ""
    assert f"banyan report merge {tmp_path}/kept/a.json" in done.stderr


@pytest.mark.parametrize("command, options", [
    (["get"], ["--selector", "--field-selector", "--output"]),
    (["patch"], ["--type", "--field-manager", "--patch"]), (["exec"], ["--container"])])
def test_the_real_kubectl_knows_what_the_stand_in_takes(command, options):
    if shutil.which("kubectl") is None:
        pytest.skip("NOT TESTED that kubectl knows these options: no kubectl")
    text = subprocess.run(["kubectl", *command, "--help"], capture_output=True, text=True,
                          check=True).stdout
    for option in options:
        assert f"{option}=" in text, option

"""deploy/k8s/rollback.sh over several processes, with a stand-in for kubectl."""
import json
import resource
import shutil
import signal
import subprocess

import pytest

from support.proxy import ROOT


def roll_back(workload, *arguments):
    return workload.cluster.run(ROOT / "deploy/k8s/rollback.sh", *arguments)


def test_every_pod_and_every_pod_to_come_are_on_legacy(workload):
    for name in ("a", "b", "c"):
        workload.start(name)
    assert set(workload.arms().values()) == {"monolith"}
    done = roll_back(workload, "shop", "--reason", "prices are wrong")
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
    done = roll_back(workload, "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert workload.arms() == {"a": "legacy", "b": "legacy"}


def test_one_pod_that_can_not_be_asked_holds_nobody_back(workload):
    for name in ("a", "b", "c"):
        workload.start(name)
    workload.pods["b"].kill()
    done = roll_back(workload, "shop")
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
        done = roll_back(workload, "shop", "--timeout", "3")
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
    done = roll_back(workload, "shop")
    resource.prlimit(pod, resource.RLIMIT_FSIZE, before)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "pod/a: done" in done.stdout
    assert "pod/b: in force, but not on its disk" in done.stdout
    assert workload.arms() == {"a": "legacy", "b": "legacy"}


def test_all_flags_of_pods_that_follow_different_ones(workload):
    workload.start("a")
    one = workload.start("of-another-service", flag="cart")  # does not know the flag `shop`
    assert "shop" not in one.cli("flag", "list").stdout.split()
    done = roll_back(workload, "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(json.loads(workload.configmap()["rollback.json"])["flags"]) == {"shop", "cart"}
    workload.start("b")
    assert set(workload.arms().values()) | set(workload.arms("/cart/1").values()) == {"legacy"}


def test_flags_that_are_rolled_back_already_stay_so(workload):
    workload.start("a")
    assert roll_back(workload, "cart").returncode == 0
    before = workload.configmap()["flags.json"]
    with workload.cluster.changed() as state:
        state["conflicts"] = 1  # somebody else writes the ConfigMap at the same time
    done = roll_back(workload, "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(json.loads(workload.configmap()["rollback.json"])["flags"]) == {"cart", "shop"}
    assert workload.configmap()["flags.json"] == before


def test_a_configmap_that_can_not_be_written_is_told(workload):
    workload.start("a")
    with workload.cluster.changed() as state:
        state["conflicts"] = 3
    done = roll_back(workload, "shop")
    assert done.returncode == 1
    assert "pods to come would not know" in done.stdout
    assert workload.arms() == {"a": "legacy"}


def test_rearming_goes_the_other_way(workload):
    for name in ("a", "b"):
        workload.start(name)
    assert roll_back(workload, "shop", "cart").returncode == 0
    done = roll_back(workload, "--rearm", "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(json.loads(workload.configmap()["rollback.json"])["flags"]) == {"cart"}
    for pod in workload.pods.values():  # the kubelet brings the ConfigMap
        workload.mount(pod.dir)
        assert pod.cli("reload").returncode == 0
    assert workload.arms() == {"a": "monolith", "b": "monolith"}
    assert set(workload.arms("/cart/1").values()) == {"legacy"}


@pytest.mark.parametrize("arguments, code, said", [
    ([], 2, "no flag is named"), (["--all", "shop"], 2, "either flags or --all"),
    (["--all", "--rearm"], 2, "name the flags"),
    (["--nonsense"], 2, "unknown option"), (["--reason"], 2, "takes a value"),
    (['x"y'], 2, "not the name of a flag"), (["--timeout", "soon", "shop"], 2, "not a number"),
    (["shop"], 1, "no running pod")])
def test_what_makes_no_sense_does_nothing(workload, arguments, code, said):
    before = workload.configmap()
    done = roll_back(workload, *arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert workload.configmap() == before


def test_a_flag_that_nobody_follows_is_told_and_nothing_is_written(workload):
    workload.start("a")
    before = workload.configmap()
    done = roll_back(workload, "shpo")
    assert done.returncode == 1
    assert "no pod follows shpo" in done.stderr
    assert workload.configmap() == before


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

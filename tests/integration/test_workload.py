"""deploy/k8s/rollback.sh over several processes, with a stand-in for kubectl."""
import json
import os
import resource
import signal
import subprocess

import pytest

from support import manifests as m
from support.proxy import ROOT

SCRIPTS = [ROOT / "deploy/k8s/rollback.sh", ROOT / "deploy/k8s/reports.sh"]


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
    workload.start("b", seen={"listed_after": 1})
    done = roll_back(workload, "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert workload.arms() == {"a": "legacy", "b": "legacy"}


@pytest.mark.parametrize("native", [True, False])
def test_a_pod_that_is_pending_while_its_banyan_runs_is_asked(workload, native):
    workload.start("a")
    workload.start("b", seen={"phase": "Pending", "native": native})
    done = roll_back(workload, "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert workload.arms() == {"a": "legacy", "b": "legacy"}


def test_a_pod_that_is_about_to_start_is_waited_for_and_asked(workload):
    workload.start("a")
    workload.start("b", seen={"runs_after": 3})  # with the ConfigMap as it was when its volume was made
    done = roll_back(workload, "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert workload.arms() == {"a": "legacy", "b": "legacy"}


def test_a_pod_that_does_not_start_is_told_and_the_others_are_on_legacy(workload):
    workload.start("a")
    workload.start("b", seen={"runs_after": 1000})
    done = roll_back(workload, "shop", "--timeout", "2")
    assert done.returncode == 1
    assert "pod/b: NOT KNOWN" in done.stdout
    assert workload.arms()["a"] == "legacy"
    assert list(workload.rolled_back()) == ["shop"]


@pytest.mark.parametrize("seen", [{"node": None}, {"phase": "Succeeded"}, {"phase": "Failed"},
                                  {"runs_after": 1000, "deleted": True}], ids=str)
def test_a_pod_that_has_no_node_yet_or_will_not_run_is_not_waited_for(workload, seen):
    workload.start("a")
    workload.cluster.add_pod("b", "http://127.0.0.1:1", **seen)
    done = roll_back(workload, "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pod/b" not in done.stdout


def test_a_pod_that_ends_is_asked(workload):
    workload.start("a", seen={"deleted": True})
    assert roll_back(workload, "shop").returncode == 0
    assert workload.arms() == {"a": "legacy"}


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
    assert set(workload.rolled_back()) == {"shop"}


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
    assert set(workload.rolled_back()) == {"shop", "cart"}
    workload.start("b")
    assert set(workload.arms().values()) | set(workload.arms("/cart/1").values()) == {"legacy"}


def test_the_ramp_of_a_pod_to_come_does_not_go_up(workload):
    workload.start("a", ramp={"steps": [100], "hold": "1h"})
    assert workload.pods["a"].cli("ramp", "skip", "shop").returncode == 0
    assert workload.arms() == {"a": "monolith"}
    assert roll_back(workload, "shop").returncode == 0
    workload.start("b", ramp={"steps": [100], "hold": "1h"})
    assert workload.pods["b"].cli("ramp", "skip", "shop").returncode == 1
    assert workload.arms() == {"a": "legacy", "b": "legacy"}


def test_flags_that_are_rolled_back_already_stay_so(workload):
    workload.start("a")
    assert roll_back(workload, "cart").returncode == 0
    before = workload.configmap()["flags.json"]
    with workload.cluster.changed() as state:
        state["conflicts"] = 1  # somebody else writes the ConfigMap at the same time
    done = roll_back(workload, "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(workload.rolled_back()) == {"cart", "shop"}
    assert workload.configmap()["flags.json"] == before


ENTRY = '"%s": {"state": "DISABLED", "variants": {"legacy": "legacy"}, "defaultVariant": "legacy"}'


def written(*flags):
    return '{"flags": {\n' + ",\n".join(ENTRY % flag for flag in flags) + "\n}}\n"


def test_a_rollback_of_another_flag_at_the_same_time_is_kept(workload):
    workload.start("a")
    with workload.cluster.changed() as state:
        state["meanwhile"] = written("cart")
    done = roll_back(workload, "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(workload.rolled_back()) == {"cart", "shop"}


@pytest.mark.parametrize("text", [
    json.dumps(json.loads(written("cart")), indent=2), written("cart").replace("\n", "\r\n"),
    json.dumps(json.loads(written("cart")), separators=(",", ":"))])
def test_what_this_script_wrote_is_read_in_any_spacing(workload, text):
    workload.start("a")
    workload.write("rollback.json", text)
    done = roll_back(workload, "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert workload.configmap()["rollback.json"] == written("cart", "shop")


@pytest.mark.parametrize("text", [
    written("cart").replace("DISABLED", "ENABLED"), written("cart").replace('"cart"', '"ca rt"'),
    written("cart").replace("}}\n", '}, "$evaluators": {}}\n'), '{"flags": {}} "', "", None,
    '{"flags": {"cart": {"state": "ENABLED", "variants": {"a": "legacy"}, "defaultVariant": "a"}}}',
    written("cart").replace('"variants"', '"metadata": {"why": "prices"}, "variants"')])
@pytest.mark.parametrize("arguments", [["shop"], ["--rearm", "shop"]], ids=" ".join)
def test_what_somebody_else_wrote_is_left_and_told(workload, text, arguments):
    workload.start("a")
    workload.write("rollback.json", text)
    done = roll_back(workload, *arguments)
    assert done.returncode == 1
    assert workload.configmap().get("rollback.json") == text
    assert "not what this script writes, and was left as it is" in done.stdout
    if arguments == ["shop"]:
        assert workload.arms() == {"a": "legacy"}
        assert ENTRY % "shop" in done.stdout  # what is to be put there by hand


def test_a_configmap_that_can_not_be_written_is_told(workload):
    workload.start("a")
    with workload.cluster.changed() as state:
        state["conflicts"] = 99
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
    assert set(workload.rolled_back()) == {"cart"}
    for pod in workload.pods.values():  # the kubelet brings the ConfigMap
        workload.mount(pod.dir)
        assert pod.cli("reload").returncode == 0
    assert workload.arms() == {"a": "monolith", "b": "monolith"}
    assert set(workload.arms("/cart/1").values()) == {"legacy"}


def test_when_nothing_is_rolled_back_any_more_the_configmap_is_as_it_was_shipped(workload):
    workload.start("a")
    assert roll_back(workload, "shop").returncode == 0
    assert roll_back(workload, "--rearm", "shop").returncode == 0
    for overlay in ("sidecar", "gateway"):  # so that applying that is no conflict
        shipped = m.config_map(m.rendered(overlay), "banyan-flags")["rollback.json"]
        assert workload.configmap()["rollback.json"] == shipped


@pytest.mark.parametrize("looks", [1, 99])
def test_pods_that_can_not_be_listed_do_not_hold_back_those_to_come(workload, looks):
    workload.start("a")
    with workload.cluster.changed() as state:
        state["unlisted"] = looks
    done = roll_back(workload, "shop")
    assert done.returncode == 1
    assert "the pods can not be listed" in done.stdout
    assert set(workload.rolled_back()) == {"shop"}
    assert workload.arms()["a"] == ("legacy" if looks == 1 else "monolith")


def test_where_no_pod_runs_those_to_come_are_on_legacy_and_it_is_told(workload):
    done = roll_back(workload, "shop")
    assert done.returncode == 1
    assert "no pod with the label(s) banyan runs" in done.stdout
    assert set(workload.rolled_back()) == {"shop"}
    workload.start("a")
    assert workload.arms() == {"a": "legacy"}


@pytest.mark.parametrize("arguments, code, said", [
    ([], 2, "no flag is named"), (["--all", "shop"], 2, "either flags or --all"),
    (["--all", "--rearm"], 2, "name the flags"),
    (["--nonsense"], 2, "unknown option"), (["--reason"], 2, "takes a value"),
    (['x"y'], 2, "not the name of a flag"), (["--timeout", "soon", "shop"], 2, "not a number"),
    (["--container", 'x")]', "shop"], 2, "not the name of a container"),
    (["--all"], 1, "no pod says which flags there are"),
    (["--rearm", "shop"], 1, "no pod with the label(s) banyan runs")])
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


# ---- What the scripts need ----------------------------------------------------------------------
@pytest.fixture
def tools(tmp_path):
    """tools("timeout"): a folder with all programs of this machine but these."""
    def but(*missing):
        folder = tmp_path / "some-tools"
        folder.mkdir()
        for program in os.scandir("/usr/bin"):
            if program.name not in (*missing, "kubectl"):
                (folder / program.name).symlink_to(program.path)
        return folder
    return but


def run_with(workload, script, folder, *arguments):
    environment = {**workload.cluster.environment(), "PATH": f"{workload.cluster.bin}:{folder}"}
    return subprocess.run([folder / "bash", script, *arguments], capture_output=True, text=True,
                          timeout=120, stdin=subprocess.DEVNULL, env=environment, check=False)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_without_a_program_that_is_needed_it_is_said_and_nothing_done(workload, tools, script):
    folder = tools("timeout", "gtimeout")
    arguments = ["shop"] if script.stem == "rollback" else []
    done = run_with(workload, script, folder, *arguments)
    assert done.returncode == 2
    assert "needs timeout of GNU coreutils" in done.stderr
    (workload.cluster.bin / "kubectl").rename(workload.cluster.bin / "elsewhere")
    done = run_with(workload, script, folder, *arguments)
    assert done.returncode == 2
    assert "needs kubectl" in done.stderr


def test_gtimeout_does_as_well(workload, tools):
    workload.start("a")
    folder = tools("timeout", "gtimeout")
    (folder / "gtimeout").symlink_to("/usr/bin/timeout")
    done = run_with(workload, SCRIPTS[0], folder, "shop")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version, works", [((3, 2), False), ((4, 3), False), ((4, 4), True), ((5, 0), True)])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_old_bash_is_refused(tmp_path, script, version, works):
    before, _, after = script.read_text().partition("\n")
    played = tmp_path / script.name
    played.write_text(f"{before}\nPLAYED=({version[0]} {version[1]})\n"
                      + after.replace("BASH_VERSINFO", "PLAYED"))
    done = subprocess.run(["bash", played, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == (0 if works else 2)
    assert ("needs bash 4.4 or newer" in done.stderr) is not works

"""rollback.sh with the real kubectl, in front of a stand-in for the API server; only `exec` is played."""
import json
import shutil
import subprocess

import pytest

from support.apiserver import FLAGS, PODS, ApiServer
from support.proxy import ROOT


@pytest.fixture
def server(workload, tmp_path):
    real = shutil.which("kubectl")
    if real is None:
        pytest.skip("NOT TESTED with the real kubectl: it is not here")
    played = workload.cluster.bin / "kubectl"
    played.rename(workload.cluster.bin / "kubectl-exec")
    with ApiServer(workload.cluster) as started:
        played.write_text("#!/bin/bash\n"
                          'if [[ " $* " == *" exec "* ]]; then exec kubectl-exec "$@"; fi\n'
                          f'HOME={tmp_path} KUBECONFIG= exec {real} --server {started.url} "$@"\n')
        played.chmod(0o755)
        yield started


def roll_back(workload, *arguments):
    return workload.cluster.run(ROOT / "deploy/k8s/rollback.sh", "--namespace", "shop", *arguments)


def test_what_the_script_asks_kubectl_for_is_what_it_gets(workload, server):
    workload.start("a")
    workload.start("b", seen={"native": False})
    workload.start("c", seen={"runs_after": 2})
    workload.cluster.add_pod("no-node", "http://127.0.0.1:1", node=None)
    workload.cluster.add_pod("ended", "http://127.0.0.1:1", phase="Succeeded")
    workload.cluster.add_pod("ends", "http://127.0.0.1:1", runs_after=1000, deleted=True)
    done = roll_back(workload, "shop", "--selector", "banyan=sidecar")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("pod/")] == [
        "pod/a: done", "pod/b: done", "pod/c: done"]
    assert set(workload.rolled_back()) == {"shop"}
    looks = [parameters for path, parameters in server.asked if path == PODS]
    assert looks[0]["labelSelector"] == "banyan=sidecar"
    assert ("fieldManager", "banyan-rollback") in [
        one for path, parameters in server.asked if path == FLAGS for one in parameters.items()]


def test_somebody_who_is_faster_is_noticed(workload, server):
    workload.start("a")
    assert roll_back(workload, "cart").returncode == 0
    cart = workload.configmap()["rollback.json"]
    assert roll_back(workload, "--rearm", "cart").returncode == 0
    assert workload.configmap()["rollback.json"] == '{"flags": {}}\n'
    with workload.cluster.changed() as state:
        state["meanwhile"] = cart
    done = roll_back(workload, "shop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(workload.rolled_back()) == {"cart", "shop"}


def test_the_command_that_is_told_copies_the_live_key(workload, server, tmp_path):
    workload.start("a")
    done = roll_back(workload, "shop")
    (command,) = [line for line in done.stdout.splitlines() if ">rollback.json" in line]
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True,
                   env=workload.cluster.environment())
    assert (tmp_path / "rollback.json").read_text() == workload.configmap()["rollback.json"]
    assert set(json.loads((tmp_path / "rollback.json").read_text())["flags"]) == {"shop"}

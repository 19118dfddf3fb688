"""deploy/k8s/reports.sh over several processes, with a stand-in for kubectl."""
import json

import pytest

from support.proxy import ROOT, binary
from support.upstream import answer
from support.wait import eventually
from support.workload import USER

REPORTS = ROOT / "deploy/k8s/reports.sh"
TO_LEGACY = {"direction": "to_legacy"}  # the monolith serves everybody here


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

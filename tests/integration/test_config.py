"""Configurations at start: every problem in one pass, with its place; good ones run."""
import json
import re
import subprocess

from support.proxy import ROOT, Banyan, cli
from support.wait import eventually

MANY_PROBLEMS = """\
workers: many
listeners:
  - name: ingress
    bind: "nowhere"
upstreams:
  shop-legacy: { endpoints: ["127.0.0.1:9001"] }
migratons: []
migrations:
  - name: shop
    match: [ { path_prefix: /shop } ]
    legacy: shop-legacy
    monolith: shop-monolit
    shadow: { sampel: 10, sample: 101 }
flags:
  shop: 5
  shop: 6
"""
EXPECTED = ["workers", "listeners[0].bind", "migratons", "migrations[0].monolith", "sampel",
            "migrations[0].shadow.sample", "flags.shop"]


def write(tmp_path, text):
    file = tmp_path / "banyan.yaml"
    file.write_text(text)
    return file


def test_every_problem_is_told_in_one_pass_with_its_place(tmp_path):
    file = write(tmp_path, MANY_PROBLEMS)
    for command in (["validate", file], ["run", "-c", file]):
        done = cli(*command)
        assert done.returncode == 1, command
        for part in EXPECTED:
            assert part in done.stderr, (command, part, done.stderr)
        assert 'did you mean "sample"?' in done.stderr
        place = re.search(r"banyan\.yaml:13:\d+: error: migrations\[0\]\.shadow\.sampel: ", done.stderr)
        assert place, done.stderr
        lines = done.stderr.splitlines()
        at = next(i for i, line in enumerate(lines) if "shadow.sampel" in line)
        column = int(re.search(r":13:(\d+):", lines[at])[1])
        assert lines[at + 1].strip() == MANY_PROBLEMS.splitlines()[12].strip()
        assert lines[at + 2].index("^") == lines[at + 1].index("sampel")
        assert MANY_PROBLEMS.splitlines()[12].index("sampel") == column - 1


def test_broken_yaml_has_a_place(tmp_path):
    done = cli("validate", write(tmp_path, "flags: { shop: 5\nlisteners: [\n"))
    assert done.returncode == 1
    assert re.search(r"banyan\.yaml:\d+:\d+: error: ", done.stderr), done.stderr


def test_a_key_that_is_not_due_yet_is_unknown(tmp_path, config):
    done = cli("validate", write(tmp_path, json.dumps(config(0, guardrail={"teleport": True}))))
    assert done.returncode == 1
    assert "migrations[0].guardrail.teleport" in done.stderr


def test_a_good_file_is_said_to_be_good(tmp_path, config):
    done = cli("validate", write(tmp_path, json.dumps(config(0))))
    assert done.returncode == 0, done.stderr


def test_a_file_that_is_not_there(tmp_path):
    for command in (["validate", tmp_path / "none"], ["run", "-c", tmp_path / "none"]):
        done = cli(*command)
        assert done.returncode == 1
        assert "none" in done.stderr


def test_hostile_files_end_with_problems_and_not_with_a_crash(tmp_path):
    deep = "a: " + "[" * 100_000
    aliases = "a: &a [x,x]\n" + "".join(f"{c}: &{c} [*{p},*{p},*{p}]\n"
                                        for p, c in zip("abcdefghi", "bcdefghij"))
    for text in ("", "\0", "\xff", "[]", "null", "- a", deep, aliases, "a: b: c", "a:\n\tb: 1\n",
                 "? [a]\n: b\n", "listeners: {}\n", "migrations: [1, null, []]\n",
                 "flags: {shop: 1e400}\n", "flags: {shop: .nan}\n", "workers: 99999999999999\n"):
        done = cli("validate", write(tmp_path, text), timeout_s=20)
        assert done.returncode == 1, (text[:40], done.stdout, done.stderr[-500:])
        assert done.stderr


def test_the_state_directory_is_locked_by_one_process(banyan, tmp_path):
    proxy = banyan()
    done = cli("run", "-c", proxy.file)
    assert done.returncode == 1
    assert "state" in done.stderr


def runs_on_a_taken_port(config, tmp_path, address):
    file = tmp_path / "other.yaml"
    file.write_text(json.dumps(config(0, top={
        "listeners": [{"name": "ingress", "bind": address}],
        "state_dir": str(tmp_path / "other")})))
    try:
        done = cli("run", "-c", file, timeout_s=5)
    except subprocess.TimeoutExpired:
        return True
    assert done.returncode == 1
    assert "ingress" in done.stderr and "in use" in done.stderr
    return False


def test_a_port_that_another_program_has_is_exit_1(config, tmp_path, legacy):
    assert not runs_on_a_taken_port(config, tmp_path, legacy.address)


def test_a_port_that_another_banyan_has_is_exit_1(banyan, config, tmp_path):
    """Sharing it in silence would give each of them a part of the users."""
    assert not runs_on_a_taken_port(config, tmp_path, banyan().address)


def readme_config():
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert len(blocks) == 1, "the README has one configuration"
    return blocks[0]


def test_the_readme_s_configuration_is_valid(tmp_path):
    text = readme_config()
    assert len(text.splitlines()) <= 12
    done = cli("validate", write(tmp_path, text))
    assert done.returncode == 0, done.stderr


def test_the_readme_s_configuration_runs(tmp_path, legacy, monolith):
    text = readme_config()
    for old, new in (("127.0.0.1:9001", legacy.address), ("127.0.0.1:9002", monolith.address),
                     ("0.0.0.0:8080", "127.0.0.1:0")):
        assert old in text
        text = text.replace(old, new)
    text += (f"state_dir: {tmp_path}/state\nadmin: {{ bind: '127.0.0.1:0' }}\n"
             "health: { bind: '127.0.0.1:0' }\n")
    with Banyan(tmp_path, text) as proxy:
        answers = [proxy.fetch("/orders/1", headers=[("x-user-id", f"user-{i}")])
                   for i in range(100)]
        assert {a.status for a in answers} == {200}
        assert {a.served_by for a in answers} == {"legacy", "monolith"}


def test_example_configurations_are_valid():
    examples = sorted((ROOT / "config/examples").glob("*.yaml"))
    for example in examples:
        done = cli("validate", "--no-files", example)
        assert done.returncode == 0, (example, done.stderr)


def test_a_second_signal_ends_at_once(banyan, legacy):
    from support.upstream import hang
    import signal
    legacy.behaviour = hang
    proxy = banyan(top={"drain": {"delay": "20s", "timeout": "20s"}})
    with proxy.connect() as connection:
        connection.send(b"GET /shop/hang HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: legacy.requests, "it has begun")
        proxy.signal(signal.SIGTERM)
        eventually(lambda: proxy.api("/readyz").status == 503, "draining")
        proxy.signal(signal.SIGTERM)
        try:
            assert proxy.process.wait(timeout=10) == 1
        except subprocess.TimeoutExpired:
            raise AssertionError("a second signal does not end it") from None


def test_validate_with_c_says_how_it_is_done(tmp_path):
    done = cli("validate", "-c", tmp_path / "banyan.yaml")
    assert done.returncode == 2
    assert f"banyan validate {tmp_path / 'banyan.yaml'}" in done.stderr
    assert "-c" not in cli("validate", "--help").stdout

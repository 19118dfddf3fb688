"""The admin side as an operator meets it: tokens, sockets, events; and that nothing is lost."""
import json
import os
import random
import socket
import threading

import pytest

from support.http import Connection, fetch
from support.load import Load
from support.metrics import total
from support.proxy import Banyan, cli, migration
from support.wait import eventually

USER = [("x-user-id", "user-1")]
ADMIN, OPERATE, READ = "token-of-ann", "token-of-deploy", "token-of-grafana"


@pytest.fixture
def tokens(tmp_path):
    path = tmp_path / "tokens"
    path.write_text(f"# who may\nann admin {ADMIN}\ndeploy operate {OPERATE}\n"
                    f"grafana read {READ}\n")
    return path


def with_token(proxy, token, method="GET", path="/v1/status", body=None, **headers):
    lines = [("Host", "localhost"), *headers.items()]
    if token:
        lines.append(("Authorization", f"Bearer {token}"))
    return fetch(proxy.admin, path, method, lines, body)


# Tokens.

def test_with_a_token_file_loopback_needs_a_token_too(banyan, tokens, tmp_path):
    proxy = banyan(percent=100, top={"admin": {"bind": "127.0.0.1:0", "token_file": str(tokens)}})
    assert with_token(proxy, None).status == 401
    assert with_token(proxy, "wrong").status == 401
    assert with_token(proxy, READ).status == 200
    assert with_token(proxy, READ, "POST", "/v1/rollback").status == 403
    assert with_token(proxy, OPERATE, "POST", "/v1/reload").status == 403
    for path in ("/livez", "/readyz", "/metrics"):
        assert with_token(proxy, None, path=path).status == 200
    assert proxy.fetch(headers=USER).served_by == "monolith"

    assert proxy.cli("status").returncode == 1
    mine = tmp_path / "mine"
    mine.write_text(f"# for deployments\n{OPERATE}\n")
    done = proxy.cli("rollback", "shop", "--reason", "a test", "--token-file", mine)
    assert done.returncode == 0, done.stderr
    history = proxy.cli("status", "--history", "--format", "json", BANYAN_TOKEN_FILE=str(mine))
    entry = json.loads(history.stdout)["entries"][-1]
    assert entry["action"] == "rollback" and entry["who"].startswith("deploy"), entry


def test_tokens_are_read_again_at_a_reload_and_a_bad_file_changes_nothing(banyan, tokens):
    proxy = banyan(top={"admin": {"bind": "127.0.0.1:0", "token_file": str(tokens)}})
    tokens.write_text("ann admin\n")
    answer = with_token(proxy, ADMIN, "POST", "/v1/reload")
    assert answer.status == 422
    assert f"{tokens}:1:1: error: expected NAME ROLE TOKEN" in json.loads(answer.body)["problems"]
    assert with_token(proxy, READ).status == 200
    tokens.write_text("ann admin another-token\n")
    assert with_token(proxy, ADMIN, "POST", "/v1/reload").status == 200
    assert with_token(proxy, ADMIN).status == 401
    assert with_token(proxy, "another-token").status == 200


def test_a_token_file_is_checked_by_validate_with_its_place(config, tmp_path):
    missing = config(top={"admin": {"bind": "127.0.0.1:0", "token_file": "/nonexistent/tokens"}})
    file = tmp_path / "c.yaml"
    file.write_text(json.dumps(missing, indent=1))
    done = cli("validate", file)
    assert done.returncode == 1
    assert "admin.token_file: /nonexistent/tokens: No such file" in done.stderr
    assert f"{file}:" in done.stderr
    assert cli("validate", "--no-files", file).returncode == 0
    assert cli("run", "-c", file).returncode == 1


def test_an_allowed_host_is_answered(banyan):
    proxy = banyan(top={"admin": {"bind": "127.0.0.1:0", "allowed_hosts": ["shop.test"]}})
    for host, status in (("shop.test:9901", 200), ("other.test", 403)):
        assert fetch(proxy.admin, "/v1/status", headers=[("Host", host)]).status == status


# Where it listens.

def test_the_admin_api_on_a_unix_socket(banyan, tmp_path):
    path = tmp_path / "admin.sock"
    proxy = banyan(percent=100, top={"admin": {"bind": f"unix:{path}"}})
    assert proxy.admin == f"unix:{path}"
    assert (os.stat(path).st_mode & 0o777) == 0o600
    done = cli("rollback", "shop", "--admin", f"unix:{path}")
    assert done.returncode == 0, done.stderr
    assert proxy.fetch(headers=USER).served_by == "legacy"
    proxy.kill()
    assert path.exists()
    proxy.start()  # what was left behind is replaced
    assert cli("status", BANYAN_ADMIN=f"unix:{path}").returncode == 0
    proxy.stop()
    assert not path.exists()


def test_a_name_is_looked_up_by_the_command_line(banyan):
    proxy = banyan()
    port = proxy.admin.rsplit(":", 1)[1]
    assert cli("status", "--admin", f"http://localhost:{port}").returncode == 0
    assert cli("status", "--admin", f"http://ip4-loopback.invalid:{port}").returncode == 1


def test_a_second_process_on_one_state_dir_says_who_has_it(banyan, config, tmp_path):
    proxy = banyan()
    file = tmp_path / "second.yaml"
    file.write_text(json.dumps(config()))
    done = cli("run", "-c", file)
    assert done.returncode == 1
    assert f"another process uses it (process {proxy.process.pid})" in done.stderr


# ETags.

def test_two_operators_do_not_overwrite_each_other(banyan):
    proxy = banyan(percent=5)
    etag = proxy.api("/v1/flags/shop").header("etag")
    body = json.dumps({"percent": 10}).encode()
    put = lambda tag: fetch(proxy.admin, "/v1/flags/shop", "PUT", [("If-Match", tag)], body)  # noqa: E731
    assert put(etag).status == 200
    assert put(etag).status == 412
    assert proxy.percent() == 10
    assert fetch(proxy.admin, "/v1/rollback", "POST", [("If-Match", '"old"')], b"").status == 200


# Events.

class Listener(threading.Thread):
    """Collects (name, data) of /v1/events."""

    def __init__(self, address):
        super().__init__(daemon=True)
        host, port = address.rsplit(":", 1)
        self.sock = socket.create_connection((host, int(port)), timeout=30)
        self.sock.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.text = b""
        self.start()

    def run(self):
        try:
            while some := self.sock.recv(65536):
                self.text += some
        except OSError:
            pass

    def events(self):
        text = self.text.decode()
        blocks = [block for block in text.split("\n\n") if "event: " in block]
        return [(block.split("event: ")[1].split("\n")[0],
                 json.loads(block.split("data: ")[1].split("\n")[0])) for block in blocks]

    def names(self):
        return [name for name, _ in self.events()]


def test_events_tell_what_happens(banyan, config):
    proxy = banyan(percent=100, shadow={})
    listener = Listener(proxy.admin)
    eventually(lambda: b"listening" in listener.text, "the stream has begun")
    proxy.api_json("/v1/flags/shop", "PUT", {"percent": 50, "reason": "half"})
    proxy.api_json("/v1/migrations/shop/rollback", "POST", {"reason": "a\ntest"})
    proxy.api_json("/v1/migrations/shop/rearm", "POST", {})
    proxy.reload(config(100))
    eventually(lambda: {"flag_set", "rollback", "rearm", "reload"} <= set(listener.names()),
               "all of them are told")
    proxy.fetch(headers=USER)
    eventually(lambda: any(name == "verdicts" and data["shop"] for name, data in listener.events()),
               "verdict counts are told")
    rollback = next(data for name, data in listener.events() if name == "rollback")
    assert (rollback["target"], rollback["to"], rollback["reason"]) == ("shop", "latched", "a\ntest")
    assert total(proxy.metrics(), "banyan_event_listeners") == 1
    listener.sock.close()
    eventually(lambda: total(proxy.metrics(), "banyan_event_listeners") == 0, "it left")


# What operators write.

def test_a_reason_can_not_forge_a_line_of_the_log(banyan, config):
    proxy = banyan(percent=5)
    forged = "quiet\n2026-11-22T00:00:00.000000Z error forged"
    proxy.api_json("/v1/flags/shop", "PUT", {"percent": 50, "reason": forged})
    proxy.reload(config(7))  # tells that the run-time value stays, and why
    eventually(lambda: "forged" in proxy.said(), "the reason is in the log")
    lines = [line for line in proxy.said().splitlines() if "forged" in line]
    assert len(lines) == 1 and "stays at 50" in lines[0], lines
    assert total(proxy.metrics(), "banyan_flag_overridden", flag="shop") == 1
    assert "banyan flag clear shop" in lines[0]


# Nothing is lost.

def test_reloads_flags_and_rollbacks_race_and_lose_nothing(banyan, config, scale):
    migrations = {"migrations": [migration(name=name, flag=name, match=[{"path_prefix": f"/{name}"}])
                                 for name in ("shop", "cart")]}
    both = lambda percent: config(top={**migrations, "flags": {"shop": percent, "cart": percent}})  # noqa: E731
    proxy = banyan()
    proxy.reload(both(0))
    problems, rounds = [], 40 * scale

    def repeat(what):
        try:
            for turn in range(rounds):
                what(turn)
        except Exception as error:  # noqa: BLE001
            problems.append(error)

    def set_flag(turn):
        proxy.api_json("/v1/flags/shop", "PUT", {"percent": turn % 100})
        told = proxy.api_json("/v1/flags/shop")
        assert told["percent"] == turn % 100, (turn, told)

    def roll(turn):
        action = "rollback" if turn % 2 == 0 else "rearm"
        proxy.api_json(f"/v1/migrations/cart/{action}", "POST", {})
        assert proxy.status("cart")["latched"] is (turn % 2 == 0)

    def reload(turn):
        proxy.write(both(turn % 100))
        proxy.api_json("/v1/reload", "POST")
        assert proxy.api_json("/v1/flags/cart")["configured"] == turn % 100

    with Load(proxy.address, threads=2) as load:
        threads = [threading.Thread(target=repeat, args=(what,)) for what in (set_flag, roll, reload)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually(load.more(10), "load goes on")
    assert not problems, problems[0]
    assert load.failures() == []
    assert proxy.percent("shop") == (rounds - 1) % 100
    assert proxy.percent("cart") == (rounds - 1) % 100
    assert proxy.status("cart")["latched"] is False
    # The API has the last 1,000 entries, the file has all of them.
    audit = [json.loads(line)["action"]
             for line in (proxy.dir / "state/audit.jsonl").read_text().splitlines()]
    for action in ("flag_set", "reload"):
        assert audit.count(action) >= rounds, action
    assert audit.count("rollback") + audit.count("rearm") == rounds


def test_what_was_acknowledged_survives_kill_9_at_any_moment(banyan, scale):
    seed = int(os.environ.get("BANYAN_SEED") or random.randrange(1 << 32))
    print(f"BANYAN_SEED={seed}")
    rng = random.Random(seed)
    proxy = banyan()
    for _ in range(5 * scale):
        acknowledged, asked = {}, {}
        first_answer = threading.Event()

        def operate(acknowledged=acknowledged, asked=asked, first_answer=first_answer):
            for turn in range(100_000):
                try:
                    asked["percent"] = turn % 101
                    proxy.api_json("/v1/flags/shop", "PUT", {"percent": turn % 101})
                    acknowledged["percent"] = turn % 101
                    asked["latched"] = turn % 2 == 0
                    action = "rollback" if turn % 2 == 0 else "rearm"
                    proxy.api_json(f"/v1/migrations/shop/{action}", "POST", {})
                    acknowledged["latched"] = turn % 2 == 0
                    first_answer.set()
                except (OSError, AssertionError):
                    return  # killed

        operator = threading.Thread(target=operate)
        operator.start()
        assert first_answer.wait(30)
        first_answer.clear()
        threading.Event().wait(rng.random() * 0.3)  # a random moment is what is tested
        proxy.kill()
        operator.join()
        proxy.start()
        # What was asked for last may be in force without having been acknowledged.
        assert proxy.percent() in (acknowledged["percent"], asked["percent"]), (acknowledged, asked)
        assert proxy.status()["latched"] in (acknowledged["latched"], asked["latched"])


# Bad surroundings.

def test_2000_connections_against_a_limit_of_200_hurt_nobody_who_is_there(banyan):
    proxy = banyan(top={"limits": {"connections": 200}})
    inside = [proxy.connect() for _ in range(150)]
    for connection in inside:
        assert connection.request("GET", "/shop/item").status == 200
    before = proxy.resident_bytes()
    crowd, refused, host_port = [], 0, inside[0].sock.getpeername()
    for turn in range(2_000):
        sock = socket.socket()
        sock.settimeout(20)
        sock.connect(host_port)
        crowd.append(sock)
        if turn % 50 == 0:
            assert inside[turn // 50].request("GET", "/shop/item").status == 200
    for sock in crowd:
        try:
            sock.sendall(b"GET /shop/item HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = sock.recv(64)
        except ConnectionError:
            answer = b""
        refused += answer == b"" or b" 503 " in answer
        sock.close()
    assert refused >= 1_800, refused
    for connection in inside:
        assert connection.request("GET", "/shop/item").status == 200
        connection.close()
    assert proxy.resident_bytes() - before < 32 << 20
    eventually(lambda: proxy.fetch().status == 200, "there is room again")


STUCK_PIPE = """
import os, sys
read, write = os.pipe()
os.set_inheritable(read, True)
os.dup2(write, int(sys.argv[1]))
os.execv(sys.argv[2], sys.argv[2:])
"""


def with_a_stuck_pipe(proxy, descriptor):
    proxy.wrapper = ["/usr/bin/python3", "-c", STUCK_PIPE, str(descriptor)]
    return proxy


def test_a_process_log_that_nobody_reads_loses_lines_and_stops_nothing(tmp_path, config):
    with with_a_stuck_pipe(Banyan(tmp_path, config(percent=100)), 2) as proxy:
        proxy.write("\n".join(f"unknown_{n}: 1" for n in range(200)))

        def some_are_lost():
            assert proxy.api("/v1/reload", "POST").status == 422  # each problem is a line
            return total(proxy.metrics(), "banyan_log_dropped_total", log="process") > 0
        eventually(some_are_lost, "lines are lost", timeout_s=60)
        assert proxy.fetch(headers=USER).served_by == "monolith"
        proxy.api_json("/v1/migrations/shop/rollback", "POST", {})
        assert proxy.fetch(headers=USER).served_by == "legacy"


def test_a_log_pipe_that_nobody_reads_loses_lines_and_no_exchange(tmp_path, config):
    with with_a_stuck_pipe(
            Banyan(tmp_path, config(top={"log": {"access": {"path": "stdout"}}})), 1) as proxy:
        with proxy.connect() as connection:
            def some_are_dropped():
                for _ in range(500):
                    assert connection.request("GET", "/shop/" + "x" * 1500).status == 200
                return total(proxy.metrics(), "banyan_log_dropped_total", log="access") > 0
            eventually(some_are_dropped, "lines are dropped", timeout_s=60)
            assert connection.request("GET", "/shop/item").status == 200


def test_the_control_thread_answers_while_a_worker_is_busy(banyan):
    """Many scrapes at once, none of which waits for the one before."""
    proxy = banyan()
    with Load(proxy.address, threads=4):
        scrapes = [Connection(proxy.admin) for _ in range(20)]
        for connection in scrapes:
            connection.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for connection in scrapes:
            answer = connection.answer()
            assert answer.status == 200 and b"banyan_upstream_healthy{" in answer.body
            connection.close()

"""Flag definitions: files that are watched, rules over requests, sticky keys, OFREP."""
import base64
import json
import re
import subprocess

import pytest

from support.buckets import arm_of, bucket_of
from support.http import fetch
from support.metrics import total
from support.proxy import cli
from support.wait import eventually

USERS = [f"user-{i}" for i in range(200)]
VARIANTS = {"old": "legacy", "new": "monolith"}


def flag(targeting=None, default="old", state="ENABLED"):
    one = {"state": state, "variants": VARIANTS, "defaultVariant": default}
    if targeting is not None:
        one["targeting"] = targeting
    return one


def share(percent):
    return {"fractional": [["new", percent], ["old", 100 - percent]]}


def flag_file(flags, evaluators=None):
    document = {"flags": flags}
    if evaluators:
        document["$evaluators"] = evaluators
    return json.dumps(document, indent=1)


def put(path, text):
    """As a whole, as a mounted ConfigMap changes."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.rename(path)


def sources(*paths):
    return {"flag_sources": [{"file": str(path)} for path in paths], "flags": {}}


@pytest.fixture
def flags(tmp_path):
    directory = tmp_path / "mounted"
    directory.mkdir()
    return directory / "flags.json"


def served(proxy, headers=(), target="/shop/item"):
    return proxy.fetch(target, headers=headers).served_by


def user(name):
    return [("x-user-id", name)]


def origin(proxy, name="shop"):
    return proxy.api_json(f"/v1/flags/{name}")["origin"]


def test_a_rule_sees_the_request(banyan, flags):
    flags.write_text(flag_file({"shop": flag({"if": [
        {"in": [{"var": "headers.x-tenant"}, ["acme", "globex"]]}, "new",
        {"==": [{"var": "cookies.beta"}, "1"]}, "new",
        {"starts_with": [{"var": "path"}, "/shop/new"]}, "new",
        {"and": [{"==": [{"var": "method"}, "GET"]}, {"==": [{"var": "host"}, "new.test"]}]}, "new",
        {"sem_ver": [{"var": "headers.x-app"}, ">=", "2.1.0"]}, "new",
        {"$ref": "is_tester"}, "new", "old"]})},
        {"is_tester": {"ends_with": [{"var": "targetingKey"}, "@test"]}}))
    proxy = banyan(top=sources(flags))
    assert served(proxy, user("u")) == "legacy"
    for headers in ([("X-Tenant", "acme")], [("x-tenant", ""), ("x-tenant", "globex")],
                    [("Cookie", "a=b; beta=1")], [("x-app", "2.10.0")],
                    user("joe@test")):
        assert served(proxy, headers) == "monolith", headers
    for headers in ([("x-tenant", "initech")], [("x-app", "2.1.0-rc.1")], [("x-app", "new")]):
        assert served(proxy, headers) == "legacy", headers
    assert served(proxy, target="/shop/new/1?x=y") == "monolith"
    with proxy.connect() as connection:
        connection.authority = "New.Test.:80"
        assert connection.request("GET", "/shop/item").served_by == "monolith"
    reasons = eventually(lambda: [line["reason"] for line in proxy.access_log()] or None, "the log")
    assert set(reasons) <= {"targeting"}


def test_a_file_is_the_same_as_its_percentage(banyan, flags):
    flags.write_text(flag_file({"shop": flag(share(30))}))
    proxy = banyan(top=sources(flags))
    for name in USERS:
        assert served(proxy, user(name)) == arm_of("shop", name, 30)
    assert proxy.percent() == 30
    assert served(proxy) == "legacy"
    assert total(proxy.metrics(), "banyan_sticky_missing_total", migration="shop") == 1


def test_the_last_source_that_has_a_flag_decides(banyan, tmp_path):
    low, high = tmp_path / "low.json", tmp_path / "high.json"
    low.write_text(flag_file({"shop": flag(default="new")}))
    high.write_text(flag_file({"other": {"state": "ENABLED", "variants": {"a": 1}}}))
    proxy = banyan(top={**sources(low, high), "flags": {"shop": 0}})
    assert (served(proxy), origin(proxy)) == ("monolith", "source")
    put(high, flag_file({"shop": flag(default="new", state="DISABLED")}))
    eventually(lambda: served(proxy) == "legacy", "the disabled flag")
    put(high, flag_file({}))
    eventually(lambda: served(proxy) == "monolith", "the source below")
    put(low, flag_file({}))
    eventually(lambda: origin(proxy) == "config", "the configuration")
    assert served(proxy) == "legacy"
    assert proxy.cli("flag", "set", "shop", 100).returncode == 0
    assert served(proxy) == "monolith"
    assert proxy.cli("rollback", "shop").returncode == 0
    assert served(proxy) == "legacy"


def test_a_kubernetes_swap_is_seen(banyan, flags):
    one, two = flags.parent / "..one", flags.parent / "..two"
    for directory, default in ((one, "old"), (two, "new")):
        directory.mkdir()
        (directory / "flags.json").write_text(flag_file({"shop": flag(default=default)}))
    data = flags.parent / "..data"
    data.symlink_to("..one")
    flags.symlink_to("..data/flags.json")
    proxy = banyan(top=sources(flags))
    assert served(proxy) == "legacy"
    new = flags.parent / "..data_tmp"
    new.symlink_to("..two")
    new.rename(data)
    eventually(lambda: served(proxy) == "monolith", "the swapped file")
    entries = proxy.api_json("/v1/audit")["entries"]
    assert [(e["action"], e["target"], e["from"], e["to"]) for e in entries
            if e["action"] == "flag_source"] == [("flag_source", "shop", 0.0, 100.0)]


def age(proxy, path):
    return total(proxy.metrics(), "banyan_flag_source_age_seconds", source=str(path))


@pytest.mark.parametrize("bad", ['{"flags": {', '{"flags": {"shop": {"state": "ENABLED"}}}',
                                 "x" * (5 << 20), None],
                         ids=["not JSON", "not whole", "too large", "gone"])
def test_a_file_that_turns_bad_leaves_what_was_in_force(banyan, flags, bad):
    flags.write_text(flag_file({"shop": flag(default="new")}))
    proxy = banyan(top=sources(flags))
    assert served(proxy) == "monolith"
    flags.unlink() if bad is None else put(flags, bad)
    eventually(lambda: total(proxy.metrics(), "banyan_flag_source_ok", source=str(flags)) == 0,
               "the bad file")
    assert served(proxy) == "monolith"
    before = age(proxy, flags)
    eventually(lambda: age(proxy, flags) > before, "a growing age")
    problems = proxy.api_json("/v1/status")["flag_sources"][0]["problems"]
    assert problems and str(flags) in problems[0]
    # Also through a reload and a restart.
    assert proxy.cli("reload").returncode == 0
    assert served(proxy) == "monolith"
    proxy.kill()
    proxy.start()
    assert served(proxy) == "monolith"
    assert proxy.api_json("/v1/status")["flag_sources"][0]["in_force"] == "copy"
    put(flags, flag_file({"shop": flag()}))
    eventually(lambda: served(proxy) == "legacy", "the good file")
    assert total(proxy.metrics(), "banyan_flag_source_ok", source=str(flags)) == 1


def test_at_start_a_source_that_never_was_means_legacy(banyan, flags):
    proxy = banyan(top={**sources(flags), "flags": {"shop": 100}})
    assert served(proxy) == "legacy"
    assert "nothing is known of its flags" in proxy.said()
    flags.write_text(flag_file({}))
    eventually(lambda: served(proxy) == "monolith", "the configuration's value")


def test_problems_have_their_place(tmp_path, config, flags):
    flags.write_text(flag_file({"shop": flag({"iff": []}), "cart": flag()}))
    file = tmp_path / "banyan.yaml"
    file.write_text(json.dumps(config(top=sources(flags)), indent=1))
    done = cli("validate", file)
    assert done.returncode == 1
    assert f'{flags}:11:5: error: flags.shop.targeting: unknown operator "iff"' in done.stderr
    flags.write_text(flag_file({"cart": flag()}))
    done = cli("validate", file)
    assert done.returncode == 0
    assert f"{flags}:3:3: warning: flags.cart: no migration follows this flag" in done.stderr
    assert "no flag source has its flag shop" in done.stderr
    flags.unlink()
    done = cli("validate", file)
    assert done.returncode == 1 and "flag_sources[0].file" in done.stderr
    assert cli("validate", "--no-files", file).returncode == 0


def test_route_says_why(tmp_path, config, flags):
    flags.write_text(flag_file({"shop": flag({"if": [
        {"==": [{"var": "headers.x-region"}, "eu"]}, "new", share(30)]})}))
    file = tmp_path / "banyan.yaml"
    file.write_text(json.dumps(config(top=sources(flags))))

    def route(*headers):
        done = cli("route", "-c", file, "--method", "GET", "--url", "/shop/1", "--format", "json",
                   *[arg for header in headers for arg in ("-H", header)])
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        return said["arm"], said["reason"], said["bucket"]

    assert route("x-region: eu") == ("monolith", "targeting", None)
    for name in USERS[:5]:
        assert route(f"x-user-id: {name}") == (arm_of("shop", name, 30), "targeting",
                                                bucket_of("shop", name))
    assert route() == ("legacy", "sticky_missing", None)


def test_a_rule_is_put_out_of_force_only_on_purpose(banyan, flags):
    flags.write_text(flag_file({"shop": flag(share(100))}))
    proxy = banyan(top=sources(flags))
    refused = proxy.api_json("/v1/flags/shop", "PUT", {"percent": 50}, status=409)
    assert "override_targeting" in refused["detail"]
    assert proxy.cli("flag", "set", "shop", 50).returncode == 1
    assert served(proxy, user("u")) == "monolith"
    assert proxy.cli("flag", "set", "shop", 0).returncode == 0
    assert served(proxy, user("u")) == "legacy"
    assert total(proxy.metrics(), "banyan_flag_overridden", flag="shop") == 1
    assert proxy.cli("flag", "set", "shop", 50, "--override-targeting").returncode == 0
    for name in USERS[:50]:
        assert served(proxy, user(name)) == arm_of("shop", name, 50)
    assert proxy.cli("flag", "clear", "shop").returncode == 0
    assert served(proxy, user("u")) == "monolith"


def test_the_long_form_stands_in_the_configuration(banyan):
    proxy = banyan(top={"flags": {"shop": flag({"if": [
        {"==": [{"var": "headers.x-region"}, "eu"]}, "new", "old"]})}})
    assert served(proxy, [("x-region", "eu")]) == "monolith"
    assert served(proxy) == "legacy"


def test_a_rolled_back_migration_that_leaves_the_configuration_is_named(banyan, config):
    proxy = banyan(percent=100)
    assert proxy.cli("rollback", "shop").returncode == 0
    proxy.reload(config(100, name="store"))
    assert "migration shop is not in the configuration any more" in proxy.said()
    assert proxy.fetch().served_by == "monolith"
    proxy.reload(config(100))
    assert proxy.fetch().served_by == "legacy"


# ---- Sticky keys ----------------------------------------------------------------------------------

def token(claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return [("Authorization", f"Bearer {part({'alg': 'none'})}.{part(claims)}.x")]


def test_a_claim_of_a_token_is_a_key(banyan):
    proxy = banyan(percent=50, sticky=[{"jwt_claim": "sub"}])
    for name in USERS[:40]:
        assert served(proxy, token({"sub": name, "exp": 1})) == arm_of("shop", name, 50)
    assert served(proxy, token({"sub": 17})) == arm_of("shop", "17", 50)
    for headers in ([], token({"name": "x"}), [("Authorization", "Bearer x.y.z")]):
        assert served(proxy, headers) == "legacy"


COOKIE = {"issue_cookie": {"name": "banyan-id", "lifetime": "1d", "secure": False}}
ATTRIBUTES = "; Path=/; Max-Age=86400; SameSite=Lax; HttpOnly"


def test_a_cookie_is_issued_once_and_identifies(banyan):
    proxy = banyan(percent=50, sticky=[{"header": "x-user-id"}, COOKIE])
    arms = set()
    for _ in range(30):
        first = proxy.fetch()
        found = re.fullmatch(r"banyan-id=([0-9a-f]{32})" + re.escape(ATTRIBUTES),
                             first.header("set-cookie"))
        assert found, first.head
        key = found[1]
        arms.add(first.served_by)
        assert first.served_by == arm_of("shop", key, 50)
        again = proxy.fetch(headers=[("Cookie", f"banyan-id={key}")])
        assert again.header("set-cookie") is None
        assert again.served_by == first.served_by
    assert arms == {"legacy", "monolith"}
    assert proxy.fetch(headers=user("u")).header("set-cookie") is None
    # The flag decides: the cookie does not outlive a rollback.
    assert proxy.cli("rollback", "shop").returncode == 0
    answer = proxy.fetch(headers=[("Cookie", f"banyan-id={key}")])
    assert (answer.served_by, answer.header("set-cookie")) == ("legacy", None)
    assert proxy.fetch().header("set-cookie") is None
    reasons = {line["reason"] for line in proxy.access_log()}
    assert reasons <= {"issued", "bucket", "latched"}


def test_a_cookie_is_issued_over_http2(banyan):
    proxy = banyan(percent=50, sticky=[COOKIE])
    done = subprocess.run(["curl", "-si", "--http2-prior-knowledge", "--max-time", "20",
                           f"http://{proxy.address}/shop/item"], capture_output=True, text=True,
                          check=True)
    assert done.stdout.startswith("HTTP/2 200")
    issued = re.findall(r"^set-cookie: banyan-id=([0-9a-f]{32})(.*?)\r?$", done.stdout, re.M)
    assert len(issued) == 1 and issued[0][1] == ATTRIBUTES
    arm = re.search(r"^x-served-by: (\w+)", done.stdout, re.M)[1]
    assert arm == arm_of("shop", issued[0][0], 50)


def test_a_rule_that_needs_a_key_has_it_issued(banyan, flags):
    flags.write_text(flag_file({"shop": flag({"if": [
        {"==": [{"var": "headers.x-region"}, "eu"]}, "new", share(50)]})}))
    proxy = banyan(top=sources(flags), sticky=[COOKIE])
    assert proxy.fetch(headers=[("x-region", "eu")]).header("set-cookie") is None
    answer = proxy.fetch()
    key = re.match(r"banyan-id=([0-9a-f]{32});", answer.header("set-cookie"))[1]
    assert answer.served_by == arm_of("shop", key, 50)


# ---- OFREP ------------------------------------------------------------------------------------------

def ask(proxy, path="/shop", context=None, status=200, body=None, headers=()):
    data = json.dumps({"context": context or {}}) if body is None else body
    answer = fetch(proxy.admin, "/ofrep/v1/evaluate/flags" + path, "POST",
                   [("Content-Type", "application/json"), *headers], data.encode())
    assert answer.status == status, answer.body
    return answer


def said(answer):
    return json.loads(answer.body)


def test_ofrep_answers_as_the_proxy_decides(banyan, flags):
    flags.write_text(flag_file({"shop": flag({"if": [
        {"==": [{"var": "headers.x-region"}, "eu"]}, "new", share(30)]})}))
    proxy = banyan(top=sources(flags))
    for name in USERS[:30]:
        got = said(ask(proxy, context={"targetingKey": name}))
        assert got["value"] == served(proxy, user(name)) == arm_of("shop", name, 30)
        assert (got["key"], got["reason"]) == ("shop", "TARGETING_MATCH")
        assert VARIANTS[got["variant"]] == got["value"]
    assert said(ask(proxy, context={"headers": {"x-region": "eu"}}))["value"] == "monolith"
    assert said(ask(proxy))["reason"] == "DEFAULT"
    assert proxy.cli("flag", "set", "shop", 50, "--override-targeting").returncode == 0
    for name in USERS[:30]:
        got = said(ask(proxy, context={"targetingKey": name}))
        assert (got["value"], got["reason"]) == (arm_of("shop", name, 50), "SPLIT")
    assert proxy.cli("flag", "set", "shop", 100, "--override-targeting").returncode == 0
    assert said(ask(proxy))["reason"] == "STATIC"
    assert proxy.cli("rollback", "shop").returncode == 0
    got = said(ask(proxy, context={"targetingKey": "u"}))
    assert (got["value"], got["reason"], got["metadata"]["latched"]) == ("legacy", "DISABLED", True)


@pytest.mark.parametrize("definition, steps", [
    (flag(), [100]), (flag(default="new"), [5]), (flag({"if": [True, "new", "old"]}), [5]),
    (flag(default="new", state="DISABLED"), [100])])
def test_ofrep_answers_as_the_ramp_decides(banyan, flags, definition, steps):
    flags.write_text(flag_file({"shop": definition}))
    proxy = banyan(ramp={"steps": steps, "hold": "1h"}, top=sources(flags))
    skipped = proxy.cli("ramp", "skip", "shop")
    off = definition["state"] == "DISABLED"
    assert (skipped.returncode, "the flag is DISABLED in" in skipped.stderr) == (int(off), off)
    for name in USERS[:30]:
        got = said(ask(proxy, context={"targetingKey": name}))
        assert got["value"] == served(proxy, user(name))
        assert got["value"] == arm_of("shop", name, 0 if off else steps[0])
        assert (got["reason"] == "DISABLED") == off


def test_ofrep_says_what_is_wrong(banyan):
    proxy = banyan(percent=50)
    assert said(ask(proxy, "/nothing", status=404)) == {
        "key": "nothing", "errorCode": "FLAG_NOT_FOUND", "errorDetails": "there is no such flag"}
    for body, code in (("{", "PARSE_ERROR"), ("[]", "PARSE_ERROR"), ("", "PARSE_ERROR"),
                       ('{"context": 5}', "INVALID_CONTEXT"),
                       ('{"context": {"targetingKey": 5}}', "INVALID_CONTEXT")):
        got = said(ask(proxy, status=400, body=body))
        assert (got["key"], got["errorCode"]) == ("shop", code)
        assert said(ask(proxy, "", status=400, body=body))["errorCode"] == code
    assert said(ask(proxy))["value"] == "legacy"  # no key
    assert proxy.api("/ofrep/v1/evaluate/flags/shop").status == 405


def test_ofrep_tells_all_flags_and_when_they_changed(banyan):
    proxy = banyan(percent=50)
    context = {"targetingKey": "user-1"}
    answer = ask(proxy, "", context)
    assert [f["key"] for f in said(answer)["flags"]] == ["shop"]
    tag = answer.header("etag")
    again = ask(proxy, "", context, status=304, headers=[("If-None-Match", f'"x", {tag}')])
    assert (again.body, again.header("etag")) == (b"", tag)
    ask(proxy, "", context, headers=[("If-None-Match", '"x"')])
    assert proxy.cli("flag", "set", "shop", 0).returncode == 0
    assert ask(proxy, "", context, headers=[("If-None-Match", tag)]).header("etag") != tag


def test_ofrep_needs_a_token_where_there_are_any(tmp_path, banyan):
    tokens = tmp_path / "tokens"
    tokens.write_text("app read 0123456789abcdef0123456789abcdef\n")
    tokens.chmod(0o600)
    proxy = banyan(percent=50, top={"admin": {"bind": "127.0.0.1:0", "token_file": str(tokens)}})
    ask(proxy, status=401)
    ask(proxy, headers=[("Authorization", "Bearer 0123456789abcdef0123456789abcdef")])

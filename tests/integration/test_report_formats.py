"""Reports as files: what a browser shows, what CI reads, several of them as one."""
import base64
import hashlib
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest

from support import upstream as up
from support.metrics import total
from support.proxy import cli
from support.wait import eventually

HOSTILE = "<script>document.title='owned'</script>\"'`]]>$(id)\x1b[2J"
BROWSER = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture
def differing(banyan, legacy, monolith):
    for arm, price in ((legacy, 10), (monolith, 12)):
        body = json.dumps({"price": price, "note": f"{HOSTILE} of {price}", HOSTILE: price})
        arm.behaviour = up.answer(body=body.encode(), content_type="application/json")
    proxy = banyan(shadow={}, compare={"ignore": ["header:x-served-by"]})
    for target in ("/shop/items/1?q='$(reboot)'&a=<b>", "/shop/items/2?token=secret", "/shop/other"):
        assert proxy.fetch(target).status == 200
    eventually(lambda: total(proxy.metrics(), "banyan_comparisons_total", verdict="mismatch") == 3,
               "three mismatches")
    return proxy


def saved(proxy, path, kind):
    done = proxy.cli("report", "--format", kind, "-o", path)
    assert done.returncode == 0, done.stderr
    return Path(path).read_text()


class Page(HTMLParser):
    """The elements and the texts of a page; raises where it does not nest."""

    VOID = {"meta", "br", "hr"}

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.texts = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}>"

    def handle_data(self, data):
        self.texts.append(data)


def test_html_is_one_file_in_which_values_are_text(differing, tmp_path):
    text = saved(differing, tmp_path / "report.html", "html")
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert not [name for name in page.attributes if name.startswith("on") or name in ("src", "style")]
    assert any("<script>document.title='owned'</script>" in data for data in page.texts)
    assert "secret" not in text
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in text


def test_the_curl_of_a_report_asks_for_that_and_does_nothing_else(differing, tmp_path, monolith):
    page = Page(saved(differing, tmp_path / "report.html", "html"))
    commands = {data for data in page.texts if data.startswith("curl ")}
    assert commands and not [c for c in commands if "redacted" in c]
    command = next(c for c in commands if "reboot" in c)
    before = len(monolith.requests)
    subprocess.run(["sh", "-c", command], env={"BASE": f"http://{monolith.address}",
                                               "PATH": "/usr/bin:/bin"},
                   check=True, timeout=20, capture_output=True)
    assert monolith.requests[before].target == "/shop/items/1?q='$(reboot)'&a=<b>"


def test_junit_is_xml_that_ci_reads(differing, tmp_path):
    saved(differing, tmp_path / "report.xml", "junit")
    suites = ElementTree.parse(tmp_path / "report.xml").getroot()
    suite = suites.find("testsuite")
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("shop", "3", "2")
    failure = suite.find("testcase/failure[@type='mismatch']")
    assert "<script>document.title='owned'</script>" in failure.text and "\\x1b[2J" in failure.text


def test_the_admin_api_gives_every_format_its_type(differing):
    for kind, media_type in (("html", "text/html; charset=utf-8"), ("junit", "application/xml"),
                             ("markdown", "text/markdown; charset=utf-8"),
                             ("json", "application/json"), ("text", "text/plain; charset=utf-8")):
        answer = differing.api(f"/v1/report?format={kind}")
        assert (answer.status, answer.header("content-type")) == (200, media_type)
        assert b"\x1b" not in answer.body
    assert differing.api("/v1/report?format=pdf").status == 400


def test_several_reports_are_one(differing, tmp_path):
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    whole = json.loads(saved(differing, one, "json"))
    shutil.copy(one, other)
    done = cli("report", "merge", one, other, "--format", "json")
    assert done.returncode == 0, done.stderr
    merged = json.loads(done.stdout)
    assert merged["version"] == 1
    for key in ("match", "mismatch"):
        assert merged["migrations"][0]["directions"]["to_monolith"][key] == 2 * (
            whole["migrations"][0]["directions"]["to_monolith"][key])
    assert cli("report", "merge", one, "--format", "html").stdout.startswith("<!doctype html>")
    (tmp_path / "bad.json").write_text('{"version": 1}')
    done = cli("report", "merge", one, tmp_path / "bad.json", tmp_path / "none.json")
    assert done.returncode == 1
    assert "bad.json: migrations: missing" in done.stderr and "none.json: No such" in done.stderr


def test_a_report_beside_the_one_before(differing, tmp_path):
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    report = json.loads(saved(differing, before, "json"))
    after.write_text(json.dumps(report))
    same = cli("report", "compare", before, after)
    assert same.returncode == 0 and "Regressed: 0" in same.stdout, same
    for endpoint in report["migrations"][0]["endpoints"]:
        endpoint["differences"] = [d for d in endpoint["differences"] if d["path"] != "$.price"]
    after.write_text(json.dumps(report))
    fixed = json.loads(cli("report", "compare", before, after, "--format", "json").stdout)
    assert {f["path"] for f in fixed["fixed"]} == {"$.price"} and fixed["regressed"] == []
    worse = cli("report", "compare", after, before)
    assert worse.returncode == 3 and "$.price" in worse.stdout
    assert cli("report", "compare", before).returncode == 2


def test_several_proxies_and_one_page_are_told_apart(differing):
    done = cli("report", "--format", "html", "--admin", differing.admin_url, "--admin",
               differing.admin_url)
    assert done.returncode == 2 and "banyan report merge" in done.stderr


@pytest.mark.skipif(not BROWSER, reason="no chromium")
def test_a_browser_shows_it_and_runs_nothing(differing, tmp_path):
    saved(differing, tmp_path / "report.html", "html")
    done = subprocess.run(
        [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr",
         "--v=0", "--dump-dom", (tmp_path / "report.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "<title>Shadow-diff report</title>" in done.stdout  # no script changed it
    assert "3 of 3 drawn exchanges were compared" in done.stdout
    assert "Content Security Policy" not in done.stderr and "CONSOLE" not in done.stderr, done.stderr

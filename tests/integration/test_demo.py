"""The demo's packages install with any npm from 9 on, through any registry."""
import json

from support.proxy import ROOT

LOCK = ROOT / "demo/package-lock.json"


def entries():
    return json.loads(LOCK.read_text())["packages"]


def test_both_generations_stand_side_by_side():
    versions = {name: entries()[f"node_modules/verdaccio-{name}"]["version"]
                for name in ("legacy", "monolith")}
    assert versions == {"legacy": "5.33.0", "monolith": "6.1.0"}


def test_the_lock_file_names_no_registry_host():
    assert [name for name, entry in entries().items() if "resolved" in entry] == []


def test_the_lock_file_asks_for_versions_and_not_for_tags():
    """`npm install` writes "cjs" here, a tag that a registry need not have and that the overrides
    of npm 9 (Debian 12's) can not read: set it to the overriding version again."""
    asked = {entry["dependencies"]["node-fetch"] for entry in entries().values()
             if "node-fetch" in entry.get("dependencies", {})}
    assert asked == {"2.7.0"}

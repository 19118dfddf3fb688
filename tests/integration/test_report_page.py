"""The HTML report in a real browser: what it shows, that nothing runs, that everybody can use it."""
import json

import pytest

from support import upstream as up
from support.browser import AXE, BINARY, Browser
from support.metrics import total
from support.wait import eventually

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>\"'`]]>$(id)\x1b[2J"
pytestmark = [
    pytest.mark.skipif(not BINARY, reason="no chromium (script/setup)"),
    pytest.mark.skipif(not AXE.exists(), reason="no axe-core (script/setup)"),
]


def answering(price, **more):
    body = json.dumps({"price": price, "note": f"{HOSTILE} of {price}", HOSTILE: price, **more})
    return up.answer(body=body.encode(), content_type="application/json")


@pytest.fixture
def page(banyan, legacy, monolith, tmp_path):
    """page(waivers) is the file of a report with mismatches, hostile values and waivers."""
    legacy.behaviour, monolith.behaviour = answering(10), answering(12, extra=[1, 2])
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text(json.dumps([
        {"path": "$.extra", "reason": f"agreed {HOSTILE[:30]}", "until": "2999-12-31"},
        {"path": "$.price", "reason": "was agreed", "until": "2020-01-01"}]))
    proxy = banyan(shadow={}, compare={"ignore": ["header:x-served-by"]},
                   top={"report": {"waivers": str(waivers)}})
    targets = ["/shop/items/1?q='$(reboot)'&a=<b>", "/shop/items/2?token=secret", "/shop/other",
               "/shop/<script>alert(1)</script>"]
    for i, target in enumerate(targets):
        assert proxy.fetch(target, headers=[("x-user-id", f"user-{i}")]).status in (200, 400)
    eventually(lambda: total(proxy.metrics(), "banyan_comparisons_total", verdict="mismatch") >= 3,
               "mismatches")
    path = tmp_path / "report.html"
    assert proxy.cli("report", "--format", "html", "-o", path).returncode == 0
    return path


@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_has_nothing_to_complain_about(page, tmp_path, dark):
    with Browser(tmp_path) as browser:
        browser.open(page.as_uri(), dark)
        assert browser.complaints() == []
        assert browser.requests() == [page.as_uri()]  # nothing else is asked for
        assert browser.evaluate("document.title") == "Shadow-diff report"
        # All of it, folded parts as well.
        browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert browser.violations() == []
        assert browser.evaluate("document.querySelectorAll('script, img, iframe').length") == 0
        assert browser.complaints() == []


def test_it_begins_with_the_readiness(page, tmp_path):
    with Browser(tmp_path) as browser:
        browser.open(page.as_uri())
        top = browser.evaluate("document.querySelector('main').firstElementChild.innerText")
        assert "shop" in top and ("inconclusive" in top or "not ready" in top), top
        assert browser.evaluate("document.querySelectorAll('details.waived').length") >= 1
        browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        text = browser.evaluate("document.body.innerText")
        assert "its waiver has expired (it held until 2020-01-01): was agreed" in text


def test_the_keyboard_reaches_and_opens_everything(page, tmp_path):
    with Browser(tmp_path) as browser:
        browser.open(page.as_uri())
        reached = set()
        for _ in range(200):
            for kind in ("keyDown", "keyUp"):
                browser.command("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab",
                                windowsVirtualKeyCode=9)
            focused = browser.evaluate(
                "(e => e === document.body ? '' : e.tagName + [...document.querySelectorAll('*')]"
                ".indexOf(e))(document.activeElement)")
            if focused in reached:
                break
            reached.add(focused)
        wanted = browser.evaluate("[...document.querySelectorAll('summary, a, .scroll')].filter(e => "
                                  "e.checkVisibility()).length")
        assert len([f for f in reached if f]) >= wanted > 4
        browser.evaluate("document.querySelector('details:not([open]) > summary').focus()")
        closed = browser.evaluate("document.querySelectorAll('details:not([open])').length")
        for kind in ("keyDown", "keyUp"):
            browser.command("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r",
                            windowsVirtualKeyCode=13)
        assert browser.evaluate("document.querySelectorAll('details:not([open])').length") == closed - 1


def test_a_narrow_window_scrolls_tables_and_not_the_page(page, tmp_path):
    with Browser(tmp_path) as browser:
        browser.open(page.as_uri(), width=390)
        assert browser.evaluate("document.documentElement.scrollWidth") <= 390

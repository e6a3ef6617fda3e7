"""The dashboard in a real Chromium: read, clicked and typed through as people do, with and without scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import logs
from harness.browser import PHONE, WIDE, chromium, faults, page
from harness.client import until
from playwright.sync_api import Browser
from test_dashboard import PAGES, calls, loaded, shown


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


def loop(gateway) -> None:
    with gateway.caller() as agent:
        for _ in range(40):
            agent.stateless_call(arguments={"app": "shop"})


def test_every_page_reads_well_wide_on_a_phone_and_in_the_dark(tmp_path: Path, browser: Browser) -> None:
    limit = {"counter": "often", "window": "minute", "max": 60, "scope": "agent"}
    policy = {"version": "1", "default": "deny", "tools": {"echo": {"limits": [limit]}}}
    with shown(tmp_path, policy=policy, watch={"sinks": ["file:alerts.ndjson"]}) as (gateway, visitor):
        calls(gateway, 3)
        calls(gateway, 2, tool="fail")
        loop(gateway)
        until(lambda: (tmp_path / "alerts.ndjson").exists(), what="an alert")
        loaded(gateway, visitor)
        alert = next(one["id"] for one in logs.salvage(tmp_path / "watch") if one.get("rule") == "loop")
        more = ["/agents/ci", "/tools/up/echo", "/log/log", f"/alerts/{alert}", f"/alerts/{alert}/explain", "/nothing"]
        found = {}
        for size, dark in [(WIDE, False), (WIDE, True), (PHONE, False), (PHONE, True)]:
            with page(browser, size, dark) as one:
                for path in [*PAGES, *more]:
                    one.goto(f"http://127.0.0.1:{visitor.port}{path}", wait_until="domcontentloaded")
                    if wrong := faults(one):
                        found[f"{path} {size[0]} {'dark' if dark else 'light'}"] = wrong
        assert found == {}, json.dumps(found, indent=1)


def test_lines_appear_by_themselves_and_a_pause_holds_them(tmp_path: Path, browser: Browser) -> None:
    with shown(tmp_path) as (gateway, visitor), page(browser) as one:
        calls(gateway, 2)
        one.goto(f"http://127.0.0.1:{visitor.port}/live")
        one.get_by_text("Live: lines appear").wait_for()
        rows = one.locator('[data-live="lines"] tr', has_text="echo")
        until(lambda: rows.count() == 2, what="the first calls")
        calls(gateway, 1)
        until(lambda: rows.count() == 3, timeout=10, what="a line that came")
        one.get_by_role("button", name="Pause").click()
        calls(gateway, 4)
        one.get_by_text("Paused: 4 new lines.").wait_for()
        assert rows.count() == 3
        one.get_by_role("button", name="Go on").click()
        until(lambda: rows.count() == 7, timeout=10, what="what was held")
        one.get_by_label("Search").fill("nobody")
        one.get_by_role("button", name="Show").click()
        one.get_by_text("Live: lines appear").wait_for()
        assert one.url.endswith("q=nobody") and rows.count() == 0
        one.goto(f"http://127.0.0.1:{visitor.port}/")
        calls(gateway, 9)
        until(lambda: one.locator('[data-pulse="minute"]').inner_text() == "16", timeout=10, what="the overview's figure")
        assert one.locator('[data-live="bars"] rect').count() > 0


def test_all_of_it_can_be_read_and_done_without_a_script(tmp_path: Path, browser: Browser) -> None:
    with shown(tmp_path, watch={"sinks": ["file:alerts.ndjson"]}) as (gateway, visitor), page(browser, script=False) as one:
        loop(gateway)
        loaded(gateway, visitor)
        until(lambda: "loop" in visitor.page("/alerts").text, what="the alert")
        one.goto(f"http://127.0.0.1:{visitor.port}/")
        for name in ["Live", "Agents", "Tools", "Denials", "Alerts", "Log"]:
            one.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
            assert one.get_by_role("heading", level=1).inner_text() == name
        one.get_by_role("navigation", name="Pages").get_by_role("link", name="Live").click()
        assert one.get_by_role("cell", name="up·echo", exact=True).count() == 40
        one.get_by_role("navigation", name="Pages").get_by_role("link", name="Alerts").click()
        one.get_by_role("link", name="loop").first.click()
        one.get_by_label("Reason (may be left out)").fill("seen")
        one.get_by_role("button", name="Acknowledge").click()
        assert one.get_by_text("acknowledged").count() >= 1 and one.get_by_text("seen").count() >= 1
        one.get_by_role("link", name="The calls that did it").click()
        assert "Timeline" in one.content()


def test_the_keyboard_is_enough(tmp_path: Path, browser: Browser) -> None:
    with shown(tmp_path) as (gateway, visitor), page(browser) as one:
        calls(gateway, 1)
        one.goto(f"http://127.0.0.1:{visitor.port}/")
        one.keyboard.press("Tab")
        assert one.evaluate("document.activeElement.textContent") == "To the content"
        assert one.evaluate("document.activeElement.getBoundingClientRect().left") >= 0, "it is seen when it is reached"
        one.keyboard.press("Enter")
        assert one.evaluate("document.activeElement.id") == "content"
        one.goto(f"http://127.0.0.1:{visitor.port}/")
        reached = set()
        for _ in range(24):
            one.keyboard.press("Tab")
            outline = one.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            text = one.evaluate("document.activeElement.textContent.trim()")
            if one.evaluate("document.activeElement.tagName") == "A":
                reached.add(text)
                assert outline != "none", f"{text}: what has the focus is seen"
        assert {"Overview", "Live", "Agents", "Tools", "Denials", "Alerts", "Approvals", "Policy", "Log"} <= reached


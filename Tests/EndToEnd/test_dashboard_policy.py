"""The dashboard's policy pages: chosen by tool or written as text, checked, backtested, saved, and then in force."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.browser import PHONE, WIDE, chromium, faults, page
from harness.client import until, verdict
from harness.dashboard import Answer, Visitor
from harness.gateway import Gateway, grant
from harness.home import Home
from harness.paths import binary
from playwright.sync_api import Browser
from test_dashboard import loaded, shown

TOKEN = "a token of the tests"
RULES = {
    "version": "1",
    "default": "deny",
    "hide": ["drop_table"],
    "tools": {
        "echo": {},
        "build": {"limits": [{"counter": "builds", "window": "minute", "max": 100, "scope": "grant"}]},
    },
}
TEXT = json.dumps(RULES, indent=2) + "\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


def served(folder: Path, text: str = TEXT, **more: Any) -> Any:
    policies = {"rules": text, "other": {"version": "1", "default": "allow", "tools": {}}}
    grants = [grant("ci", policy="rules"), grant("guest", policy="other")]
    return shown(folder, policies=policies, grants=grants, **more)


def called(gateway: Gateway, tool: str, agent: str = "ci") -> str:
    with gateway.caller(agent) as caller:
        return verdict(caller.stateless_call(tool, {"n": 1}).json())


def drafted(who: Visitor, page: Answer, policy: str = "rules", **fields: str) -> Answer:
    """Sends an editor's form, and loads the review that it leads to."""
    answer = who.post(f"/policy/{policy}/check", page.fields(f"/policy/{policy}/check") | fields)
    assert answer.status == 303, answer
    return who.ask(answer.headers["location"])


def here(review: Answer) -> str:
    """The address of a review's draft."""
    return re.search(r'"(/policy/[^"/]+/drafts/\w+)/', review.body)[1]


# --- what a program sends ---


def test_a_choice_is_checked_backtested_saved_and_in_force(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, who):
        file = tmp_path / "rules.policy.json"
        file.chmod(0o640)
        assert called(gateway, "echo") == "ok" and called(gateway, "scale") == "deny"
        assert called(gateway, "echo", "guest") == "ok"
        review = drafted(who, who.ask("/policy/rules"), **{"state:echo": "deny", "state:build": "custom"})
        assert "Check passed" in review.body and "echo: allow → deny" in review.text
        save = review.fields(here(review) + "/save")
        assert who.post(here(review) + "/save", save).status == 409, "not before it was backtested, or said to be saved without"
        assert who.post(here(review) + "/backtest", save | {"days": "1"}).status == 303
        done = until(
            lambda: one if "Newly denied" in (one := who.ask(here(review))).body else None, what="the backtest's result"
        )
        # Only this policy's grants are decided again: guest's call is another policy's.
        assert re.search(r"2 calls from .* decided again", done.text), done.text
        assert re.search(r"Newly denied.{0,80}ci.{0,20}echo 1 ", done.text), done.text
        answer = who.post(here(review) + "/save", done.fields(here(review) + "/save"))
        assert answer.headers["location"] == "/policy/rules?saved=1"
        assert "in force from the next call on" in who.ask("/policy/rules?saved=1").body
        assert called(gateway, "echo") == "deny", "decided by the new policy at once"
        assert file.read_text() == TEXT.replace('    "echo": {},\n', ""), "nothing else in the file has changed"
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        kept = tmp_path / "rules.policy.json.previous"
        assert kept.read_text() == TEXT and stat.S_IMODE(kept.stat().st_mode) == 0o640
        assert not list(tmp_path.glob("*.new"))
        changed = [one for one in gateway.records() if one.get("event") == "policy_loaded" and one.get("by")]
        assert [one["policy"] for one in changed] == ["rules"], "the log says who changed which policy"
        gone = who.post(here(review) + "/save", save | {"unseen": "1"})
        assert gone.status == 404, "a draft is saved once"


def test_a_form_is_taken_from_our_pages_only(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, who):
        page = who.ask("/policy/rules")
        own = page.fields("/policy/rules/check") | {"state:echo": "deny"}
        assert who.post("/policy/rules/check", own | {"csrf": "0" * 64}).status == 403
        assert who.post("/policy/rules/check", {k: v for k, v in own.items() if k != "csrf"}).status == 403
        assert who.post("/policy/rules/check", own, Origin="http://evil.example").status == 403
        assert who.post("/policy/rules/check", own, Sec_Fetch_Site="cross-site").status == 403
        assert who.ask("/policy", Host="evil.example").status == 403
        stranger = Visitor(who.port)
        stranger.ask("/policy/rules")
        assert stranger.post("/policy/rules/check", own).status == 403, "another browser's proof"
        assert who.post_json("/policy/rules/check", own).status == 415
        assert who.post("/policy/rules/check", own, Origin=f"http://127.0.0.1:{who.port}").status == 303
        for path in ("/policy/none", "/policy/..%2Fgateway.json", "/policy/rules/drafts/0000"):
            assert who.ask(path).status == 404, path
        assert (tmp_path / "rules.policy.json").read_text() == TEXT


def test_nothing_is_shown_or_taken_without_the_token(tmp_path: Path) -> None:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    with served(tmp_path, dashboard={"listen": "127.0.0.1:0", "token_sha256": digest}) as (_, who):
        program = Visitor(who.port, TOKEN)
        for path in ("/policy", "/policy/rules", "/approvals", "/api/v1/policies", "/api/v1/approvals"):
            refused = who.ask(path, Accept="application/json")
            assert refused.status == 401 and "echo" not in refused.body, path
            assert program.ask(path).status == 200, path
        assert who.ask("/policy/rules").headers["location"].startswith("/login?to=")
        assert who.post_json("/api/v1/policies/rules/check", {"text": TEXT}).status == 401
        good = program.post_json("/api/v1/policies/rules/check", {"text": TEXT}).json()
        assert good["ok"] is True and good["errors"] == []
        bad = program.post_json("/api/v1/policies/rules/check", {"text": TEXT.replace('"build"', '"b*"')}).json()
        assert [one["pointer"] for one in bad["errors"]] == ["/tools/b*"] and bad["ok"] is False
        one = program.ask("/api/v1/policies/rules").json()
        assert one["in_force"] and one["text"] == TEXT and one["grants"][0]["agent"] == "ci"
        states = {tool["tool"]: tool["state"] for tool in one["tools"]}
        assert states == {"echo": "allow", "build": "custom", "drop_table": "hide"}


def test_a_file_that_has_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, who):
        file = tmp_path / "rules.policy.json"
        page = who.ask("/policy/rules")
        review = drafted(who, page, **{"state:echo": "hide"})
        other = TEXT.replace('"max": 100', '"max": 50')
        save = review.fields(here(review) + "/save") | {"unseen": "1"}
        file.write_text(other)
        refused = who.post(here(review) + "/save", save)
        assert refused.status == 409 and "has changed since it was looked at" in refused.body
        late = who.post("/policy/rules/check", page.fields("/policy/rules/check") | {"state:echo": "hide"})
        assert late.status == 409, "choices are about the text that the page showed"
        again = who.ask(here(review))
        assert "not saved over" in again.text and "+ " in again.text and '"max": 50' in again.text
        assert f'action="{here(review)}/save"' not in again.body
        assert who.post(here(review) + "/rebase", again.fields(here(review) + "/rebase")).status == 303
        assert who.post(here(review) + "/save", save).status == 303, "somebody has looked at the difference"
        assert '"max": 100' in file.read_text() and '"drop_table",' in file.read_text()
        assert file.with_name(file.name + ".previous").read_text() == other


def test_errors_are_told_with_their_places_and_never_saved(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, who):
        file = tmp_path / "rules.policy.json"
        page = who.ask("/policy/rules/text")
        bad = TEXT.replace('"deny"', '"denied"').replace('"minute"', '"minutes"').replace("\n", "\r\n")
        review = drafted(who, page, text=bad)
        words = review.text
        assert "2 errors: it cannot be saved" in words and "/default" in words and "/tools/build/limits/0/window" in words
        assert "minute" in words and "nearest" not in words
        save = {"csrf": page.fields("/policy/rules/check")["csrf"], "unseen": "1", "days": "7"}
        draft = review.body.split("?draft=")[1][:32]
        for act in ("save", "backtest"):
            assert who.post(f"/policy/rules/drafts/{draft}/{act}", save).status == 409
        assert file.read_text() == TEXT
        # It is still there to be put right; what was not changed has the file's line breaks.
        right = drafted(who, who.ask(f"/policy/rules/text?draft={draft}"), text=TEXT.replace("\n", "\r\n"))
        assert "There is nothing to save" in right.body
        rules = who.ask("/policy/rules/rules/build")
        assert "&quot;builds&quot;" in rules.body
        broken = who.post("/policy/rules/check", rules.fields("/policy/rules/check") | {"rules": '{}, "default": {}'})
        assert broken.status == 400 and "no JSON object by themselves" in broken.text
        assert '{}, "default": {}' in broken.text, "what was typed is still there"
        lost = who.post("/policy/rules/check", page.fields("/policy/rules/check") | {"draft": "0" * 32, "text": bad})
        assert lost.status == 303, "nor is a text lost with the draft that it was begun from"
        huge = who.post("/policy/rules/check", page.fields("/policy/rules/check") | {"text": "x" * (1 << 20)})
        assert huge.status == 413 and "more than 1024 KiB" in huge.text
        new = drafted(who, who.ask("/policy/rules/rules/scale"), rules='{ "risk": "write" }')
        assert "scale: deny → allow" in new.text and "Check passed" in new.body


def test_other_spellings_are_edited_as_text_and_kept(tmp_path: Path) -> None:
    yaml = "# who builds\nversion: '1'\ndefault: deny\ntools:\n  echo: {}\n"
    short = {"tools": {"echo": {"action": "allow"}}}
    policies = {"short": json.dumps(short), "open": {"version": "1", "default": "allow"}}
    (tmp_path / "lines.yaml").write_text(yaml)
    with shown(tmp_path, policies=policies, grants=[grant("ci", policy="short")]) as (gateway, who):
        document = json.loads(gateway.file.read_text())
        document["policies"]["lines"] = "lines.yaml"
        document["grants"][0]["policy"] = "lines"
        gateway.file.write_text(json.dumps(document))
        until(lambda: "lines" in who.ask("/policy").body, what="the policy in YAML")
        assert called(gateway, "echo") == "ok"
        assert "it is YAML" in who.ask("/policy/lines").text and 'type="radio"' not in who.ask("/policy/lines").body
        assert "it is in the shorthand" in who.ask("/policy/short").text
        review = drafted(who, who.ask("/policy/lines/text"), "lines", text=yaml.replace("echo", "other"))
        assert "echo: allow → deny" in review.text
        saved = who.post(here(review) + "/save", review.fields(here(review) + "/save") | {"unseen": "1"})
        assert saved.status == 303 and called(gateway, "echo") == "deny" and called(gateway, "other") == "ok"
        assert (tmp_path / "lines.yaml").read_text() == yaml.replace("echo", "other")


def test_what_the_gateway_does_not_take_over_is_said(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, who):
        review = drafted(who, who.ask("/policy/rules"), **{"state:echo": "deny"})
        (tmp_path / "other.policy.json").write_text("{")
        saved = who.post(here(review) + "/save", review.fields(here(review) + "/save") | {"unseen": "1"})
        words = who.ask(saved.headers["location"]).text
        assert "the gateway still decides as it did before" in words and "other.policy.json" in words
        assert "the file says something else" in words and called(gateway, "echo") == "ok"
        gateway.kill()


def test_policies_of_run_can_be_tried_out_and_not_saved(home: Home) -> None:
    file = home.work / "p.json"
    file.write_text(TEXT)
    with home.client(*home.recorder(), policy=file) as client:
        client.call("echo", {"n": 1})
        child = subprocess.Popen(
            [binary(), "dashboard", "--listen", "127.0.0.1:0"],
            env=home.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            line = next(one for one in child.stderr if "dashboard on" in one)
            who = Visitor(int(re.search(r"http://[^\s]+:(\d+)/", line)[1]))
            until(lambda: "/policy/" in who.ask("/policy").body.split("<main")[1], what="the kept policy")
            path = re.search(r'href="(/policy/[^"]+)"', who.ask("/policy").body.split("<main")[1])[1]
            name = path.removeprefix("/policy/")
            page = who.ask(path)
            assert "is not saved" in page.text and 'value="deny"' in page.body
            review = drafted(who, page, name, **{"state:echo": "deny"})
            assert "It is not saved from here" in review.text and "echo: allow → deny" in review.text
            csrf = page.fields(f"{path}/check")["csrf"]
            refused = who.post(f"{here(review)}/save", {"csrf": csrf, "unseen": "1"})
            assert refused.status == 503 and "is not written" in refused.body
        finally:
            child.terminate()
            assert child.wait(20) == 0


# --- what people do ---


def test_a_state_is_clicked_and_the_next_call_is_decided_by_it(tmp_path: Path, browser: Browser) -> None:
    with served(tmp_path) as (gateway, who), page(browser) as one:
        assert called(gateway, "echo") == "ok"
        one.goto(f"http://127.0.0.1:{who.port}/policy")
        one.get_by_role("link", name="rules", exact=True).click()
        one.get_by_role("group", name="echo").get_by_label("hide").check()
        one.get_by_role("button", name="Check").first.click()
        assert "echo: allow → hide" in one.inner_text(".changes")
        one.get_by_label("The last").select_option("1")
        one.get_by_role("button", name="Backtest").click()
        # Without a click: the page looks again while it runs.
        one.get_by_role("heading", name="Newly denied").wait_for()
        one.get_by_role("button", name="Save").click()
        assert "in force from the next call on" in one.get_by_role("status").inner_text()
        assert one.get_by_role("group", name="echo").get_by_label("hide").is_checked()
        assert called(gateway, "echo") == "deny"


def test_a_text_is_typed_and_errors_lead_back_to_it(tmp_path: Path, browser: Browser) -> None:
    with served(tmp_path) as (gateway, who), page(browser) as one:
        one.goto(f"http://127.0.0.1:{who.port}/policy/rules")
        one.get_by_role("link", name="As text").click()
        field = one.get_by_label("The whole document")
        assert field.input_value() == TEXT
        field.fill(TEXT.replace('"echo": {}', '"echo": { "limit": [] }'))
        one.get_by_role("button", name="Check").click()
        assert "/tools/echo/limit" in one.inner_text("table") and "limits" in one.inner_text("table")
        assert one.get_by_role("button", name="Save").count() == 0
        one.get_by_role("link", name="Go on as text").click()
        field.fill(field.input_value().replace('{ "limit": [] }', '{ "deny_if": [ { "conditions": [] } ] }'))
        one.get_by_role("button", name="Check").click()
        one.get_by_label("without a backtest").check()
        one.get_by_role("button", name="Save").click()
        assert "in force from the next call on" in one.get_by_role("status").inner_text()
        assert called(gateway, "echo") == "deny"


def test_a_keyboard_is_enough_and_a_script_is_not_needed(tmp_path: Path, browser: Browser) -> None:
    with served(tmp_path) as (gateway, who), page(browser, script=False) as one:
        one.goto(f"http://127.0.0.1:{who.port}/policy/rules")

        def reach(what: str) -> None:
            """Tabs until a control of this kind has the focus, and looks that it can be seen to have it."""
            for _ in range(60):
                one.keyboard.press("Tab")
                if one.locator(f"{what}:focus").count():
                    ring = "getComputedStyle(e.type === 'radio' ? e.closest('label') : e).outlineStyle"
                    assert one.locator(f"{what}:focus").evaluate(f"e => {ring}") != "none", what
                    return
            raise AssertionError(f"{what} cannot be reached with the keyboard")

        reach('input[name="state:echo"]')
        one.keyboard.press("ArrowRight")
        reach(".end button.main")
        one.keyboard.press("Enter")
        one.wait_for_url("**/drafts/*")
        assert "echo: allow → deny" in one.inner_text(".changes")
        reach('input[name="unseen"]')
        one.keyboard.press("Space")
        one.keyboard.press("Enter")
        one.wait_for_url("**?saved=1")
        assert called(gateway, "echo") == "deny"


def test_pages_read_well_wide_on_a_phone_and_in_the_dark(tmp_path: Path, browser: Browser) -> None:
    with served(tmp_path) as (gateway, who):
        for tool in ("echo", "build", "scale"):
            called(gateway, tool)
        loaded(gateway, who)
        review = drafted(who, who.ask("/policy/rules"), **{"state:echo": "deny", "state:build": "hide"})
        who.post(here(review) + "/backtest", review.fields(here(review) + "/backtest") | {"days": "7"})
        until(lambda: "decided again" in who.ask(here(review)).body, what="the backtest's result")
        bad = drafted(who, who.ask("/policy/rules/text"), text=TEXT.replace('"deny"', '"denied"'))
        broken = "/policy/rules/drafts/" + bad.body.split("?draft=")[1][:32]
        more = ["/policy/rules/text", "/policy/rules/rules/build", here(review), broken, "/approvals"]
        found = {}
        for size, dark in [(WIDE, False), (WIDE, True), (PHONE, False), (PHONE, True)]:
            with page(browser, size, dark) as one:
                for path in ["/policy", "/policy/rules", *more]:
                    one.goto(f"http://127.0.0.1:{who.port}{path}", wait_until="domcontentloaded")
                    if path == "/policy/rules":
                        for rules in one.locator("summary").all():
                            rules.click()
                    if wrong := faults(one):
                        found[f"{path} {size[0]} {'dark' if dark else 'light'}"] = wrong
        assert found == {}, json.dumps(found, indent=1)


def test_pages_come_at_once(tmp_path: Path, say: Callable[[str], None]) -> None:
    with served(tmp_path) as (gateway, who):
        called(gateway, "echo")
        loaded(gateway, who)
        for path in ("/policy", "/policy/rules", "/approvals"):
            times = []
            for _ in range(100):
                begin = time.perf_counter()
                assert who.ask(path).status == 200
                times.append((time.perf_counter() - begin) * 1000)
            times.sort()
            # What others do on the machine is in the highest of them; half of them must hold the bar whatever that is.
            assert times[50] <= 100, (path, times[50], times[98])
            say(f"{path}: p50 {times[50]:.1f} ms, p99 {times[98]:.1f} ms of 100")

"""The dashboard's policy pages: chosen by tool or written as text, checked, backtested, saved, and then in force."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from harness import chromium
from harness.client import until, verdict
from harness.dashboard import Said, Visitor, visitor
from harness.gateway import Gateway, behind, grant, running_gateway
from harness.home import Home
from harness.paths import binary

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
def browser() -> Iterator[Any]:
    if why := chromium.why_missing():
        pytest.skip(why)
    with chromium.running() as one:
        yield one


def served(folder: Path, text: str = TEXT, **more: Any) -> Any:
    policies = {"rules": text, "other": {"version": "1", "default": "allow", "tools": {}}}
    grants = [grant("ci", policy="rules"), grant("guest", policy="other")]
    return behind(folder, policies=policies, grants=grants, **({"dashboard": "127.0.0.1:0"} | more))


def called(gateway: Gateway, tool: str, agent: str = "ci") -> str:
    with gateway.caller(agent) as caller:
        return verdict(caller.stateless_call(tool, {"n": 1}).json())


def loaded(gateway: Gateway, who: Visitor, calls: int) -> None:
    """Waits until the warehouse knows of so many calls."""
    until(lambda: who.get("/api/v1/overview").json["day"]["calls"] >= calls, what=f"{calls} calls in the warehouse")


def drafted(who: Visitor, page: Said, policy: str = "rules", **fields: str) -> Said:
    """Sends an editor's form, and loads the review that it leads to."""
    answer = who.post(f"/policy/{policy}/check", page.fields(f"/policy/{policy}/check") | fields)
    assert answer.status == 303, answer
    return who.get(answer.headers["location"])


def here(review: Said) -> str:
    """The address of a review's draft."""
    return re.search(r'"(/policy/[^"/]+/drafts/\w+)/', review.text)[1]


def told(review: Said) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", review.text)))


# --- what a program sends ---


def test_a_choice_is_checked_backtested_saved_and_in_force(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, _):
        file = tmp_path / "rules.policy.json"
        file.chmod(0o640)
        who = visitor(gateway)
        assert called(gateway, "echo") == "ok" and called(gateway, "scale") == "deny"
        assert called(gateway, "echo", "guest") == "ok"
        review = drafted(who, who.get("/policy/rules"), **{"state:echo": "deny", "state:build": "custom"})
        assert "Check passed" in review.text and "echo: allow → deny" in told(review)
        save = review.fields(here(review) + "/save")
        assert who.post(here(review) + "/save", save).status == 409, "not before it was backtested, or said to be saved without"
        assert who.post(here(review) + "/backtest", save | {"days": "1"}).status == 303
        done = until(
            lambda: one if "Newly denied" in (one := who.get(here(review))).text else None, what="the backtest's result"
        )
        # Only this policy's grants are decided again: guest's call is another policy's.
        assert re.search(r"2 calls from .* decided again", told(done)), told(done)
        assert re.search(r"Newly denied.{0,80}ci.{0,20}echo 1 ", told(done)), told(done)
        answer = who.post(here(review) + "/save", done.fields(here(review) + "/save"))
        assert answer.headers["location"] == "/policy/rules?saved=1"
        assert "in force from the next call on" in who.get("/policy/rules?saved=1").text
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
    with served(tmp_path) as (gateway, _):
        who = visitor(gateway)
        page = who.get("/policy/rules")
        own = page.fields("/policy/rules/check") | {"state:echo": "deny"}
        assert who.post("/policy/rules/check", own | {"csrf": "0" * 64}).status == 403
        assert who.post("/policy/rules/check", {k: v for k, v in own.items() if k != "csrf"}).status == 403
        assert who.post("/policy/rules/check", own, Origin="http://evil.example").status == 403
        assert who.post("/policy/rules/check", own, Sec_Fetch_Site="cross-site").status == 403
        assert who.get("/policy", Host="evil.example").status == 403
        stranger = Visitor(who.host, who.port)
        stranger.get("/policy/rules")
        assert stranger.post("/policy/rules/check", own).status == 403, "another browser's proof"
        assert who.post_json("/policy/rules/check", own).status == 415
        assert who.post("/policy/rules/check", own, Origin=who.origin).status == 303
        for path in ("/policy/none", "/policy/..%2Fgateway.json", "/policy/rules/drafts/0000"):
            assert who.get(path).status == 404, path
        assert (tmp_path / "rules.policy.json").read_text() == TEXT


def test_nothing_is_shown_or_taken_without_the_token(tmp_path: Path) -> None:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    with served(tmp_path, dashboard={"listen": "127.0.0.1:0", "token_sha256": digest}) as (gateway, _):
        who, program = visitor(gateway), visitor(gateway, TOKEN)
        for path in ("/policy", "/policy/rules", "/approvals", "/api/v1/policies", "/api/v1/approvals"):
            assert who.get(path).status == 401 and "echo" not in who.get(path).text, path
            assert program.get(path).status == 200, path
        assert who.get("/policy/rules", Accept="text/html").headers["location"].startswith("/login?to=")
        assert who.post_json("/api/v1/policies/rules/check", {"text": TEXT}).status == 401
        good = program.post_json("/api/v1/policies/rules/check", {"text": TEXT}).json
        assert good["ok"] is True and good["errors"] == []
        bad = program.post_json("/api/v1/policies/rules/check", {"text": TEXT.replace('"build"', '"b*"')}).json
        assert [one["pointer"] for one in bad["errors"]] == ["/tools/b*"] and bad["ok"] is False
        one = program.get("/api/v1/policies/rules").json
        assert one["in_force"] and one["text"] == TEXT and one["grants"][0]["agent"] == "ci"
        states = {tool["tool"]: tool["state"] for tool in one["tools"]}
        assert states == {"echo": "allow", "build": "custom", "drop_table": "hide"}


def test_a_file_that_has_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, _):
        who, file = visitor(gateway), tmp_path / "rules.policy.json"
        page = who.get("/policy/rules")
        review = drafted(who, page, **{"state:echo": "hide"})
        other = TEXT.replace('"max": 100', '"max": 50')
        save = review.fields(here(review) + "/save") | {"unseen": "1"}
        file.write_text(other)
        refused = who.post(here(review) + "/save", save)
        assert refused.status == 409 and "has changed since it was looked at" in refused.text
        late = who.post("/policy/rules/check", page.fields("/policy/rules/check") | {"state:echo": "hide"})
        assert late.status == 409, "choices are about the text that the page showed"
        again = who.get(here(review))
        assert "not saved over" in told(again) and "+ " in told(again) and '"max": 50' in told(again)
        assert f'action="{here(review)}/save"' not in again.text
        assert who.post(here(review) + "/rebase", again.fields(here(review) + "/rebase")).status == 303
        assert who.post(here(review) + "/save", save).status == 303, "somebody has looked at the difference"
        assert '"max": 100' in file.read_text() and '"drop_table",' in file.read_text()
        assert file.with_name(file.name + ".previous").read_text() == other


def test_errors_are_told_with_their_places_and_never_saved(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, _):
        who, file = visitor(gateway), tmp_path / "rules.policy.json"
        page = who.get("/policy/rules/text")
        bad = TEXT.replace('"deny"', '"denied"').replace('"minute"', '"minutes"').replace("\n", "\r\n")
        review = drafted(who, page, text=bad)
        words = told(review)
        assert "2 errors: it cannot be saved" in words and "/default" in words and "/tools/build/limits/0/window" in words
        assert "minute" in words and "nearest" not in words
        save = {"csrf": page.fields("/policy/rules/check")["csrf"], "unseen": "1", "days": "7"}
        draft = review.text.split("?draft=")[1][:32]
        for act in ("save", "backtest"):
            assert who.post(f"/policy/rules/drafts/{draft}/{act}", save).status == 409
        assert file.read_text() == TEXT
        # It is still there to be put right; what was not changed has the file's line breaks.
        right = drafted(who, who.get(f"/policy/rules/text?draft={draft}"), text=TEXT.replace("\n", "\r\n"))
        assert "There is nothing to save" in right.text
        rules = who.get("/policy/rules/rules/build")
        assert "&quot;builds&quot;" in rules.text
        broken = who.post("/policy/rules/check", rules.fields("/policy/rules/check") | {"rules": '{}, "default": {}'})
        assert broken.status == 400 and "no JSON object by themselves" in broken.text
        new = drafted(who, who.get("/policy/rules/rules/scale"), rules='{ "risk": "write" }')
        assert "scale: deny → allow" in told(new) and "Check passed" in new.text


def test_other_spellings_are_edited_as_text_and_kept(tmp_path: Path) -> None:
    yaml = "# who builds\nversion: '1'\ndefault: deny\ntools:\n  echo: {}\n"
    short = {"tools": {"echo": {"action": "allow"}}}
    policies = {"short": json.dumps(short), "open": {"version": "1", "default": "allow"}}
    (tmp_path / "lines.yaml").write_text(yaml)
    with behind(tmp_path, policies=policies, grants=[grant("ci", policy="short")], dashboard="127.0.0.1:0") as (gateway, _):
        who = visitor(gateway)
        document = json.loads(gateway.file.read_text())
        document["policies"]["lines"] = "lines.yaml"
        document["grants"][0]["policy"] = "lines"
        gateway.file.write_text(json.dumps(document))
        until(lambda: "lines" in who.get("/policy").text, what="the policy in YAML")
        assert called(gateway, "echo") == "ok"
        assert "it is YAML" in told(who.get("/policy/lines")) and 'type="radio"' not in who.get("/policy/lines").text
        assert "it is in the shorthand" in told(who.get("/policy/short"))
        review = drafted(who, who.get("/policy/lines/text"), "lines", text=yaml.replace("echo", "other"))
        assert "echo: allow → deny" in told(review)
        saved = who.post(here(review) + "/save", review.fields(here(review) + "/save") | {"unseen": "1"})
        assert saved.status == 303 and called(gateway, "echo") == "deny" and called(gateway, "other") == "ok"
        assert (tmp_path / "lines.yaml").read_text() == yaml.replace("echo", "other")


def test_what_the_gateway_does_not_take_over_is_said(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, _):
        who = visitor(gateway)
        review = drafted(who, who.get("/policy/rules"), **{"state:echo": "deny"})
        (tmp_path / "other.policy.json").write_text("{")
        saved = who.post(here(review) + "/save", review.fields(here(review) + "/save") | {"unseen": "1"})
        words = told(who.get(saved.headers["location"]))
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
            host, port = re.search(r"http://([\d.]+):(\d+)/", line).groups()
            who = Visitor(host, int(port))
            until(lambda: "/policy/" in who.get("/policy").text.split("<main")[1], what="the kept policy")
            path = re.search(r'href="(/policy/[^"]+)"', who.get("/policy").text.split("<main")[1])[1]
            name = path.removeprefix("/policy/")
            page = who.get(path)
            assert "is not saved" in told(page) and 'value="deny"' in page.text
            review = drafted(who, page, name, **{"state:echo": "deny"})
            assert "It is not saved from here" in told(review) and "echo: allow → deny" in told(review)
            csrf = page.fields(f"{path}/check")["csrf"]
            refused = who.post(f"{here(review)}/save", {"csrf": csrf, "unseen": "1"})
            assert refused.status == 503 and "is not written" in refused.text
        finally:
            child.terminate()
            assert child.wait(20) == 0


# --- what people do ---


def test_a_state_is_clicked_and_the_next_call_is_decided_by_it(tmp_path: Path, browser: Any) -> None:
    with served(tmp_path) as (gateway, _):
        who = visitor(gateway)
        assert called(gateway, "echo") == "ok"
        with chromium.page(browser, who.origin + "/policy") as page:
            page.get_by_role("link", name="rules", exact=True).click()
            page.get_by_role("group", name="echo").get_by_label("hide").check()
            page.get_by_role("button", name="Check").first.click()
            assert "echo: allow → hide" in page.inner_text(".changes")
            page.get_by_label("The last").select_option("1")
            page.get_by_role("button", name="Backtest").click()
            # Without a click: the page looks again while it runs.
            page.get_by_role("heading", name="Newly denied").wait_for()
            page.get_by_role("button", name="Save").click()
            assert "in force from the next call on" in page.get_by_role("status").inner_text()
            assert page.get_by_role("group", name="echo").get_by_label("hide").is_checked()
            chromium.look(page)
        assert called(gateway, "echo") == "deny"


def test_a_keyboard_is_enough_and_a_script_is_not_needed(tmp_path: Path, browser: Any) -> None:
    with served(tmp_path) as (gateway, _):
        who = visitor(gateway)
        with chromium.page(browser, who.origin + "/policy/rules", script=False) as page:

            def reach(what: str) -> None:
                """Tabs until a control of this kind has the focus, and looks that it can be seen to have it."""
                for _ in range(60):
                    page.keyboard.press("Tab")
                    if page.locator(f"{what}:focus").count():
                        ring = "getComputedStyle(e.type === 'radio' ? e.closest('label') : e).outlineStyle"
                        assert page.locator(f"{what}:focus").evaluate(f"e => {ring}") != "none", what
                        return
                raise AssertionError(f"{what} cannot be reached with the keyboard")

            reach('input[name="state:echo"]')
            page.keyboard.press("ArrowRight")
            reach('.end button.main')
            page.keyboard.press("Enter")
            page.wait_for_url("**/drafts/*")
            assert "echo: allow → deny" in page.inner_text(".changes")
            reach('input[name="unseen"]')
            page.keyboard.press("Space")
            page.keyboard.press("Enter")
            page.wait_for_url("**?saved=1")
        assert called(gateway, "echo") == "deny"


def test_pages_are_readable_light_and_dark_wide_and_narrow(
    tmp_path: Path, browser: Any, say: Callable[[str], None]
) -> None:
    with served(tmp_path) as (gateway, _):
        who = visitor(gateway)
        for tool in ("echo", "build", "scale"):
            called(gateway, tool)
        loaded(gateway, who, 3)
        review = drafted(who, who.get("/policy/rules"), **{"state:echo": "deny", "state:build": "hide"})
        who.post(here(review) + "/backtest", review.fields(here(review) + "/backtest") | {"days": "7"})
        until(lambda: "decided again" in who.get(here(review)).text, what="the backtest's result")
        bad = drafted(who, who.get("/policy/rules/text"), text=TEXT.replace('"deny"', '"denied"'))
        broken = "/policy/rules/drafts/" + bad.text.split("?draft=")[1][:32]
        paths = ["/policy", "/policy/rules", "/policy/rules/text", "/policy/rules/rules/build", here(review), broken, "/approvals"]
        lowest = 21.0
        for dark, width in ((False, 1200), (True, 1200), (False, 390), (True, 390)):
            with chromium.page(browser, who.origin + paths[0], dark=dark, width=width) as page:
                for path in paths:
                    page.goto(who.origin + path)
                    lowest = min(lowest, chromium.look(page))
        say(f"policy and approval pages: lowest contrast {lowest:.2f}, light and dark")


def test_pages_come_at_once(tmp_path: Path, say: Callable[[str], None]) -> None:
    with served(tmp_path) as (gateway, _):
        who = visitor(gateway)
        called(gateway, "echo")
        loaded(gateway, who, 1)
        for path in ("/policy", "/policy/rules", "/approvals"):
            times = []
            for _ in range(100):
                begin = time.perf_counter()
                assert who.get(path).status == 200
                times.append((time.perf_counter() - begin) * 1000)
            times.sort()
            # What others do on the machine is in the highest of them; half of them must hold the bar whatever that is.
            assert times[50] <= 100, (path, times[50], times[98])
            say(f"{path}: p50 {times[50]:.1f} ms, p99 {times[98]:.1f} ms of 100")

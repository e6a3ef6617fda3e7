"""The pages of `serve`: what they show is what was recorded, and only who may see them does."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import os
import pwd
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from harness import logs
from harness.client import until, verdict
from harness.dashboard import Visitor
from harness.gateway import Gateway, behind, grant, refusals

PAGES = ["/", "/live", "/agents", "/tools", "/limits", "/denials", "/alerts", "/approvals", "/policy", "/log"]


@contextlib.contextmanager
def shown(folder: Path, dashboard: Any = "127.0.0.1:0", **more: Any) -> Iterator[tuple[Gateway, Visitor]]:
    """A gateway with pages."""
    with behind(folder, dashboard=dashboard, **more) as (gateway, _):
        said = until(lambda: re.search(r"dashboard on http://[^\s]+:(\d+)/", gateway.error_text()), what="the pages")
        yield gateway, Visitor(int(said[1]))


def calls(gateway: Gateway, count: int, agent: str | None = None, tool: str = "echo") -> None:
    with gateway.caller(agent) as caller:
        for number in range(count):
            caller.stateless_call(tool, {"app": f"secret-{number}"})


def loaded(gateway: Gateway, visitor: Visitor) -> None:
    """Once the pages' figures have all that the log has."""
    count = len(gateway.records())
    until(lambda: f'{count:,}</td><td class="num">0</td><td class="good">' in visitor.page("/log").body, what="all is loaded")


def test_pages_show_what_was_recorded(tmp_path: Path) -> None:
    policy = {"version": "1", "default": "deny", "tools": {"echo": {}}}
    with shown(tmp_path, policy=policy) as (gateway, visitor):
        calls(gateway, 12)
        calls(gateway, 5, tool="fail")
        loaded(gateway, visitor)
        records = gateway.records()
        decided = [one for one in records if one["kind"] == "decision" and one.get("tool")]
        assert (len(decided), sum(refusals(records).values())) == (17, 5)
        # The live figures follow the log by themselves, and may come behind the warehouse's.
        live = lambda: visitor.ask("/api/v1/overview").json()["minute"]["calls"] == 17  # noqa: E731
        until(live, what="the live figures")
        overview = visitor.ask("/api/v1/overview").json()
        assert (overview["day"]["calls"], overview["day"]["stopped"], overview["day"]["agents"]) == (17, 5, 1)
        assert overview["minute"]["calls"] == 17 and overview["minute"]["denied"] == 5, "counted from the log, live"
        assert {one["behind_records"] for one in overview["logs"]} == {0}
        for path in PAGES:
            page = visitor.page(path)
            assert "secret-" not in page.body, "no argument's value is on any page"
            assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
            assert "style=" not in page.body and "<script>" not in page.body and "onclick" not in page.body
        rates = visitor.ask("/api/v1/agents").json()
        words = ("report", "rates", "--db", str(tmp_path / "warehouse.sqlite"), "--log", str(gateway.log), "--json")
        reported = json.loads(gateway.command(*words).stdout)
        figures = [[(one["agent"], one["counts"], one["p95_microseconds"]) for one in two["agents"]] for two in (rates, reported)]
        assert figures[0] == figures[1], "the same figures as the command line's"
        assert "ci 5 5 0 29.4 %" in visitor.page("/denials").text, "stopped, denied, throttled, of its calls"
        tool = visitor.page("/tools/up/echo")
        assert "echo on up was called 12 times by 1 agent" in tool.text
        assert "ci made 17 calls" in visitor.page("/agents/ci").text
        explained = re.search(r'href="(/explain/[^"]+)">deny', visitor.page("/live").body)
        assert explained, "a refusal leads to its explanation"
        assert "fail" in visitor.page(explained[1]).text
        assert visitor.ask("/nothing").status == 404
        described = visitor.ask("/api/v1/openapi.json").json()
        for path in (path for path, ways in described["paths"].items() if "get" in ways):
            answer = visitor.ask(path.replace("{name}", "open" if "/policies/" in path else gateway.log.name))
            assert answer.status == 200 and "error" not in answer.json(), path


def test_a_decision_appears_live_and_a_page_that_reads_later_misses_none(tmp_path: Path) -> None:
    with shown(tmp_path) as (gateway, visitor):
        calls(gateway, 1)
        until(lambda: "echo" in visitor.page("/live").text, what="the first call")
        start = int(re.search(r'data-from="(\d+)"', visitor.page("/live").body)[1])
        calls(gateway, 3)
        with visitor.stream(f"/live/events?from={start}") as events:
            seen: list[dict[str, Any]] = []
            for kind, data in events:
                if kind == "line":
                    seen.append(json.loads(data))
                    if len(seen) == 3:
                        break
            sent = time.monotonic()
            calls(gateway, 1)
            for kind, data in events:
                if kind == "line":
                    took = time.monotonic() - sent
                    seen.append(json.loads(data))
                    break
        assert [(one["agent"], one["target"], one["decision"]) for one in seen] == [("ci", "up·echo", "allow")] * 4
        assert [one["n"] for one in seen] == list(range(start, start + 4))
        assert took < 5, f"{took:.2f} s from the call to the page"
        with visitor.stream("/live/events?q=nobody&from=0") as events:
            assert next(kind for kind, _ in events) == "pulse", "a filter holds for the stream"


def test_hostile_names_are_text(tmp_path: Path) -> None:
    """Names that a client or a server chooses cannot become markup, a line of the stream, or an address."""
    name = '"><img src=x onerror=alert(1)>\u0301\u202e'
    with shown(tmp_path, grants=[grant("ci", agent=name)]) as (gateway, visitor):
        calls(gateway, 2, "ci")
        calls(gateway, 1, "ci", tool="</script><b>\u2028")
        loaded(gateway, visitor)
        for path in [*PAGES, "/agents/" + quote(name, safe="")]:
            body = visitor.ask(path).body
            assert "<img" not in body and "<b>\u2028" not in body and "\u202e" not in body, path
        with visitor.stream("/live/events?from=0") as events:
            lines = [data for (kind, data), _ in zip(events, range(8)) if kind == "line"]
        shown_lines = [json.loads(line) for line in lines]
        assert all("\u2028" not in line and "\u202e" not in line for line in lines)
        assert {"\\u{202e}" in one["agent"] for one in shown_lines if one["kind"] == "decision"} == {True}


def test_only_this_machines_names_are_answered(tmp_path: Path) -> None:
    with shown(tmp_path, {"listen": "127.0.0.1:0", "hosts": ["tollgate.example"]}) as (_, visitor):
        for host, status in [
            (f"127.0.0.1:{visitor.port}", 200),
            ("localhost", 200),
            ("[::1]:80", 200),
            ("tollgate.example", 200),
            ("evil.example", 403),
            (f"evil.example:{visitor.port}", 403),
            ("127.0.0.1.evil.example", 403),
        ]:
            assert visitor.ask("/", Host=host).status == status, host


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user for a moment")
def test_another_user_of_this_machine_is_not_let_in_without_a_token(tmp_path: Path) -> None:
    """An agent that runs as somebody else must not decide about its own calls."""
    with shown(tmp_path) as (gateway, visitor):
        calls(gateway, 1)

        def status(user: int, path: str) -> str:
            """What a process of this user is answered; a fork, since another user may not start this Python."""
            reads, writes = os.pipe()
            if (child := os.fork()) == 0:
                try:
                    os.setgroups([])
                    os.setgid(user)
                    os.setuid(user)
                    os.write(writes, str(Visitor(visitor.port).ask(path).status).encode())
                finally:
                    os._exit(0)
            os.close(writes)
            with os.fdopen(reads) as said:
                answer = said.read()
            os.waitpid(child, 0)
            return answer

        other = pwd.getpwnam("nobody").pw_uid
        assert [status(0, "/"), status(other, "/"), status(other, "/api/v1/approvals")] == ["200", "403", "403"]
        assert status(other, "/metrics") == "200"


def test_a_form_of_another_page_is_refused(tmp_path: Path) -> None:
    with shown(tmp_path) as (gateway, visitor):
        calls(gateway, 1)
        until(lambda: visitor.ask("/log/log").status == 200, what="the log's page")
        action = "/log/log/verify"
        proof = visitor.form("/log/log", action)
        own = f"http://127.0.0.1:{visitor.port}"
        for fields, headers, status in [
            ({}, {}, 403),
            ({"csrf": "0" * 64}, {}, 403),
            (proof, {"Origin": "http://evil.example"}, 403),
            (proof, {"Origin": "null"}, 403),
            (proof, {"Sec_Fetch_Site": "cross-site"}, 403),
            (proof, {"Cookie": "tollgate_dashboard=" + "a" * 64}, 403),
            (proof, {"Content_Type": "text/plain"}, 415),
            (proof, {"Origin": own, "Sec_Fetch_Site": "same-origin"}, 303),
        ]:
            assert visitor.ask(action, "POST", urlencode(fields), **headers).status == status, (fields, headers)


def test_a_token_is_asked_for_where_others_could_come(tmp_path: Path) -> None:
    secret = "a token of the dashboard"
    dashboard = {"listen": "127.0.0.1:0", "token_sha256": hashlib.sha256(secret.encode()).hexdigest()}
    with shown(tmp_path, dashboard) as (_, visitor):
        asked = visitor.ask("/agents?span=7d")
        assert (asked.status, asked.headers["location"]) == (303, "/login?to=%2Fagents%3Fspan%3D7d")
        for path in ["/", "/api/v1/overview", "/live/events", "/log/log", "/nothing"]:
            assert visitor.ask(path, Accept="*/*").status == 401, path
        assert visitor.ask("/api/v1/overview", Authorization="Bearer wrong").status == 401
        assert visitor.ask("/api/v1/overview", Authorization=f"Bearer {secret}").status == 200
        login = asked.headers["location"]
        wrong = visitor.ask("/login", "POST", urlencode(visitor.form(login, "/login") | {"token": "wrong"}))
        assert wrong.status == 403 and "not the dashboard's token" in wrong.text
        entered = visitor.ask("/login", "POST", urlencode(visitor.form(login, "/login") | {"token": secret}))
        assert (entered.status, entered.headers["location"]) == (303, "/agents?span=7d")
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and secret not in cookie
        visitor.page("/")
        for target in ["https://evil.example/", "//evil.example", "/\\evil.example", "/a b"]:
            fields = visitor.form("/login", "/login") | {"token": secret, "to": target}
            assert visitor.ask("/login", "POST", urlencode(fields)).headers["location"] == "/", target
        left = visitor.send("/", "/logout")
        assert left.headers["location"] == "/login" and visitor.ask("/").status == 303


def test_a_dashboard_beyond_this_machine_needs_a_token(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, _):
        document = dict(gateway.configuration, dashboard="0.0.0.0:0", log="other")
        file = tmp_path / "open.json"
        file.write_text(json.dumps(document))
        file.chmod(0o600)
        refused = gateway.command("serve", "--config", str(file), "--check", expect=None)
        assert refused.returncode == 2 and "/dashboard" in refused.stderr and "token_sha256" in refused.stderr


def test_an_alert_is_acknowledged_and_silenced_from_its_page(tmp_path: Path) -> None:
    with shown(tmp_path, watch={"sinks": ["file:alerts.ndjson"]}) as (gateway, visitor):
        calls(gateway, 1)
        loaded(gateway, visitor)
        with gateway.caller() as agent:
            for _ in range(40):
                assert verdict(agent.stateless_call(arguments={"app": "shop"}).json()) == "ok"
        found = until(lambda: re.search(r'href="(/alerts/[0-9a-f]+)">loop', visitor.page("/alerts").body), what="the alert")
        page = found[1]
        assert "calls in" in visitor.page(page).text and "same_arguments" in visitor.page(page).text
        assert f'href="{page}"' in visitor.page("/").body, "it stands on the first page"
        assert visitor.send(page, page + "/acknowledge", reason="being fixed").headers["location"] == page
        assert "acknowledged" in visitor.page(page).text and "being fixed" in visitor.page(page).text
        assert visitor.ask(page + "/explain").status == 200
        bad = visitor.send(page, page + "/silence", **{"for": "tomorrow", "reason": "x"})
        assert bad.status == 400 and "up to a year" in bad.text
        assert visitor.send(page, page + "/silence", **{"for": "2h", "reason": "release day", "rule": "1"}).status == 303
        assert "release day" in visitor.page("/alerts").text
        ends = re.search(r'action="(/silences/[^"]+/end)"', visitor.page("/alerts").body)[1]
        assert visitor.send("/alerts", ends).status == 303
        assert "No silence holds" in visitor.page("/alerts").text
        who = {one["by"] for one in logs.salvage(tmp_path / "watch") if one.get("by")}
        assert who == {getpass.getuser()}


def test_a_log_is_verified_from_its_page(tmp_path: Path) -> None:
    with shown(tmp_path) as (gateway, visitor):
        calls(gateway, 5)
        until(lambda: visitor.ask("/log/log").status == 200, what="the log's page")

        def verified() -> str:
            assert visitor.send("/log/log", "/log/log/verify").status == 303
            return until(
                lambda: (found := visitor.ask("/api/v1/log/log").json()["check"])["state"] != "running" and found,
                what="the verification's end",
            )

        whole = verified()
        assert whole["state"] == "whole" and "records are as they were written" in whole["what"]
        segment = sorted((gateway.log / "seg").glob("*.ndjson.gz"))[0]
        (gateway.log / "DAMAGED").touch()
        place = segment.stat().st_size // 2
        with segment.open("r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 1]))
        broken = verified()
        assert broken["state"] == "broken" and "seq" in broken["what"]
        assert "role=\"alert\"" in visitor.page("/log/log").body
        assert visitor.ask("/log/" + quote("../etc", safe="")).status == 404


def test_pages_work_before_there_is_anything(tmp_path: Path) -> None:
    with shown(tmp_path) as (_, visitor):
        for path in PAGES:
            answer = visitor.ask(path)
            assert answer.status == 200 or (answer.status == 503 and "Try: tollgate" in answer.text), (path, answer.text)


MISSING = {
    "/agents/nobody": "no agent 'nobody' in this time",
    "/tools/up/none": "no tool 'up/none' in this time",
    "/alerts/zzz": "There is no alert of this id",
    "/explain/log/99999999": "has no record 99999999",
    "/explain/log/x": "There is no such record",
    "/log/none": "There is no such log",
    "/x": "There is nothing here",
}


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_said(tmp_path: Path, path: str) -> None:
    with shown(tmp_path) as (gateway, visitor):
        calls(gateway, 1)
        loaded(gateway, visitor)
        answer = visitor.ask(path)
        assert answer.status == 404 and MISSING[path] in answer.text, (answer.status, answer.text)

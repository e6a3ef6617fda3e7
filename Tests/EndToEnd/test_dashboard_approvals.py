"""The dashboard's approvals: who waits, with no value that the policy does not record, and deciding about it."""

from __future__ import annotations

import getpass
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.browser import chromium, faults, page
from harness.client import until, verdict
from harness.dashboard import Visitor
from harness.gateway import Gateway
from playwright.sync_api import Browser
from test_approvals import Later, policy, said
from test_dashboard import shown

TOKEN = "a token of the tests"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


def held(gateway: Gateway, who: Visitor, amount: int = 5) -> tuple[Later, str]:
    """A call that waits, and its id."""

    def call() -> Any:
        with gateway.caller() as agent:
            return agent.stateless_call("pay", {"amount": amount, "card": "4242"}).json()

    before = {one["id"] for one in who.ask("/api/v1/approvals").json()["approvals"]}
    answer = Later(call)
    new = until(
        lambda: [one for one in who.ask("/api/v1/approvals").json()["approvals"] if one["id"] not in before],
        what="a waiting call",
    )
    return answer, new[0]["id"]


def test_a_waiting_call_is_shown_and_denied_with_words(tmp_path: Path, browser: Any) -> None:
    with shown(tmp_path, policy=policy()) as (gateway, who):
        answer, name = held(gateway, who)
        with page(browser) as one:
            one.goto(f"http://127.0.0.1:{who.port}/approvals")
            text = one.inner_text("main")
            assert "Payments need a second pair of eyes." in text and "args.amount=5" in text and name in text
            assert "amount, card" in text and "4242" not in one.content()
            assert faults(one) == {}
            # Another one that comes is told; what is being written stays.
            one.get_by_label("Message").fill("Ask <finance> first.")
            other, second = held(gateway, who, amount=6)
            one.get_by_text("1 more wait").wait_for()
            one.get_by_role("button", name="Deny").click()
            assert f"{name} is denied by {getpass.getuser()}" in one.get_by_role("status").first.inner_text()
            assert said(answer.value()).endswith(f"Refused by {getpass.getuser()}. Ask <finance> first.")
            one.get_by_role("article", name=second).get_by_role("button", name="Approve").click()
            assert verdict(other.value()) == "ok"
            # Once the warehouse has them, by its word.
            until(lambda: one.reload() and one.locator("td", has_text="pay").count() == 2, what="both in the warehouse")
            assert "Ask <finance> first." in one.inner_text("table")


def test_an_approved_call_goes_on_and_who_comes_second_is_told_so(tmp_path: Path) -> None:
    with shown(tmp_path, policy=policy()) as (gateway, who):
        answer, name = held(gateway, who)
        path = f"/approvals/{name.replace('/', '%2F')}/decide"
        form = who.form("/approvals", path)
        assert who.post(path, form | {"decision": "approve", "csrf": ""}).status == 403
        assert who.post(path, form | {"decision": "approve"}, Origin="http://evil.example").status == 403
        assert who.post(path, form | {"decision": "perhaps"}).status == 400
        assert who.post(path, form | {"decision": "approve", "message": "m" * 501}).status == 400
        assert who.ask("/api/v1/approvals").json()["approvals"], "none of these decided anything"
        assert who.post(path, form | {"decision": "approve"}).status == 303
        assert verdict(answer.value()) == "ok"
        (decided,) = [one for one in gateway.records() if one.get("event") == "approval_decided"]
        assert (decided["id"], decided["state"], decided["by"]) == (name, "approved", getpass.getuser())
        second = who.post(path, form | {"decision": "deny"})
        assert second.status == 409 and f"approved by {getpass.getuser()}" in second.body
        assert "is approved" not in who.ask("/approvals?done=log%2F99999").body, "an address alone says nothing"


def test_programs_decide_with_the_token_only(tmp_path: Path) -> None:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    dashboard = {"listen": "127.0.0.1:0", "token_sha256": digest}
    with shown(tmp_path, dashboard, policy=policy()) as (gateway, stranger):
        program = Visitor(stranger.port, TOKEN)
        answer, name = held(gateway, program)
        (one,) = program.ask("/api/v1/approvals").json()["approvals"]
        assert one["agent"] == "ci" and one["args"] == ["args.amount=5"] and one["arg_keys"] == ["amount", "card"]
        path = f"/api/v1/approvals/{name.replace('/', '%2F')}"
        assert stranger.post_json(f"{path}/approve", {}).status == 401
        assert program.post(f"{path}/approve", {}).status == 415, "what a form of another site could send"
        assert program.post_json(f"{path}/approve", {"massage": "x"}).status == 400
        described = program.ask("/api/v1/openapi.json").json()["paths"]
        assert {way: list(described[way]) for way in described if "approvals" in way} == {
            "/api/v1/approvals": ["get"],
            "/api/v1/approvals/{name}/approve": ["post"],
            "/api/v1/approvals/{name}/deny": ["post"],
        }
        done = program.post_json(f"{path}/deny", {"message": "Not today."})
        assert done.json() == {"id": name, "state": "denied"}
        assert said(answer.value()).endswith("Not today.")
        assert program.post_json(f"{path}/approve", {}).status == 409


def test_what_nobody_decided_in_time_is_told(tmp_path: Path) -> None:
    with shown(tmp_path, policy=policy(timeout="10s")) as (gateway, who):
        with gateway.caller() as agent:
            assert verdict(agent.stateless_call("pay", {"amount": 5}).json()) == "deny"
        until(lambda: "1 call ended because nobody decided" in who.ask("/approvals").body, what="the end of the call")
        assert "No call waits for a person." in who.ask("/approvals").body

"""The dashboard's approvals: who waits, with no value that the policy does not record, and deciding about it."""

from __future__ import annotations

import getpass
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import chromium
from harness.client import until, verdict
from harness.dashboard import Visitor, visitor
from harness.gateway import Gateway, behind, grant
from test_approvals import Later, policy, said

TOKEN = "a token of the tests"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if why := chromium.why_missing():
        pytest.skip(why)
    with chromium.running() as one:
        yield one


def held(gateway: Gateway, who: Visitor, amount: int = 5) -> tuple[Later, str]:
    """A call that waits, and its id."""

    def call() -> Any:
        with gateway.caller() as agent:
            return agent.stateless_call("pay", {"amount": amount, "card": "4242"}).json()

    before = {one["id"] for one in who.get("/api/v1/approvals").json["approvals"]}
    answer = Later(call)
    new = until(
        lambda: [one for one in who.get("/api/v1/approvals").json["approvals"] if one["id"] not in before],
        what="a waiting call",
    )
    return answer, new[0]["id"]


def test_a_waiting_call_is_shown_and_denied_with_words(tmp_path: Path, browser: Any) -> None:
    with behind(tmp_path, policy=policy(), dashboard="127.0.0.1:0") as (gateway, upstream):
        who = visitor(gateway)
        answer, name = held(gateway, who)
        with chromium.page(browser, who.origin + "/approvals") as page:
            text = page.inner_text("main")
            assert "Payments need a second pair of eyes." in text and "args.amount=5" in text and name in text
            assert "amount, card" in text and "4242" not in page.content()
            chromium.look(page)
            page.get_by_label("Message").fill("Ask <finance> first.")
            page.get_by_role("button", name="Deny").click()
            assert f"{name} is denied by {getpass.getuser()}" in page.get_by_role("status").first.inner_text()
            assert said(answer.value()).endswith(f"Refused by {getpass.getuser()}. Ask <finance> first.")
            # Once the warehouse has it, by its word.
            until(lambda: page.reload() and "pay" in page.inner_text("table"), what="the decision in the warehouse")
            assert "Ask <finance> first." in page.inner_text("table")
        assert not upstream.calls()


def test_an_approved_call_goes_on_and_who_comes_second_is_told_so(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy(), dashboard="127.0.0.1:0") as (gateway, _):
        who = visitor(gateway)
        answer, name = held(gateway, who)
        page = who.get("/approvals")
        form = page.fields("/approvals/")
        path = f"/approvals/{name.replace('/', '%2F')}/decide"
        assert who.post(path, form | {"decision": "approve", "csrf": ""}).status == 403
        assert who.post(path, form | {"decision": "approve"}, Origin="http://evil.example").status == 403
        assert who.post(path, form | {"decision": "perhaps"}).status == 400
        assert who.post(path, form | {"decision": "approve", "message": "m" * 501}).status == 400
        assert who.get("/api/v1/approvals").json["approvals"], "none of these decided anything"
        assert who.post(path, form | {"decision": "approve"}).status == 303
        assert verdict(answer.value()) == "ok"
        (decided,) = [one for one in gateway.records() if one.get("event") == "approval_decided"]
        assert (decided["id"], decided["state"], decided["by"]) == (name, "approved", getpass.getuser())
        second = who.post(path, form | {"decision": "deny"})
        assert second.status == 409 and f"approved by {getpass.getuser()}" in second.text
        assert "is approved" not in who.get("/approvals?done=log%2F99999").text, "an address alone says nothing"


def test_programs_decide_with_the_token_only(tmp_path: Path) -> None:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    dashboard = {"listen": "127.0.0.1:0", "token_sha256": digest}
    with behind(tmp_path, policy=policy(), dashboard=dashboard) as (gateway, _):
        program, stranger = visitor(gateway, TOKEN), visitor(gateway)
        answer, name = held(gateway, program)
        (one,) = program.get("/api/v1/approvals").json["approvals"]
        assert one["agent"] == "ci" and one["args"] == ["args.amount=5"] and one["arg_keys"] == ["amount", "card"]
        path = f"/api/v1/approvals/{name.replace('/', '%2F')}"
        assert stranger.post_json(f"{path}/approve", {}).status == 401
        assert program.post(f"{path}/approve", {}).status == 415, "what a form of another site could send"
        assert program.post_json(f"{path}/approve", {"massage": "x"}).status == 400
        done = program.post_json(f"{path}/deny", {"message": "Not today."})
        assert done.json == {"id": name, "state": "denied"}
        assert said(answer.value()).endswith("Not today.")
        assert program.post_json(f"{path}/approve", {}).status == 409


def test_what_nobody_decided_in_time_is_told(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy(timeout="10s"), dashboard="127.0.0.1:0") as (gateway, _):
        who = visitor(gateway)
        with gateway.caller() as agent:
            assert verdict(agent.stateless_call("pay", {"amount": 5}).json()) == "deny"
        until(lambda: "1 call ended because nobody decided" in who.get("/approvals").text, what="the end of the call")
        assert "No call waits for a person." in who.get("/approvals").text

"""One fleet, counted independently at every station: client, server, log, SQLite, report."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from pathlib import Path

import pytest
from harness import logs
from harness.home import Home
from harness.paths import EXAMPLES, POLICIES, binary

sys.path.insert(0, str(EXAMPLES))
import fleet  # noqa: E402

BUILD = "build_and_push_image_to_ecr"
DECISIONS = {"ok": "allow", "tool_error": "allow", "rpc_error": "allow", "deny": "deny", "throttle": "throttle"}


@pytest.fixture(scope="module")
def fleet_home(tmp_path_factory: pytest.TempPathFactory):
    """A home in which the example fleet has worked for six seconds."""
    home = Home(tmp_path_factory.mktemp("fleet"))
    journals = home.work / "journals"
    journals.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for key, value in home.environment.items():
            patch.setenv(key, value)
        plans = fleet.plan(seed=7, seconds=6, runaway_calls=150)
        with (home.work / "fleet.stderr").open("wb") as errors:
            tallies = fleet.run(plans, str(binary()), str(POLICIES / "demo.json"), journals, stderr=errors.fileno())
    yield home, tallies, journals
    home.close()


def sent(tallies: list[fleet.Tally]) -> Counter:
    """(agent, decision) → calls, as the clients counted them."""
    found: Counter = Counter()
    for tally in tallies:
        for answers in tally.answers.values():
            for kind, count in answers.items():
                found[tally.agent, DECISIONS[kind]] += count
    return found


def reached(journals: Path, agent: str) -> int:
    file = journals / f"{agent}.ndjson"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_client_log_sqlite_and_report_count_the_same(fleet_home) -> None:
    home, tallies, _ = fleet_home
    seen = sent(tallies)
    logged = Counter((record["agent"], record["decision"]) for record in logs.calls(home.records()))
    assert logged == seen

    home.tollgate("ingest")
    with sqlite3.connect(home.path / "warehouse.sqlite") as database:
        query = "select agent, decision, count(*) from decisions where method = 'tools/call' group by 1, 2"
        stored = {(agent, decision): count for agent, decision, count in database.execute(query)}
        views = {name for (name,) in database.execute("select name from sqlite_master where type = 'view'")}
    assert stored == seen
    assert {"decisions", "calls", "agents", "tools", "rules", "alerts", "coverage"} <= views

    reported = {
        (one["agent"], decision): one["counts"][key]
        for one in home.tollgate("report", "rates", "--json").json()["agents"]
        for decision, key in (("allow", "allowed"), ("deny", "denied"), ("throttle", "throttled"))
        if one["counts"][key]
    }
    assert reported == seen


def test_what_was_allowed_is_what_reached_the_servers(fleet_home) -> None:
    home, tallies, journals = fleet_home
    for log in home.logs():
        records = logs.records(log)
        allowed = logs.calls(records, decision="allow")
        (agent,) = {record["agent"] for record in logs.calls(records)}
        assert len(allowed) == reached(journals, agent)
        assert all(logs.outcome_of(records, record)["outcome"] == "ok" for record in allowed)
    assert reached(journals, "ci-builder") == 10


def test_denials_are_reported_by_rule_and_agent(fleet_home) -> None:
    home, tallies, _ = fleet_home
    report = home.tollgate("report", "denials", "--json").json()["denials"]
    rule = f"/tools/{BUILD}/limits/{BUILD}_rate"
    builds = next(one for one in report["by_rule"] if one["rule"] == rule)
    assert (builds["mostly_agent"], builds["calls"], builds["agents"]) == ("ci-builder", 140, 1)
    stopped = {tally.agent: tally.total("deny") + tally.total("throttle") for tally in tallies}
    assert report["stopped"] == sum(stopped.values()) == sum(one["calls"] for one in report["by_rule"])
    assert {one["agent"]: one["calls"] for one in report["by_agent"]} == {a: n for a, n in stopped.items() if n}
    text = home.tollgate("report", "denials").out
    assert rule in text and "ci-builder" in text


def test_a_reading_command_loads_what_is_new_and_says_so(home: Home) -> None:
    with home.client(*home.recorder()) as client:
        client.handshake()
        client.call("echo")
        first = home.tollgate("report", "rates")
        assert "loaded" in first.err + first.out and "0 gaps" in first.err + first.out
        client.call("echo")
        client.call("echo")
        assert client.close() == 0
    tools = home.tollgate("report", "rates", "--json").json()["tools"]
    assert [(one["tool"], one["counts"]["calls"]) for one in tools] == [("echo", 3)]


def test_the_database_can_be_deleted_and_comes_back_the_same(fleet_home) -> None:
    home, _, _ = fleet_home
    home.tollgate("ingest")
    database = home.path / "warehouse.sqlite"

    def content() -> list[tuple]:
        with sqlite3.connect(database) as connection:
            return sorted(connection.execute("select * from decisions"), key=repr)

    before = content()
    for file in home.path.glob("warehouse.sqlite*"):
        file.unlink()
    home.tollgate("ingest")
    assert content() == before != []


def test_the_weekly_report_names_the_runaway_in_every_form(fleet_home) -> None:
    home, _, _ = fleet_home
    said = home.tollgate("report", "weekly").out
    assert "ci-builder" in said and BUILD in said
    out = home.work / "weekly.html"
    home.tollgate("report", "weekly", "--format", "html", "--out", out)
    html = out.read_text()
    assert html.lstrip().lower().startswith("<!doctype html") and "ci-builder" in html
    assert len(html) <= 300_000 and "http://" not in html.replace("http://www.w3.org", "")
    again = home.tollgate("report", "weekly", "--format", "html").out
    assert again.strip() == html.strip(), "the same log gives the same report"
    document = home.tollgate("report", "weekly", "--format", "json").json()
    assert "ci-builder" in str(document)

"""`tollgate alerts`: what people see, acknowledge and silence, on record with who and why."""

from __future__ import annotations

import getpass
import time

from harness import logs
from harness.home import Home
from harness.rules import loop_and_cap
from test_alerts import BUILD, alerts, runaway


def steps(home: Home) -> list[dict]:
    return [one for one in logs.records(home.path / "logs" / "watch") if one.get("event") == "alert"]


def until(condition, what: str, timeout: float = 20) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_an_alert_is_listed_shown_and_acknowledged(home: Home) -> None:
    with home.client(*home.recorder(received=home.work / "quietly"), name="quiet") as quiet:
        quiet.handshake()
        with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json") as watch:
            runaway(home)
            watch.until(lambda lines: {"loop", "cap"} <= {one["rule"] for one in alerts(lines)}, what="loop and cap")
            listed = home.tollgate("alerts", "list", "--json").json()
            assert {(one["rule"], one["state"], one["tool"]) for one in listed} == {
                ("loop", "firing", BUILD),
                ("cap", "firing", BUILD),
            }
            identity = listed[0]["id"]
            said = home.tollgate("alerts", "ack", identity, "--reason", "being fixed", "--json").json()
            assert said == {"id": identity, "state": "acknowledged"}
            shown = home.tollgate("alerts", "show", identity, "--json").json()
            assert (shown["state"], shown["by"], shown["reason"]) == ("acknowledged", getpass.getuser(), "being fixed")
            assert shown["evidence"]["command"].startswith("tollgate tail")
            explained = home.tollgate("explain", identity, "--json").json()
            assert "acknowledged" in explained["sentence"] and explained["calls"], "what was found is still explained"
            assert [one["state"] for one in shown["deliveries"]] == ["done"]
            assert identity in home.tollgate("alerts", "list").out
            refused = home.tollgate("alerts", "ack", "0123456789abcdef", expect=1)
            assert "no alert 0123456789abcdef" in refused.err and "hint: tollgate alerts list" in refused.err
        assert quiet.close() == 0
    (acknowledged,) = [one for one in steps(home) if one["state"] == "acknowledged"]
    assert (acknowledged["by"], acknowledged["reason"]) == (getpass.getuser(), "being fixed")
    home.tollgate("ingest")
    reported = home.tollgate("report", "alerts", "--since", "1d", "--json").json()["alerts"]
    assert {one["state"] for one in reported if one["id"] == identity} == {"acknowledged"}
    assert {one["rule"] for one in reported} == {"loop", "cap"}, "no silence among the alerts"


def test_a_silence_mutes_until_it_is_taken_back(home: Home) -> None:
    asked = home.tollgate("watch", *loop_and_cap(home), "--once", "--sink", "stdout:json", expect=None)
    with home.client(*home.recorder(received=home.work / "quietly"), name="quiet") as quiet:
        quiet.handshake()
        with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json") as watch:
            until(lambda: (home.path / "logs" / "watch.alerts.sqlite").exists(), f"an outbox {asked}")
            words = ("--tool", "build_*", "--for", "2h", "--reason", "release day")
            silence = home.tollgate("alerts", "silence", *words, "--json").json()["id"]
            (held,) = home.tollgate("alerts", "silences", "--json").json()
            assert (held["id"], held["matchers"], held["by"]) == (silence, {"tool": "build_*"}, getpass.getuser())
            runaway(home)

            def states() -> set[tuple[str, str]]:
                return {(one["rule"], one["state"]) for one in home.tollgate("alerts", "list", "--json").json()}

            until(lambda: states() == {("loop", "silenced"), ("cap", "silenced")}, "both are silenced")
            assert alerts(watch.lines) == []
            home.tollgate("alerts", "unsilence", silence)
            watch.until(lambda lines: {"loop", "cap"} <= {one["rule"] for one in alerts(lines)}, what="told after all")
            assert home.tollgate("alerts", "silences", "--json").json() == []
        assert quiet.close() == 0
    about = [(one["state"], one["by"], one["reason"]) for one in steps(home) if one["rule"] == "alert_silence"]
    assert about == [(state, getpass.getuser(), "release day") for state in ("active", "ended")]
    home.tollgate("ingest")
    reported = home.tollgate("report", "alerts", "--since", "1d", "--json").json()["alerts"]
    assert {one["rule"] for one in reported} == {"loop", "cap"}, "a silence is no alert"


def test_what_cannot_be_asked_is_an_error_with_a_hint(home: Home) -> None:
    assert "no watch has run here" in home.tollgate("alerts", "list", expect=6).err
    for words in (
        ("silence", "--for", "2h", "--reason", "x"),
        ("silence", "--tool", "x", "--for", "soon", "--reason", "x"),
        ("silence", "--tool", "x", "--for", "2h"),
        ("silence", "--tool", "x", "--for", "2h", "--reason", "x", "--expected-load", "0.5"),
    ):
        assert "hint:" in home.tollgate("alerts", *words, expect=2).err


def test_silence_of_all_logs_is_an_alert_until_something_arrives(home: Home) -> None:
    with home.client(*home.recorder(received=home.work / "quietly"), name="quiet") as quiet:
        quiet.handshake()
        with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json", "--expect-records", "2s") as watch:

            def told(state: str):
                return lambda lines: ("no_events", state) in {(one["rule"], one["state"]) for one in alerts(lines)}

            watch.until(told("firing"), what="nothing arrives")
            quiet.call("echo")
            watch.until(told("resolved"), what="something arrives")
        assert quiet.close() == 0
    assert [one["state"] for one in steps(home) if one["rule"] == "no_events"][:2] == ["firing", "resolved"]


def test_a_warehouse_that_stays_behind_is_an_alert_until_it_has_caught_up(home: Home) -> None:
    home.tollgate("ingest", expect=None)
    with home.client(*home.recorder(received=home.work / "quietly"), name="quiet") as quiet:
        quiet.handshake()
        with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json", "--expect-ingest", "2s") as watch:

            def told(state: str):
                return lambda lines: ("ingest_lag", state) in {(one["rule"], one["state"]) for one in alerts(lines)}

            quiet.call("echo")
            watch.until(told("firing"), what="the warehouse stays behind")
            home.tollgate("ingest")
            watch.until(told("resolved"), what="it has caught up")
        assert quiet.close() == 0

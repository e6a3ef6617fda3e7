"""Webhooks: what fires arrives at least once under one key, whatever the receiver does and whenever the watch is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from harness import logs
from harness.home import Home
from harness.rules import loop_and_cap
from harness.paths import SCHEMAS, binary
from harness.receiver import Receiver, receiving
from jsonschema import Draft202012Validator

SECRET = "a secret of thirty-two characters"


def fleet(home: Home, events: int = 4_000) -> None:
    """A fleet's month with a runaway."""
    home.tollgate("simulate", "--seed", "1", "--events", str(events), "--log", home.path / "logs" / "fleet")


def recorded(home: Home) -> set[tuple[str, str]]:
    """The steps of alerts that sinks are to hear of, by the watch's own log."""
    steps = [one for one in logs.records(home.path / "logs" / "watch") if one.get("event") == "alert"]
    return {(one["id"], one["state"]) for one in steps if one.get("n") != 0}


def told(receiver: Receiver) -> set[tuple[str, str]]:
    return {(one["fingerprint"], one["status"]) for message in receiver.taken for one in message.json()["alerts"]}


def outbox(home: Home) -> sqlite3.Connection:
    return sqlite3.connect(home.path / "logs" / "watch.alerts.sqlite")


def left(home: Home) -> int:
    """Messages that still wait."""
    if not (home.path / "logs" / "watch.alerts.sqlite").exists():
        return 1
    with outbox(home) as db:
        waiting = db.execute("SELECT count(*) FROM delivery WHERE state = 'waiting'").fetchone()[0]
        return waiting + db.execute("SELECT count(*) FROM gathered WHERE NOT is_sent").fetchone()[0]


def check(receiver: Receiver) -> None:
    """Every request is signed, fits the schema, and is one body for one key."""
    schema = json.loads((SCHEMAS / "alert-webhook.v1.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    bodies: dict[str, bytes] = {}
    for one in receiver.received:
        assert one.is_signed(SECRET) and one.path == "/hook"
        error = next(validator.iter_errors(one.json()), None)
        assert error is None, f"{error.message} at {error.json_path}"
        assert bodies.setdefault(one.key, one.body) == one.body, "one key, two bodies"


def test_a_message_is_signed_fits_the_schema_and_holds_the_evidence(home: Home) -> None:
    fleet(home)
    with receiving() as receiver:
        sink = f"webhook:{receiver.url}#hmac-env=HOOK"
        said = home.tollgate("watch", *loop_and_cap(home), "--once", "--sink", sink, env={"HOOK": SECRET})
        check(receiver)
        assert told(receiver) <= recorded(home)
        assert {identity for identity, _ in told(receiver)} == {identity for identity, _ in recorded(home)}
        assert SECRET not in said.err + said.out and "/hook" not in said.err
        alerts = [one for message in receiver.taken for one in message.json()["alerts"]]
        annotations = next(one["annotations"] for one in alerts if one["labels"]["alertname"] == "loop")
        assert annotations["first_record"].startswith("fleet/") and int(annotations["attempts"]) > 0
        words = annotations["command"].split()
        assert words[:2] == ["tollgate", "tail"]
        calls = home.tollgate(*words[1:]).json_lines()
        decided = [one for one in calls if one["kind"] == "decision"]
        assert len(decided) >= 7, "the command prints the calls"
    assert (home.path / "logs" / "watch.alerts.sqlite").stat().st_mode & 0o777 == 0o600


def test_5xx_429_hangs_and_broken_connections_lose_nothing(home: Home, say) -> None:
    fleet(home)
    answers = [503, (429, {"Retry-After": "2"}), "close", "hang", 500]
    with receiving(answers) as receiver, receiving() as sound:
        start = time.monotonic()
        hooks = [f"webhook:{one.url}#hmac-env=HOOK" for one in (receiver, sound)]
        home.tollgate("watch", *loop_and_cap(home), "--once", "--sink", hooks[0], "--sink", hooks[1], env={"HOOK": SECRET})
        first = time.monotonic() - start
        for _ in range(5):
            if left(home) == 0:
                break
            home.tollgate("watch", *loop_and_cap(home), "--once", "--sink", hooks[0], "--sink", hooks[1], env={"HOOK": SECRET})
        assert left(home) == 0
        check(receiver)
        check(sound)
        assert told(receiver) == told(sound) != set()
        assert len(sound.received) == len({one.key for one in sound.received}), "a broken sink makes no other repeat"
        assert len(receiver.received) >= len(answers) + 1
    say(f"alert delivery: {len(receiver.received)} requests, {len(receiver.taken)} taken; first run {first:.1f} s")


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_however_often_the_watch_is_killed(home: Home, say, seed: int) -> None:
    fleet(home)
    chance = random.Random(seed)

    def answers():
        while True:
            yield chance.choice([200, 200, 503, "close"])

    kills = 0
    with receiving(answers()) as receiver:
        command = [str(binary()), "watch", *loop_and_cap(home), "--once", "--sink", f"webhook:{receiver.url}#hmac-env=HOOK"]
        environment = home.environment | {"HOOK": SECRET}
        deadline = time.monotonic() + 150
        calm = 0
        while time.monotonic() < deadline:
            child = subprocess.Popen(command, env=environment, cwd=home.work, stderr=subprocess.DEVNULL)
            try:
                child.wait(chance.uniform(0.02, 1.5) if kills < 12 else 30)
            except subprocess.TimeoutExpired:
                os.kill(child.pid, signal.SIGKILL)
                child.wait()
                kills += 1
                continue
            calm = calm + 1 if child.returncode == 0 and left(home) == 0 else 0
            if calm and kills >= 12 or calm > 20:
                break
        assert left(home) == 0, f"seed {seed}"
        check(receiver)
        # A message is about a group: where an alert began and ended in between, its end says it all.
        assert {identity for identity, _ in told(receiver)} == {identity for identity, _ in recorded(home)}
        resolved = {identity for identity, state in recorded(home) if state == "resolved"}
        assert resolved == {identity for identity, state in told(receiver) if state == "resolved"} != set()
        steps = [one for one in logs.records(home.path / "logs" / "watch") if one.get("event") == "alert"]
        seen = [(one["id"], one["state"], one["reason"], one["attempts"]) for one in steps]
        assert len(seen) == len(set(seen)), f"seed {seed}: a step is on record once"
    say(f"alert kills, seed {seed}: {kills} × SIGKILL, {len(receiver.received)} requests, {len(receiver.taken)} taken")


def test_a_watch_killed_while_the_receiver_answers_sends_the_same_message_again(home: Home, say) -> None:
    fleet(home)
    children: list[subprocess.Popen[bytes]] = []

    def die() -> str:
        """The receiver has the message; the watch dies before it can know."""
        os.kill(children[-1].pid, signal.SIGKILL)
        return "close"

    with receiving([die] * 6) as receiver:
        command = [str(binary()), "watch", *loop_and_cap(home), "--once", "--sink", f"webhook:{receiver.url}#hmac-env=HOOK"]
        for _ in range(12):
            child = subprocess.Popen(
                command, env=home.environment | {"HOOK": SECRET}, cwd=home.work, stderr=subprocess.DEVNULL
            )
            children.append(child)
            if child.wait(60) == 0:
                break
        assert left(home) == 0 and sum(child.returncode == -signal.SIGKILL for child in children) == 6
        check(receiver)
        assert {identity for identity, _ in told(receiver)} == {identity for identity, _ in recorded(home)} != set()
        assert {one.key for one in receiver.received} == {one.key for one in receiver.taken}, "the same keys, again"
    say(f"alert kills at delivery: 6 × SIGKILL, {len(receiver.received)} requests, {len(receiver.taken)} taken")


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://2852039166/", "http://[::ffff:169.254.169.254]/x"],
)
def test_no_sink_points_at_a_metadata_address(home: Home, url: str) -> None:
    for kind in ("webhook", "alertmanager"):
        said = home.tollgate("watch", *loop_and_cap(home), "--once", "--sink", f"{kind}:{url}", expect=2)
        assert "metadata" in said.err and "hint:" in said.err


def test_a_redirect_is_not_followed_and_a_dead_message_can_be_sent_again(home: Home) -> None:
    fleet(home)
    with receiving() as other, receiving(iter([(302, {"Location": other.url})] * 99)) as receiver:
        said = home.tollgate("watch", *loop_and_cap(home), "--once", "--sink", f"webhook:{receiver.url}")
        assert "not followed" in said.err and other.received == []
        identity = receiver.received[0].json()["alerts"][0]["fingerprint"]
        shown = home.tollgate("alerts", "show", identity, "--json").json()
        assert {one["state"] for one in shown["deliveries"]} == {"dead"}
        keys = {one.key for one in receiver.received}
        receiver._answers = iter(())
        with home.following("watch", *loop_and_cap(home), "--sink", f"webhook:{receiver.url}"):
            home.tollgate("alerts", "resend", identity)
            deadline = time.monotonic() + 20
            while not receiver.taken and time.monotonic() < deadline:
                time.sleep(0.05)
        assert {one.key for one in receiver.taken} <= keys and receiver.taken

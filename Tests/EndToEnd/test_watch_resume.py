"""`tollgate watch` goes on from what the last one had learned: stopped, killed and started anew, it tells what it would have
told without a stop, which is what a replay of the log tells."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness import logs
from harness.home import Follower, Home
from harness.paths import binary

EVENTS = 4_000
PIECES = 9
KEEP = ("--keep-interval", "1s")


def simulated(home: Home, seed: int, scenario: str) -> list[bytes]:
    return home.tollgate(
        "simulate", "--stdout", "--seed", str(seed), "--events", str(EVENTS), "--scenario", scenario
    ).out.encode().splitlines()


def pieces(lines: list[bytes], cuts: random.Random) -> list[list[bytes]]:
    """The lines in pieces, cut where no outcome is left without its decision."""
    places, open_calls = [], set()
    for index, line in enumerate(lines):
        record = json.loads(line)
        if record["kind"] == "outcome":
            open_calls.discard(record["of"])
        elif record["kind"] == "decision" and (record["decision"] == "allow" or record.get("mode") == "shadow"):
            open_calls.add(record["seq"])
        if not open_calls:
            places.append(index + 1)
    ends = sorted(cuts.sample(places[:-1], PIECES - 1)) + [len(lines)]
    return [lines[start:end] for start, end in zip([0, *ends], ends)]


def append(home: Home, log: Path, lines: list[bytes]) -> None:
    home.tollgate("log", "append", "--log", log, stdin=b"\n".join(lines) + b"\n")


def outbox(home: Home) -> Path:
    return home.path / "logs" / "watch.alerts.sqlite"


def place(home: Home, name: str = "fleet") -> int | None:
    """The seq behind the last record that is in what the watch has kept; nil where it has kept nothing of that log."""
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(
        sqlite3.connect(f"file:{outbox(home)}?mode=ro", uri=True, timeout=30)
    ) as database:
        for (seq,) in database.execute("select next_seq from watch_place where name = ?", (name,)):
            return seq
    return None


def until(condition: Any, what: str, timeout: float = 60) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.02)


class Watch(Follower):
    """A watch that can be killed."""

    def __init__(self, home: Home, *options: str) -> None:
        self.home = home
        command = [str(binary()), "watch", *KEEP, "--sink", f"file:{home.work / 'alerts.ndjson'}", *options]
        super().__init__(command, home.environment, home.work)

    def kept(self, seq: int) -> Watch:
        """Waits until everything before a seq is in what is kept."""
        until(lambda: self._alive() and (place(self.home) or 0) >= seq, f"a memory up to {seq}")
        return self

    def _alive(self) -> bool:
        assert self.child.poll() is None, f"the watch ended with {self.child.returncode}: {self.errors}"
        return True

    def terminate(self, has_begun: bool = True) -> None:
        """SIGTERM; a watch that may only just have begun does not listen yet, and ends as if it were killed."""
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(30) in ((0,) if has_begun else (0, -signal.SIGTERM)), self.errors

    def kill(self) -> None:
        os.kill(self.child.pid, signal.SIGKILL)
        self.child.wait()


@contextlib.contextmanager
def watching(home: Home, *options: str) -> Iterator[Watch]:
    watch = Watch(home, *options)
    try:
        yield watch
    finally:
        if watch.child.poll() is None:
            watch.kill()


def told(home: Home, last: str) -> list[str]:
    """The alerts on record up to the log's last call, without when they were written."""
    found = []
    for record in logs.records(home.path / "logs" / "watch"):
        if record["kind"] != "control" or record["event"] != "alert":
            continue
        if (record.get("to") or record["from"]) > last:
            continue
        found.append(json.dumps({key: value for key, value in record.items() if key not in ("ts", "seq")}))
    return found


def replayed(home: Home, log: Path, last: str) -> list[str]:
    """What a watch of a home of its own tells of the whole log in one go."""
    other = Home(home.root / "replay")
    try:
        other.tollgate("watch", "--once", "--log", log, "--sink", f"file:{other.work / 'alerts.ndjson'}")
        return told(other, last)
    finally:
        other.close()


@pytest.mark.parametrize("scenario", ["fleet", "runaway"])
def test_live_equals_replay_with_a_stop_a_kill_and_resumes_in_between(home: Home, say, scenario: str) -> None:
    seed = random.SystemRandom().randrange(1, 10_000)
    print(f"seed {seed}")
    cuts = random.Random(seed)
    log = home.path / "logs" / "fleet"
    ends = cuts.sample(["stop", "kill", "kill at once", "stop at once"] * 2, PIECES - 1)
    watch = Watch(home)
    until(lambda: outbox(home).exists() and place(home, "fleet") is None and _has_memory(home), "the first memory")
    try:
        for index, piece in enumerate(pieces(simulated(home, seed, scenario), cuts)):
            append(home, log, piece)
            end = ends[index] if index < len(ends) else "last"
            if end in ("stop", "kill", "last"):
                watch.kept(len(logs.lines(log)))
            if end.startswith("stop"):
                watch.terminate(has_begun=end == "stop")
            elif end.startswith("kill"):
                time.sleep(cuts.random() * 0.5)
                watch.kill()
            if end != "last":
                watch = Watch(home)
        watch.terminate()
    finally:
        if watch.child.poll() is None:
            watch.kill()
    last = max(record["ts"] for record in logs.records(log))
    live, whole = told(home, last), replayed(home, log, last)
    assert live == whole, f"seed {seed}, {ends}"
    assert len(whole) > (20 if scenario == "fleet" else 3)
    assert len(set(live)) == len(live), "an alert's step is recorded once"
    steps = [json.loads(line) for line in (home.work / "alerts.ndjson").read_text().splitlines()]
    keys = [(one["id"], one["state"], one["cause"], one["ts"]) for one in steps]
    recorded = [json.loads(line) for line in live]
    assert {one["id"] for one in steps} >= {one["id"] for one in recorded if one.get("n") != 0}
    # Delivery is at least once: what a kill cut off may have been made.
    assert len(keys) - len(set(keys)) <= ends.count("kill") + ends.count("kill at once")
    say(f"{scenario} month, seed {seed}: {len(live)} steps of alerts, equal to a replay's over {', '.join(ends)}")


def _has_memory(home: Home) -> bool:
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(
        sqlite3.connect(f"file:{outbox(home)}?mode=ro", uri=True, timeout=30)
    ) as database:
        return database.execute("select count(*) from watch_memory").fetchone() == (1,)
    return False


def taken(home: Home) -> tuple[int, int]:
    """When the memory was taken, and how far the watch's own log was in it."""
    with contextlib.closing(sqlite3.connect(outbox(home))) as database:
        return database.execute("select taken_us, own_seq from watch_memory").fetchone()


# --- what was learned ---


def decision(seq: int, at: datetime, agent: str, tool: str, risk: str, digest: int) -> bytes:
    record = {
        "v": 1, "seq": seq, "ts": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "kind": "decision", "gateway": "gw",
        "agent": agent, "identity": "grant", "server": "ops", "transport": "http", "method": "tools/call",
        "tool": tool, "risk": risk, "arg_digest": f"{digest:016x}", "decision": "allow", "mode": "enforce",
        "reason": "allowed",
    }  # fmt: skip
    return json.dumps(record, separators=(",", ":")).encode()


class Ops:
    """A log of an agent that deploys each fortnight and reads each hour, up to now."""

    def __init__(self, home: Home) -> None:
        self.home, self.log, self.seq = home, home.path / "logs" / "fleet", 0

    def add(self, *calls: tuple[datetime, str, str]) -> None:
        lines = []
        for at, tool, risk in calls:
            lines.append(decision(self.seq, at, "releaser", tool, risk, self.seq * 7919 + 1))
            self.seq += 1
        append(self.home, self.log, lines)
        self.seq += 1  # the import's own record

    def history(self, now: datetime) -> None:
        """Three weeks, the deployment at their beginning."""
        start = now - timedelta(days=20)
        self.add((start, "deploy", "destructive"))
        for day in range(20):
            hours = (start + timedelta(days=day, hours=hour + 0.5) for hour in range(24))
            self.add(*((at, "search", "read") for at in hours if at < now - timedelta(minutes=5)))


def rules(home: Home) -> list[dict]:
    return [
        record for record in logs.records(home.path / "logs" / "watch")
        if record["kind"] == "control" and record["event"] == "alert"
    ]  # fmt: skip


@pytest.fixture
def learned(home: Home) -> Ops:
    """A watch has followed three weeks as they came, and was stopped."""
    ops = Ops(home)
    with watching(home) as watch:
        until(lambda: _has_memory(home), "the first memory")
        ops.history(datetime.now(UTC))
        watch.kept(ops.seq)
        watch.terminate()
    assert [one["rule"] for one in rules(home) if one["rule"] != "novelty"] == []
    return ops


class Saved:
    """The home and its keys as they are now, to be put back."""

    def __init__(self, home: Home) -> None:
        self.folders = [(folder, home.root / f"saved-{folder.name}") for folder in (home.path, home.root / "state")]
        for folder, copy in self.folders:
            shutil.copytree(folder, copy)

    def restore(self) -> None:
        for folder, copy in self.folders:
            shutil.rmtree(folder)
            shutil.copytree(copy, folder)


def goes_on(home: Home, ops: Ops) -> tuple[list[str], str]:
    """Another deployment under the next watch: the rules that told of it, and what it said on standard error."""
    before = len(rules(home))
    with watching(home) as watch:
        until(lambda: watch._alive() and _has_memory(home), "a memory")
        ops.add((datetime.now(UTC), "deploy", "destructive"))
        watch.kept(ops.seq)
        watch.terminate()
    return [one["rule"] for one in rules(home)[before:]], "\n".join(watch.errors)


def test_what_was_learned_in_weeks_is_known_after_a_restart(home: Home, learned: Ops) -> None:
    saved = Saved(home)
    assert goes_on(home, learned) == ([], ""), "it has deployed before"
    saved.restore()
    with contextlib.closing(sqlite3.connect(outbox(home))) as database:
        database.execute("delete from watch_memory")
        database.commit()
    learned.seq -= 2
    told, said = goes_on(home, learned)
    assert set(told) == {"novelty"} and said == "", "the last day alone makes a deployment look like the first"


def test_an_outbox_without_a_memory_is_taken_over(home: Home, learned: Ops) -> None:
    with contextlib.closing(sqlite3.connect(outbox(home))) as database:
        for table in ("watch_memory", "watch_place", "watch_piece"):
            database.execute(f"drop table {table}")
        database.execute("pragma user_version = 1")
        database.commit()
    assert goes_on(home, learned)[1] == ""
    assert place(home) == learned.seq


def test_other_rules_and_a_damaged_memory_are_said_and_the_last_day_is_read(home: Home, learned: Ops) -> None:
    path = home.write("rules.json", {"version": 1, "rules": {"surge": {"page": 150}}})
    before = taken(home)
    with watching(home, "--rules", str(path)) as watch:
        watch.until(lambda _: watch.errors, what="a word about the rules")
        until(lambda: taken(home) != before, "a memory under these rules")
        watch.terminate()
    assert "not used: the rules or their parameters have changed" in watch.errors[0], watch.errors
    with contextlib.closing(sqlite3.connect(outbox(home))) as database:
        database.execute("update watch_piece set bytes = zeroblob(length(bytes))")
        database.commit()
    with watching(home, "--rules", str(path)) as watch:
        watch.until(lambda _: watch.errors, what="a word about the damage")
        watch.terminate()
    assert watch.errors == [
        "tollgate: what the last watch had learned is not used: it is damaged; this one learns from the last day of each log"
    ]


def test_a_log_that_was_rolled_back_or_is_another_one_is_read_anew(home: Home, learned: Ops) -> None:
    saved = Saved(home)

    def again() -> list[str]:
        with watching(home) as watch:
            watch.until(lambda _: len(watch.errors) > 1, what="a word about the log")
            watch.terminate()
        return watch.errors

    # Its last segment is gone, as from a backup.
    segment = logs.segments(learned.log)[-1]
    whole, members = segment.read_bytes(), list(logs.members(segment))
    segment.write_bytes(whole[: members[-3][0]])
    said = again()
    assert "log fleet was rolled back: record" in said[0] and "this one learns from the last day" in said[0], said
    assert said[1] == f"hint: tollgate log verify --log {learned.log}"

    saved.restore()
    shutil.rmtree(learned.log)
    append(home, learned.log, [decision(0, datetime.now(UTC), "other", "search", "read", 1)])
    assert "log fleet is another one than was read: its origin is new" in again()[0]

    saved.restore()
    identity = learned.log / "identity.json"
    identity.write_text(identity.read_text().replace('"epoch":1', '"epoch":2'))
    assert "log fleet is in epoch 2 now and was read in epoch 1" in again()[0]


def test_records_that_retention_removed_meanwhile_are_said_and_the_rest_is_read(home: Home) -> None:
    log = home.path / "logs" / "fleet"
    now = datetime.now(UTC)

    def call(seq: int, at: datetime) -> bytes:
        return decision(seq, at, "a", "search", "read", seq)

    with watching(home) as watch:
        until(lambda: _has_memory(home), "the first memory")
        append(home, log, [call(0, now - timedelta(days=3))])
        watch.kept(2)
        watch.terminate()
    # A time that goes back begins a segment.
    append(home, log, [call(2, now - timedelta(days=2))])
    append(home, log, [call(4, now - timedelta(days=2, hours=1))])
    append(home, log, [call(6, now - timedelta(days=2, hours=2))])
    removed = [path for path in logs.segments(log)[:-1]]
    assert len(removed) >= 2
    for path in removed:
        for beside in path.parent.glob(path.name.partition(".")[0] + "*"):
            beside.unlink()
    with watching(home) as watch:
        watch.until(lambda _: len(watch.errors) > 1, what="a word about the gap")
        watch.kept(8).terminate()
    assert "log fleet: records 2 to " in watch.errors[0] and "were removed before the watch read them" in watch.errors[0]


def test_once_reads_from_the_beginning_and_keeps_nothing(home: Home, learned: Ops) -> None:
    before = taken(home)
    home.tollgate("watch", "--once")
    assert taken(home) == before
    assert goes_on(home, learned) == ([], "")

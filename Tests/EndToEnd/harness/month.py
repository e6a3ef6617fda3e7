"""One warehouse: a simulated month with incidents, a watch's alerts, a second gateway with what a simulation lacks.

The second gateway's log is written here, line by line, so that the tests know what is in it: holds that were approved,
refused, never decided; refusals that were counted together; calls in shadow mode; a policy that changed; a gap; seqs
that are gone; a line that cannot be loaded.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from . import logs
from .home import Home

EVENTS = 20_000
"""Calls of the simulated fleet."""

FLEET, SECOND, WATCH = "fleet", "second", "watch"
ORIGIN = "test-host/second/00000000000000aa"

FIRST_CALL = datetime(2026, 11, 19, 9, 0)
"""In the simulated month's last week."""

END_OF_MEMBERS = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def member(plain: bytes) -> bytes:
    """One BGZF member."""
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = deflater.compress(plain) + deflater.flush()
    head = bytes.fromhex("1f8b08040000000000ff060042430200") + struct.pack("<H", len(body) + 25)
    return head + body + struct.pack("<II", zlib.crc32(plain), len(plain))


@dataclass
class SecondGateway:
    """Writes a log's lines; the time moves on by a second with each record."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    seq: int = 0
    now: datetime = FIRST_CALL

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def add(self, kind: str, fields: dict[str, Any]) -> int:
        ts = self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.lines.append({"v": 1, "seq": self.seq, "ts": ts, "kind": kind} | fields)
        self.seq += 1
        self.wait(seconds=1)
        return self.seq - 1

    def control(self, event: str, **fields: Any) -> int:
        return self.add("control", {"event": event} | fields)

    def decide(self, tool: str = "", agent: str = "clerk-01", policy: str = "aa" * 8, **fields: Any) -> int:
        """A decision; one of a call where a tool is named."""
        record: dict[str, Any] = {"gateway": "gw-2"}
        if agent:
            record |= {"agent": agent, "grant": f"g-{agent}"}
        record |= {"identity": "grant" if agent else "unresolved", "peer": "10.9.0.1"}
        if agent:
            record |= {"session": f"s-{agent}", "client": "desk/1.0"}
        record |= {"server": "bank", "transport": "http", "method": "tools/call" if tool else "-"}
        if tool:
            record |= {"tool": tool, "risk": "financial", "arg_keys": ["amount"], "arg_digest": "00000000000000ff"}
            record |= {"arg_bytes": 12}
        record |= {"decision": "allow", "mode": "enforce", "reason": "allowed"}
        if agent:
            record |= {"policy": "desk", "policy_digest": policy}
        return self.add("decision", record | fields)

    def answer(self, of: int, outcome: str = "ok", **fields: Any) -> int:
        return self.add("outcome", {"of": of, "outcome": outcome} | fields)

    def hold(self, tool: str = "pay", **fields: Any) -> int:
        return self.decide(tool, decision="hold", reason="approval", rule="/tools/pay/approval", **fields)

    def write(self, log: Path, cuts: list[int], gone: range) -> None:
        """Segments that begin at seq 0 and at the cuts; the seqs that are gone are in none."""
        (log / "seg").mkdir(parents=True)
        identity = {"version": 1, "origin": ORIGIN, "epoch": 1, "kind": "gateway"}
        (log / "identity.json").write_text(json.dumps(identity, separators=(",", ":")) + "\n")
        (log / "LOCK").touch()
        starts = [0, *cuts, self.seq]
        for start, end in zip(starts, starts[1:], strict=False):
            kept = [one for one in self.lines[start:end] if one["seq"] not in gone]
            if kept:
                plain = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in kept).encode()
                name = f"{kept[0]['seq']:020}.ndjson.gz"
                (log / "seg" / name).write_bytes(member(plain) + END_OF_MEMBERS)


def write_second(log: Path) -> None:
    """The second gateway's log: three segments, so that a hold, its end and its outcome stand in different ones."""
    w = SecondGateway()
    w.control("log_open", origin=ORIGIN, epoch=1, purpose="gateway", durability="strict")
    w.control("policy_loaded", policy="desk", policy_digest="aa" * 8)
    for number in range(12):  # The same arguments, the same result.
        w.answer(w.decide("balance", agent="clerk-02"), upstream_us=3 if number == 0 else 900 + number, result_bytes=9,
                 result_digest="00000000000000ee")  # fmt: skip
    w.answer(w.decide("balance", unlisted=True), "rpc_error", code=-32602, upstream_us=0)
    w.decide(
        "refund", mode="shadow", decision="deny", reason="deny_if", rule="/tools/refund/deny_if/0", message="Too much."
    )
    limit = {"limit_counter": "pay_rate", "limit_window_s": 60, "limit_max": 5}
    w.answer(w.decide("pay", **limit, limit_used=4), upstream_us=5_000_000)
    throttled = {
        "decision": "throttle",
        "reason": "limit",
        "rule": "/tools/pay/limits/pay_rate",
        **limit,
        "limit_used": 5,
    }
    w.decide("pay", **throttled, retry_after_ms=30_000)
    w.wait(seconds=10)
    w.decide("pay", **throttled, retry_after_ms=19_000)
    w.wait(seconds=40)
    w.answer(w.decide("pay", **limit, limit_used=2), "timeout", upstream_us=60_000_000)
    w.decide("pay", **throttled, retry_after_ms=5_000)  # Never tried again.
    w.decide(agent="", decision="deny", reason="identity_unresolved", n=640)
    w.decide(agent="clerk-03", decision="throttle", reason="overloaded", method="tools/call", n=55)
    w.decide(agent="clerk-03", decision="deny", reason="too_large")
    w.answer(w.decide(agent="clerk-01", method="tools/list"), upstream_us=700)

    approved = w.hold()
    refused = w.hold()
    w.wait(minutes=3)
    w.control(
        "approval_decided",
        agent="clerk-01",
        server="bank",
        tool="pay",
        id=f"second/{refused}",
        state="denied",
        by="ann",
    )
    w.decide("pay", decision="deny", reason="approval_denied", message="Refused by ann.", of=refused)
    first_cut = w.seq
    w.wait(minutes=2)
    w.control(
        "approval_decided",
        agent="clerk-01",
        server="bank",
        tool="pay",
        id=f"second/{approved}",
        state="approved",
        by="bob",
    )
    released = w.decide("pay", reason="approved", message="Approved by bob.", of=approved, **limit, limit_used=1)
    expired = w.hold()
    w.wait(minutes=50)
    w.decide("pay", decision="deny", reason="approval_expired", of=expired)
    second_cut = w.seq
    w.answer(released, upstream_us=250_000, wait_us=310_000_000, result_bytes=3, result_digest="00000000000000dd")
    w.answer(7_777)  # Of a decision that is not here: it cannot be loaded.

    gone = range(w.seq, w.seq + 4)
    for _ in gone:
        w.answer(1)
    third_cut = w.seq
    w.control(
        "gap", n=17, reason="disk_full", **{"from": "2026-11-19T11:00:00.000000Z", "to": "2026-11-19T11:00:09.000000Z"}
    )
    for hours in (0.4, 2):  # Back within the hour, and later.
        w.decide("pay", agent="clerk-04", **throttled, retry_after_ms=1000)
        w.wait(hours=hours)
        w.decide("pay", agent="clerk-04")
    w.wait(days=1, hours=7)  # Friday evening.
    w.control("policy_loaded", policy="desk", policy_digest="bb" * 8)
    for tool, agent in (("refund", "clerk-02"), ("balance", "clerk-01")):
        w.decide(tool, agent, policy="bb" * 8, decision="deny", reason="default_deny", rule="(default deny)")
    w.answer(w.decide("pay", policy="bb" * 8), "tool_error", upstream_us=20_000)
    w.decide("pay", policy="bb" * 8)  # Not answered.
    w.hold(policy="bb" * 8)  # Nobody has decided yet.
    w.write(log, [first_cut, second_cut, third_cut], gone)


@dataclass(frozen=True)
class Month:
    """The logs, by name, and the warehouse that tollgate made of them."""

    home: Home
    logs: dict[str, Path]
    database: Path
    read: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def words(self) -> list[str | Path]:
        """The options by which tollgate's commands find them."""
        return [*(word for log in self.logs.values() for word in ("--log", log)), "--db", self.database]

    def records(self, name: str) -> list[dict[str, Any]]:
        """A log's records, read once."""
        if name not in self.read:
            self.read[name] = logs.records(self.logs[name])
        return self.read[name]

    def ask(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with closing(self.open()) as database:
            return database.execute(sql, parameters or {}).fetchall()

    def open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)


def made_month() -> Iterator[Month]:
    """Makes a month; not in pytest's folder, where a test holds every record of every log to the schema's last word."""
    with tempfile.TemporaryDirectory(prefix="tollgate-month-") as folder:
        home = Home(Path(folder))
        found = {FLEET: home.work / FLEET, SECOND: home.work / SECOND, WATCH: home.path / "logs" / WATCH}
        home.tollgate("simulate", "--scenario", "fleet", "--events", str(EVENTS), "--log", found[FLEET])
        write_second(found[SECOND])
        home.tollgate("watch", "--once", "--log", found[FLEET], "--log", found[SECOND])
        month = Month(home, found, home.work / "warehouse.sqlite")
        home.tollgate("ingest", *month.words())
        yield month
        home.close()

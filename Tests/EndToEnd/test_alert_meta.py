"""Alerts about tollgate itself, from what happens to a log to the sink: gaps, lines that are none, records that were changed."""

from __future__ import annotations

import json
import struct
import subprocess
import time
import zlib
from pathlib import Path
from typing import Any

from harness import logs
from harness.home import Follower, Home
from harness.paths import binary
from harness.rules import loop_and_cap
from test_alert_desk import steps
from test_alerts import alerts


def told(watch: Follower, rule: str, state: str = "firing", timeout: float = 40) -> dict[str, Any]:
    """The step once the sink has it."""

    def found(lines: list[str]) -> list[dict[str, Any]]:
        return [one for one in alerts(lines) if (one["rule"], one["state"]) == (rule, state)]

    watch.until(found, timeout=timeout, what=f"{rule} {state}")
    return found(watch.lines)[0]


def append(home: Home, log: Path, *records: dict[str, Any]) -> None:
    """Takes records into a log of its own."""
    text = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in records)
    home.tollgate("log", "append", "--log", log, stdin=text.encode())


def heartbeat(seq: int, **fields: Any) -> dict[str, Any]:
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".000000Z"
    return {"v": 1, "seq": seq, "ts": now, "kind": "control", "event": "heartbeat"} | fields


def member(plain: bytes) -> bytes:
    """A gzip member as BGZF has them: its size stands in its header."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(plain) + packer.flush()
    head = struct.pack("<4BI2BH2BHH", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, 18 + len(packed) + 8 - 1)
    return head + packed + struct.pack("<II", zlib.crc32(plain), len(plain))


def seen(home: Home, watch: Follower, log: Path) -> None:
    """Waits until the watch has read the log as it stands, by what it leaves for retention every ten seconds."""
    lease = log / "readers"
    newest = logs.records(log)[-1]["seq"]
    deadline = time.monotonic() + 40
    while not any(int(file.read_text().split()[0]) > newest for file in lease.glob("watch-*")):
        assert time.monotonic() < deadline and watch.child.poll() is None, watch.errors
        time.sleep(0.1)


def test_a_gap_that_a_gateway_recorded_is_a_page(home: Home) -> None:
    log = home.path / "logs" / "gw"
    append(home, log, heartbeat(0))
    with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json") as watch:
        seen(home, watch, log)
        append(home, log, heartbeat(1, event="gap", n=7, reason="the disk was full"))
        gap = told(watch, "audit_gap")
    assert (gap["severity"], gap["subject"]) == ("page", "gw")
    assert "7 calls have no records" in gap["summary"] and "the disk was full" in gap["summary"]
    assert [one["state"] for one in steps(home) if one["rule"] == "audit_gap"] == ["firing"]


def test_lines_that_are_no_records_are_a_page(home: Home) -> None:
    log = home.path / "logs" / "gw"
    append(home, log, heartbeat(0))
    with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json") as watch:
        seen(home, watch, log)
        (segment,) = logs.segments(log)
        whole = segment.read_bytes()
        with segment.open("ab") as file:
            file.write(member(b'{"v":1,"seq":1,"secret":"T0P"}\n'))
        page = told(watch, "log_unreadable")
        assert (page["severity"], page["subject"]) == ("page", "gw") and "1 lines are no records" in page["summary"]
    assert "T0P" not in json.dumps(page) and not any("T0P" in line for line in watch.errors)
    segment.write_bytes(whole)


def test_records_that_were_changed_are_a_page_until_the_log_is_whole_again(home: Home) -> None:
    """Changed between their head and the watch; found without a check of the whole log, and named by one."""
    log = home.path / "logs" / "gw"
    append(home, log, heartbeat(0), heartbeat(1))
    with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json") as watch:
        seen(home, watch, log)
        time.sleep(6)
        assert alerts(watch.lines) == [], "a log that is whole"
        watch.child.send_signal(19)
        append(home, log, *(heartbeat(seq, summary="as it was") for seq in range(2, 9)))
        (segment,) = logs.segments(log)
        whole = segment.read_bytes()
        *_, (offset, _, plain) = logs.members(segment)
        assert b"as it was" in plain
        segment.write_bytes(whole[:offset] + member(plain.replace(b"as it was", b"as I like", 1)))
        watch.child.send_signal(18)
        page = told(watch, "verification_failed")
    assert (page["severity"], page["subject"]) == ("page", "gw"), page
    hint = f"tollgate log verify --log {log}"
    assert "is not what was written or signed, from seq" in page["summary"] and hint in page["summary"]
    verified = subprocess.run([binary(), "log", "verify", "--log", log], env=home.environment, capture_output=True)
    assert verified.returncode in (3, 4, 5), "who follows the hint finds it"
    # The next watch takes nobody's word for it: it checks all of the log.
    with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json") as watch:
        seen(home, watch, log)
        time.sleep(6)
        assert "verification_failed" not in {one["rule"] for one in alerts(watch.lines)}, "the same alert goes on"
    segment.write_bytes(whole)
    with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json") as watch:
        told(watch, "verification_failed", "resolved")
    states = [one["state"] for one in steps(home) if one["rule"] == "verification_failed"]
    assert states == ["firing", "resolved"]


def test_a_head_that_is_not_the_logs_is_a_page(home: Home) -> None:
    log, other = home.path / "logs" / "gw", home.path / "logs" / "other"
    append(home, log, heartbeat(0))
    append(home, other, heartbeat(0), heartbeat(1))
    with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json") as watch:
        seen(home, watch, log)
        (log / "checkpoint").write_bytes((other / "checkpoint").read_bytes())
        page = told(watch, "verification_failed", timeout=60)
    assert page["subject"] == "gw" and "head" in page["summary"]

"""Sealing and retention: the log gets small, then short, and proves what it proved before."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

from harness import logs
from harness.client import until
from harness.gateway import behind
from harness.home import Home
from harness.paths import ROOT

VERIFY = [sys.executable, str(ROOT / "Examples" / "verify.py")]


def written(home: Home, calls: int, log: Path, segment_bytes: int = 8000) -> list[bytes]:
    """A log of several segments, by a writer that ended; its lines."""
    with home.client(*home.recorder(), log=log, segment_bytes=segment_bytes) as client:
        client.handshake()
        for number in range(calls):
            client.call("echo", {"n": number})
        assert client.close() == 0, client.error_text()
    return logs.lines(log)


def sealed(log: Path) -> list[Path]:
    return sorted((log / "seg").glob("*.manifest.json"))


def is_sealed(log: Path) -> bool:
    """Whether every segment but the newest has its manifest."""
    segments = [path.name.split(".")[0] for path in logs.segments(log)]
    return {path.name.split(".")[0] for path in sealed(log)} >= set(segments[:-1])


def key(log: Path) -> str:
    return json.loads((log / "identity.json").read_text())["key"]


def stranger(log: Path, *words: object, expect: int = 0) -> str:
    done = subprocess.run([*VERIFY, str(log), key(log), *map(str, words)], capture_output=True, text=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_writer_seals_what_is_finished_and_nothing_is_lost(home: Home) -> None:
    log = home.path / "logs" / "trial"
    with home.client(*home.recorder(), log=log, segment_bytes=6000) as client:
        client.handshake()
        for number in range(120):
            client.call("echo", {"n": number})
        until(lambda: len(sealed(log)) >= 3 and is_sealed(log), what="segments that seal themselves")
        # The records are the same, one by one, and so is what every reader finds.
        for _ in range(20):
            client.call("echo")
        assert client.close() == 0, client.error_text()
    records = logs.records(log)
    assert [record["seq"] for record in records] == list(range(len(records)))
    assert len(logs.calls(records)) == 140
    seals = [record for record in records if record.get("event") == "seal"]
    assert [seal["segment"] for seal in seals] == [path.name for path in logs.segments(log)[: len(seals)]]
    for path in sealed(log):
        told = json.loads(path.read_text())
        lines = gzip.decompress((log / "seg" / told["segment"]).read_bytes()).splitlines()
        assert told["next_seq"] - told["first_seq"] == len(lines)
        assert json.loads(lines[0])["seq"] == told["first_seq"] and json.loads(lines[-1])["ts"] == told["last_ts"]
    said = home.tollgate("log", "verify", "--log", log, "--key", key(log)).out
    assert re.search(r"authentic to seq \d+", said) and "segments sealed" in said


def test_seal_ends_the_active_segment_and_changes_no_record(home: Home, tmp_path: Path) -> None:
    log = home.path / "logs" / "trial"
    before = written(home, 60, log, segment_bytes=1 << 20)
    proof = tmp_path / "record.tlog-proof"
    proof.write_text(home.tollgate("log", "prove", "--seq", "7", "--log", log).out)
    size = logs.segments(log)[0].stat().st_size
    said = home.tollgate("log", "seal", "--log", log, "--json").json()
    assert len(said["sealed"]) == 1 and said["left"] == [] and said["bytes"] < said["bytes_before"]
    assert logs.segments(log)[0].stat().st_size < size
    assert logs.lines(log)[: len(before)] == before
    assert "1 of" in home.tollgate("log", "verify", "--log", log).out
    assert "proof      record 7" in stranger(log, "--proof", proof)
    assert "0 segments sealed" not in home.tollgate("log", "seal", "--log", log).out, "what opening wrote is sealed"


def test_a_process_that_holds_the_log_seals_and_removes_when_asked(home: Home) -> None:
    log = home.path / "logs" / "trial"
    with home.client(*home.recorder(), log=log, segment_bytes=6000) as client:
        client.handshake()
        for number in range(150):
            client.call("echo", {"n": number})
        said = home.tollgate("log", "seal", "--log", log, "--json").json()
        assert said["left"] == []
        until(lambda: is_sealed(log), what="all finished segments to be sealed")
        trial = home.tollgate("log", "retain", "--log", log, "--bytes", "9kB", "--keep-at-least", "0s", "--dry-run", "--json")
        count = len(logs.segments(log))
        assert trial.json()["removed"] and len(logs.segments(log)) == count
        done = home.tollgate("log", "retain", "--log", log, "--bytes", "9kB", "--keep-at-least", "0s", "--json").json()
        assert len(logs.segments(log)) <= count - len(done["removed"]) + 1
        client.call("echo", {"after": True})
        assert client.close() == 0, client.error_text()
    verified = home.tollgate("log", "verify", "--log", log, "--key", key(log), "--json").json()
    assert verified["ok"] and verified["removed"] == done["removed"][-1]["last_seq"] + 1


def test_serve_seals_and_removes_when_asked(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, _):
        with gateway.caller() as caller:
            for _ in range(30):
                caller.call("echo")
        said = json.loads(gateway.command("log", "seal", "--log", str(gateway.log), "--json").stdout)
        assert len(said["sealed"]) >= 1 and said["left"] == []
        kept = gateway.command(
            "log", "retain", "--log", str(gateway.log), "--bytes", "0", "--json", expect=1
        )
        assert "kept until" in kept.stderr, "thirty days, unless told otherwise"
        gateway.command("log", "verify", "--log", str(gateway.log))


def test_what_retention_leaves_verifies_and_says_what_is_gone(home: Home, tmp_path: Path) -> None:
    log = home.path / "logs" / "trial"
    written(home, 150, log)
    home.tollgate("log", "seal", "--log", log)
    early = tmp_path / "early.txt"
    early.write_text(json.loads(sealed(log)[0].read_text())["heads"][-1]["note"])
    home.tollgate("ingest", "--log", log)
    monday = tmp_path / "monday.html"
    home.tollgate("report", "weekly", "--log", log, "--format", "html", "--out", monday)
    before = logs.records(log)
    removed = home.tollgate("log", "retain", "--log", log, "--bytes", "8kB", "--keep-at-least", "0s", "--json").json()
    last = removed["removed"][-1]["last_seq"]
    verified = home.tollgate(
        "log", "verify", "--log", log, "--key", key(log), "--checkpoint", monday, "--checkpoint", early, "--json"
    ).json()
    assert verified["ok"] and verified["authentic"] and verified["removed"] == last + 1
    assert "records    the first" in stranger(log, "--head", monday)
    assert "removed" in stranger(log, "--head", early, expect=1)
    assert "removed by retention" in home.tollgate("log", "prove", "--seq", "3", "--log", log, expect=2).err
    proof = tmp_path / "kept.tlog-proof"
    proof.write_text(home.tollgate("log", "prove", "--seq", str(last + 1), "--log", log).out)
    assert f"proof      record {last + 1}" in stranger(log, "--proof", proof)
    assert home.tollgate("log", "prove", "--from", str(verified["removed"]), "--log", log).out.startswith("old ")
    # The warehouse keeps what it had, and goes on.
    assert "no gap" not in home.tollgate("ingest", "--log", log).err
    told = [record for record in logs.records(log) if record.get("event") == "retention"]
    assert told[-1]["last_seq"] == last and told[-1]["first_seq"] == 0
    assert logs.records(log)[0] == before[last + 1]
    # Removing by hand what retention would not have removed is a loss.
    logs.segments(log)[0].unlink()
    assert "lost records" in home.tollgate("log", "verify", "--log", log, expect=5).err


def test_retention_stops_at_a_hold_and_at_a_reader_that_lags(home: Home) -> None:
    log = home.path / "logs" / "trial"
    written(home, 100, log)
    home.tollgate("log", "seal", "--log", log)
    rule = ("log", "retain", "--log", log, "--bytes", "0", "--keep-at-least", "0s")
    home.tollgate("log", "retain", "--log", log, "--hold", "case 4711")
    assert "held: case 4711" in home.tollgate(*rule, expect=1).err
    home.tollgate("log", "retain", "--log", log, "--release")
    home.tollgate("ingest", "--log", log)
    lease = next((log / "readers").glob("ingest-*"))
    place, time = lease.read_text().split()
    assert int(place) == len(logs.lines(log))
    lease.write_text(f"5 {time}\n")
    refused = home.tollgate(*rule, "--json", expect=1)
    assert json.loads(refused.out)["removed"] == [] and lease.name in json.loads(refused.out)["stopped_by"]
    assert home.tollgate(*rule, "--force", "--json").json()["removed"]
    assert home.tollgate("log", "verify", "--log", log, "--json").json()["ok"]


def test_indexes_and_nodes_are_made_again(home: Home) -> None:
    log = home.path / "logs" / "trial"
    written(home, 200, log)
    home.tollgate("log", "seal", "--log", log)
    tiles = {path: path.read_bytes() for path in (log / "tile").rglob("*") if path.is_file()}
    assert tiles
    for path in [*(log / "seg").glob("*.idx"), *tiles]:
        path.write_bytes(b"garbage")
    said = home.tollgate("log", "verify", "--log", log).out
    assert "damaged indexes (tollgate log reindex)" in said
    for path in tiles:
        path.unlink()
    home.tollgate("log", "reindex", "--log", log)
    assert "damaged" not in home.tollgate("log", "verify", "--log", log).out
    assert {path: path.read_bytes() for path in (log / "tile").rglob("*") if path.is_file()} == tiles


def test_an_export_says_what_it_exported(home: Home, tmp_path: Path) -> None:
    log = home.path / "logs" / "trial"
    lines = written(home, 10, log)
    out = tmp_path / "all.ndjson"
    said = home.tollgate("log", "export", "--log", log, "--out", out, "--json").json()
    assert said == {"log": "trial", "format": "ndjson", "records": len(lines), "unreadable": 0}
    assert out.read_bytes().splitlines() == [line.rstrip(b"\n") for line in lines]
    assert out.stat().st_mode & 0o777 == 0o600
    assert "hint: " in home.tollgate("log", "export", "--log", log, "--out", out, expect=2).err
    assert json.loads(home.tollgate("log", "export", "--log", log, "--json").err)["records"] == len(lines)

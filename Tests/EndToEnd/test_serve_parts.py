"""`tollgate serve` in one process and in parts, and the grants that are made and ended beside it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness import logs
from harness.client import until, verdict
from harness.gateway import Gateway, behind, configuration, environment_of, together
from harness.http_upstream import Upstream
from test_serve_edge import accepts, call, free_port, served


def rows(database: Path) -> int:
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return db.execute("select count(*) from call").fetchone()[0]
    return 0


def fired(sink: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in sink.read_text().splitlines()] if sink.exists() else []


def test_one_process_decides_loads_and_watches(tmp_path: Path) -> None:
    """A call shows up in the warehouse, and a loop raises an alert, without another process."""
    sink = tmp_path / "alerts.ndjson"
    with behind(tmp_path, watch={"sinks": ["file:alerts.ndjson"]}) as (gateway, _), gateway.caller() as agent:
        for _ in range(40):
            assert verdict(agent.stateless_call(arguments={"app": "shop"}).json()) == "ok"
        until(lambda: rows(tmp_path / "warehouse.sqlite") == 40, timeout=20, what="the calls in the warehouse")
        until(lambda: any(one["rule"] == "loop" for one in fired(sink)), timeout=20, what="the alert")
    assert {(one["agent"], one["tool"]) for one in fired(sink)} == {("ci", "echo")}
    assert logs.records(tmp_path / "watch"), "alerts have a log of their own"


def test_its_parts_run_alone(tmp_path: Path) -> None:
    """`--only gateway` records, `--only ingest` loads, `--only watch` alerts; none does another's work."""
    database = tmp_path / "warehouse.sqlite"
    with Upstream() as upstream:
        port = free_port()
        document = configuration({"up": upstream.url}, folder=tmp_path, listen=f"127.0.0.1:{port}")
        document["watch"] = {"sinks": ["file:alerts.ndjson"]}
        with served(tmp_path, document, "--only", "gateway", says="listening on"):
            for _ in range(40):
                assert call(port, "ci").status == 200
        assert not database.exists() and not (tmp_path / "watch").exists()
        with served(tmp_path, document, "--only", "ingest"):
            until(lambda: rows(database) == 40, timeout=20, what="the calls in the warehouse")
            assert not accepts(port) and not (tmp_path / "watch").exists()
        size = database.stat().st_mtime_ns
        with served(tmp_path, document, "--only", "watch"):
            until(lambda: logs.records(tmp_path / "watch") if (tmp_path / "watch" / "seg").exists() else False)
            until(lambda: watched(tmp_path), timeout=20, what="an alert in the watch's own log")
            assert not accepts(port)
        assert database.stat().st_mtime_ns == size


def watched(folder: Path) -> list[logs.Record]:
    return [one for one in logs.salvage(folder / "watch") if one.get("event") == "alert"]


def test_the_parts_work_together_in_processes_of_their_own(tmp_path: Path) -> None:
    sink = tmp_path / "alerts.ndjson"
    with Upstream() as upstream:
        port = free_port()
        document = configuration({"up": upstream.url}, folder=tmp_path, listen=f"127.0.0.1:{port}")
        document["watch"] = {"sinks": ["file:alerts.ndjson"]}
        with (
            served(tmp_path, document, "--only", "gateway", says="listening on"),
            served(tmp_path, document, "--only", "watch"),
            served(tmp_path, document, "--only", "ingest"),
        ):
            until(lambda: (tmp_path / "watch" / "seg").exists(), timeout=20, what="the watch")
            for _ in range(40):
                assert call(port, "ci").status == 200
            until(lambda: any(one["rule"] == "loop" for one in fired(sink)), timeout=20, what="the alert")
            until(lambda: rows(tmp_path / "warehouse.sqlite") == 40, timeout=20, what="the calls in the warehouse")


def test_a_part_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, {}, environment_of(tmp_path))
    said = gateway.command("serve", "--config", "gateway.json", "--only", "billing", expect=2).stderr
    assert "billing" in said and "gateway" in said and "dashboard" in said


@pytest.mark.parametrize("part", ["ingest", "watch"])
def test_a_reload_ends_no_part(tmp_path: Path, part: str) -> None:
    document = configuration({"up": "http://127.0.0.1:9/mcp"}, folder=tmp_path)
    with served(tmp_path, document, "--only", part) as child:
        made = tmp_path / ("warehouse.sqlite" if part == "ingest" else "watch")
        until(made.exists, timeout=20, what="its beginning")
        child.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.5)


def test_damaged_records_are_said_at_the_start(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, _):
        for _ in range(3):
            assert call(gateway.port, "ci").status == 200
        gateway.records()
        gateway.kill()
        (gateway.log / "DAMAGED").touch()
        segment = logs.segments(gateway.log)[-1]
        places = [(offset, len(member)) for offset, member, plain in logs.members(segment) if plain]
        offset, size = places[len(places) // 2]
        data = bytearray(segment.read_bytes())
        data[offset + size // 2] ^= 0x10
        segment.write_bytes(data)
        gateway.start()
        until(lambda: "cannot be read any more" in gateway.error_text(), timeout=2, what="the damage")


# --- grants ---

SHEET = "id,agent,server,policy,note\n"


def test_three_hundred_grants_are_made_at_once_while_it_runs(tmp_path: Path) -> None:
    """All can be used the moment the command ends; no token is ever on disk."""
    sheet = SHEET + "".join(f"fleet-{n},agent-{n},up,open,team {n % 7}\n" for n in range(300))
    (tmp_path / "fleet.csv").write_text(sheet)
    with behind(tmp_path, grants_file="grants.json") as (gateway, upstream):
        words = ["grant", "create", "--config", "gateway.json", "--from", "fleet.csv"]
        made = [line.split("\t") for line in gateway.command(*words).stdout.splitlines()]
        assert [row[:2] for row in made] == [[f"fleet-{n}", f"agent-{n}"] for n in range(300)]
        tokens = [row[2] for row in made]
        assert len(set(tokens)) == 300 and all(re.fullmatch(r"tg_[A-Za-z0-9_-]{43,}", one) for one in tokens)

        def use(part: int) -> list[int]:
            return [call(gateway.port, one).status for one in tokens[part::6]]

        assert {status for part in together(6, use) for status in part} == {200}
        refused = gateway.command(*words, expect=2).stderr
        assert "line 2" in refused and "already" in refused
        listed = gateway.command("grant", "list", "--config", "gateway.json", "--json").stdout
        assert len(json.loads(listed)) == 301
        found = gateway.records()
    assert len({one["agent"] for one in logs.calls(found, decision="allow")}) == 300
    assert sum(one.get("event") == "grant_created" for one in found) == 300
    everything = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    everything += "".join(map(json.dumps, found)).encode()
    assert not [one for one in tokens if one.encode() in everything]
    assert hashlib.sha256(tokens[7].encode()).hexdigest().encode() in everything


def test_a_sheet_with_mistakes_makes_no_grant(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(SHEET + "a,agent,up,open,\nb,agent,nowhere,open,\na,agent,up,opne,\n")
    with behind(tmp_path, grants_file="grants.json") as (gateway, _):
        said = gateway.command("grant", "create", "--config", "gateway.json", "--from", "fleet.csv", expect=2)
        assert "line 3" in said.stderr and "line 4" in said.stderr and "nearest: open" in said.stderr
        assert said.stdout == "" and not (tmp_path / "grants.json").exists()


def test_grants_are_made_and_ended_while_nobody_runs(tmp_path: Path) -> None:
    """What was done meanwhile holds, and is in the log, when the gateway starts."""
    with Upstream() as upstream:
        document = configuration({"up": upstream.url}, folder=tmp_path, grants_file="grants.json")
        gateway = Gateway(tmp_path, document, environment_of(tmp_path))
        gateway.file.write_text(json.dumps(document))
        own = ["--config", "gateway.json"]
        made = {}
        for name in ("kept", "gone"):
            words = ["grant", "create", "--agent", name, "--server", "up", "--policy", "open"]
            made[name] = gateway.command(*words, *own).stdout.split("\t")[2].strip()
        gateway.command("grant", "revoke", "gone", *own)
        fresh = gateway.command("grant", "rotate", "kept", *own).stdout.split("\t")[2].strip()
        listed = gateway.command("grant", "list", *own).stdout
        assert re.search(r"^kept\tagent kept\t", listed, re.MULTILINE)
        assert re.search(r"^gone\trevoked ", listed, re.MULTILINE)
        assert (tmp_path / "grants.json").stat().st_mode & 0o777 == 0o600
        gateway.start()
        try:
            statuses = [call(gateway.port, one).status for one in (fresh, made["kept"], made["gone"])]
            found = gateway.records(lambda all: logs.calls(all))
        finally:
            assert gateway.stop() == 0
    assert statuses == [200, 401, 401]
    events = [one["event"] for one in found if one.get("event", "").startswith("grant_")]
    assert events.count("grant_created") == 3 and events.count("grant_revoked") == 2



"""The warehouse in trouble and under retention: locked, full, damaged, of an older tollgate, cut short; nothing twice."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import time
from pathlib import Path

from harness import logs, situations
from harness.client import Busy, until
from harness.disks import fill
from harness.followers import Ingester, differences
from harness.home import Home

BUSY = 10.0
"""Seconds that a writer waits for another before it says that the database is locked."""

SUMS = ("rollup_hour", "rollup_day", "request_hour", "peak_minute", "latency", "first_use", "hour", "cursor")

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


def database(path: Path) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None))


def dump(path: Path, leave_out: tuple[str, ...] = ()) -> dict[str, list[tuple]]:
    """Every row of every table and view, by name, sorted; `minute` depends on how transactions fell, `meta` counts."""
    with database(path) as db:
        names = [name for (name,) in db.execute("select name from sqlite_schema where type in ('table', 'view')")]
        names = [name for name in names if name not in ("minute", "minute_day", "meta", *leave_out)]
        return {name: sorted(db.execute(f'select * from "{name}"').fetchall(), key=repr) for name in names}


def simulated(home: Home, events: int = 3000) -> Path:
    log = home.path / "logs" / "sim"
    home.tollgate("simulate", "--seed", "5", "--events", str(events), "--log", log)
    return log


def check(home: Home, log: Path, database_path: Path | None = None) -> None:
    """The database holds the log's decisions and their outcomes row for row."""
    ingester = Ingester(home, log)
    ingester.database = database_path or ingester.database
    found = differences(log.name, logs.records(log), ingester.rows())
    assert not any(found.values()), {name: rows[:3] for name, rows in found.items()}


def test_a_follower_outlives_a_lock_that_is_held_too_long_and_a_snapshot_that_stays_open(home: Home) -> None:
    log, path = home.path / "logs" / "busy", home.path / "warehouse.sqlite"
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        client.call("echo")
        with home.following("ingest", "--follow", "--log", log) as follower, database(path) as reader:
            follower.until(lambda lines: any(line.startswith("loaded") for line in lines))
            reader.execute("begin")
            (before,) = reader.execute("select count(*) from call").fetchone()
            with database(path) as writer:
                until(lambda: locked(writer), what="the database's lock")
                for _ in range(5):
                    client.call("echo")
                until(lambda: follower.errors, timeout=3 * BUSY, what="a word about the lock")
                assert "locked" in follower.errors[0] and "trying again" in follower.errors[0]
                writer.execute("rollback")
            until(lambda: len(follower.errors) > 1, timeout=3 * BUSY, what="a word that it goes on")
            assert follower.errors[1:] == ["tollgate: going on"]
            for _ in range(5):
                client.call("echo")
            client.close()
            end = len(logs.records(log))
            ingester = Ingester(home, log)
            until(lambda: ingester.reached() == end, what=f"the loading of {end} records")
            assert reader.execute("select count(*) from call").fetchone() == (before,), "a snapshot is a snapshot"
            reader.execute("rollback")
        assert follower.child.returncode == 0
    check(home, log)


def locked(connection: sqlite3.Connection) -> bool:
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("begin immediate")
        return True
    return False


def test_a_full_disk_under_the_database_is_waited_for(home: Home, small_disk: Path) -> None:
    log, path = home.path / "logs" / "live", small_disk / "warehouse.sqlite"
    ingester = Ingester(home, log)
    ingester.database = path
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        with home.following("ingest", "--follow", "--db", path, "--log", log) as follower:
            follower.until(lambda lines: any(line.startswith("loaded") for line in lines))
            filler = fill(small_disk)
            until(lambda: client.call("echo") and follower.errors, what="a word about the full disk")
            assert "full" in follower.errors[0] and "trying again" in follower.errors[0]
            stood = ingester.reached()
            for _ in range(20):
                client.call("echo")
            filler.unlink()
            until(lambda: follower.errors[1:], what="a word that it goes on")
            assert follower.errors[1:] == ["tollgate: going on"]
            client.close()
            end = len(logs.records(log))
            until(lambda: ingester.reached() == end, what=f"the loading of {end} records")
            assert stood < end
        assert follower.child.returncode == 0
    check(home, log, path)
    whole = home.path / "whole.sqlite"
    home.tollgate("ingest", "--db", whole, "--log", log)
    assert dump(path) == dump(whole)
    # One that only begins on a full disk says so and ends: nothing of the database is lost by it.
    fill(small_disk)
    assert "hint: df -h" in home.tollgate("ingest", "--db", path, "--log", log, expect=6).err


def test_a_damaged_database_says_so_and_is_mended_row_for_row(home: Home) -> None:
    log, path = simulated(home), home.path / "warehouse.sqlite"
    home.tollgate("ingest", "--log", log)
    before = dump(path)
    bytes_ = bytearray(path.read_bytes())
    bytes_[4096 : len(bytes_)] = b"\xa5" * (len(bytes_) - 4096)
    path.write_bytes(bytes_)
    for words in (["ingest"], ["ingest", "--follow"], ["report", "rates"], ["report", "rates", "--no-ingest"]):
        done = home.tollgate(*words, "--log", log, expect=3)
        assert "damaged" in done.err and "the log is not" in done.err, words
        assert f"hint: tollgate ingest --rebuild --db {path}" in done.err, words
    home.tollgate("ingest", "--rebuild", "--log", log)
    assert dump(path) == before


# Rows of `call` in the columns that it had in the first schema.
FIRST_CALLS = """
SELECT call.id, ts_us, actor, tool, verdict, outcome, mark = 1, mark = 2, session, client, code, decide_us, wait_us,
    upstream_us, arg_digest, arg_bytes, result_digest, result_bytes, limit_used, retry_after_ms, final_seq
FROM today.call LEFT JOIN today.call_rare ON call_rare.id = call.id
"""


def test_a_database_of_the_first_schema_is_led_forward(home: Home) -> None:
    log, path, old = simulated(home), home.path / "warehouse.sqlite", home.path / "old.sqlite"
    home.tollgate("ingest", "--log", log)
    with database(old) as db:
        db.execute("pragma auto_vacuum = incremental")
        db.executescript((SCHEMAS / "warehouse.v1.sql").read_text())
        db.execute("attach ? as today", (str(path),))
        for (name,) in db.execute("select name from sqlite_schema where type = 'table'").fetchall():
            db.execute(f"delete from main.{name}")
            db.execute(f"insert into main.{name} {FIRST_CALLS if name == 'call' else f'select * from today.{name}'}")
    done = home.tollgate("report", "rates", "--no-ingest", "--db", old, expect=2)
    assert "an older tollgate made this warehouse" in done.err
    assert f"hint: tollgate ingest --db {old}" in done.err
    home.tollgate("ingest", "--log", log, "--db", old)
    assert dump(old) == dump(path)
    home.tollgate("report", "rates", "--no-ingest", "--db", old)


def test_what_is_kept_no_longer_goes_and_sums_and_loading_go_on(home: Home) -> None:
    log, path = simulated(home), home.path / "warehouse.sqlite"
    home.tollgate("ingest", "--log", log)
    before, size = dump(path), path.stat().st_size
    kept = json.loads(home.tollgate("ingest", "--log", log, "--keep", "calls=7d,requests=7d", "--json").out)
    assert kept["deleted"]["calls"] > 0 and kept["freed_pages"] > 0
    assert path.stat().st_size == size - 4096 * kept["freed_pages"]
    after = dump(path)
    assert {name: after[name] for name in SUMS} == {name: before[name] for name in SUMS}
    assert set(after["call"]) < set(before["call"]) and len(before["call"]) - len(after["call"]) == kept["deleted"]["calls"]
    assert "calls before" in home.tollgate("report", "rates", "--log", log, "--since", "60d").out
    # By other commands nothing is deleted, and what was deleted does not come back.
    home.tollgate("report", "weekly", "--log", log)
    assert dump(path) == after
    statistics = json.loads(home.tollgate("ingest", "--stats", "--json").out)
    assert {row["what"] for row in statistics["kept"]} == {"calls", "requests"}
    calls = next(table for table in statistics["tables"] if table["name"] == "call")
    assert calls["rows"] == len(after["call"]) and calls["bytes"] > 0
    assert "next seq" in home.tollgate("ingest", "--stats").out
    home.tollgate("ingest", "--log", log, "--rebuild")
    assert dump(path) == before


def test_a_follower_keeps_its_rule_while_it_loads(home: Home) -> None:
    log, live = simulated(home), home.path / "logs" / "live"
    with home.client(*home.recorder(), log=live) as client:
        client.handshake()
        words = ["ingest", "--follow", "--keep", "calls=2d", "--log", log, "--log", live]
        with home.following(*words) as follower:
            client.call("echo")
            follower.until(lambda lines: any(line.startswith("deleted") for line in lines), what="a pass of retention")
            client.call("echo")
            client.close()
            end = len(logs.records(live))
            with database(home.path / "warehouse.sqlite") as db:
                reached = "select next_seq from cursor join log on log.id = log where name = 'live'"
                until(lambda: db.execute(reached).fetchone() == (end,), what=f"the loading of {end} records")
                assert db.execute("select count(*) from kept").fetchone() == (1,)
        assert not follower.errors
    with database(home.path / "warehouse.sqlite") as db:
        mine = db.execute("select count(*) from calls where record like 'live/%'").fetchone()
        assert mine == (len(logs.calls(logs.records(live))),)


def test_retention_by_one_process_does_not_disturb_the_loading_by_another(home: Home) -> None:
    log, live = simulated(home, events=20_000), home.path / "logs" / "live"
    home.tollgate("ingest", "--log", log)
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(home.client(*home.recorder(), log=live))
        client.handshake()
        follower = stack.enter_context(home.following("ingest", "--follow", "--log", live))
        busy = stack.enter_context(Busy(client))
        deleted = 0
        for days in (400, 30, 20, 10, 1):
            busy.nudge()
            done = home.tollgate("ingest", "--log", log, "--keep", f"calls={days}d,requests={days}d", "--json")
            deleted += json.loads(done.out)["deleted"].get("calls", 0)
        assert deleted > 10_000
        busy.nudge()
        assert not follower.errors
    home.tollgate("ingest")
    with database(home.path / "warehouse.sqlite") as db:
        found = sorted(db.execute("select record from calls where record like 'live/%'"))
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    assert found == sorted((f"live/{call['seq']}",) for call in logs.calls(logs.records(live)))


def test_serve_keeps_its_configurations_rule(home: Home) -> None:
    log = simulated(home)
    document = {
        "listen": "127.0.0.1:0",
        "log": str(log),
        "warehouse": {"file": "served.sqlite", "keep": {"calls": "2d"}},
        "servers": {"ecs": {"url": "http://127.0.0.1:9/mcp"}},
    }
    config = home.write("serve.json", document)
    assert "served.sqlite, keeps calls 2d" in home.tollgate("serve", "--config", config, "--check").out
    with home.following("serve", "--config", config, "--only", "ingest") as served:
        until(lambda: any("deleted" in line for line in served.errors), what="a pass of retention")
    with database(config.parent / "served.sqlite") as db:
        assert db.execute("select name from kept").fetchall() == [("calls",)]
        (oldest, since) = db.execute("select min(ts_us), (select from_us from kept) from call").fetchone()
        assert oldest >= since
    document["warehouse"]["keep"] = {"cals": "2d", "hours": "1d", "days": 3}
    refused = home.tollgate("serve", "--config", home.write("serve.json", document), "--check", expect=2).err
    assert all(f"/warehouse/keep/{name}" in refused for name in ("cals", "days")), refused


def test_a_kill_in_the_middle_of_retention_costs_nothing(home: Home) -> None:
    log, path = simulated(home, events=20_000), home.path / "warehouse.sqlite"
    home.tollgate("ingest", "--log", log)
    whole = home.path / "whole.sqlite"
    shutil.copy(path, whole)
    rule = ("--keep", "calls=1d,requests=1d,hours=1d,days=1d")
    home.tollgate("ingest", "--log", log, "--db", whole, *rule)
    for pause in (0.02, 0.05, 0.08, 0.12):
        ingester = Ingester(home, log)
        ingester._spawn("ingest", "--log", log, *rule)
        time.sleep(pause)
        ingester.kill()
    home.tollgate("ingest", "--log", log, *rule)
    assert dump(path) == dump(whole)


def test_a_rule_with_mistakes_changes_nothing(home: Home) -> None:
    done = home.tollgate("ingest", "--keep", "cals=3d,calls=9,hours=1d", expect=2)
    for mistake in ("cals is none of calls", "'calls=9' is no name and age", "hours=1d: sums must be kept as long"):
        assert mistake in done.err
    assert not (home.path / "warehouse.sqlite").exists()
    for words in (["--stats", "--follow"], ["--stats", "--rebuild"], ["--stats", "--keep", "calls=1d"]):
        home.tollgate("ingest", *words, expect=2)


def test_fields_of_another_gateway_are_named(home: Home) -> None:
    """An import writes the records that it knows; what it leaves out of them is said, by name."""
    lines = [json.loads(line) for line in logs.lines(situations.written_log(home))]
    lines = [{**line, "x_future": {"secret": "hunter2"}, "mood\x1b": seq} for seq, line in enumerate(lines)]
    text = "".join(json.dumps(line, ensure_ascii=False).replace("\\u001b", "~") + "\n" for line in lines).encode()
    done = home.tollgate("log", "append", "--json", "--log", home.path / "logs" / "theirs", stdin=text, expect=None)
    assert json.loads(done.out)["left_out"] == dict.fromkeys(("mood~", "x_future"), json.loads(done.out)["imported"])
    assert "were left out: mood~ (" in done.err and "hunter2" not in done.err
    home.tollgate("ingest")
    statistics = json.loads(home.tollgate("ingest", "--stats", "--json").out)
    assert statistics["unknown_fields"] == [] and statistics["rejected"] == 0

"""A following ingester keeps up: what was recorded can be asked about within a second, at 5,000 events a second."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from harness.client import until
from harness.home import Home
from harness.pace import Pace, lags

RATE = 5000


def loaded(database: Path) -> int:
    if not database.exists():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        if not connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'cursor'").fetchone()[0]:
            return 0
        return connection.execute("SELECT coalesce(sum(decisions + outcomes), 0) FROM cursor").fetchone()[0]


def test_a_record_can_be_asked_about_within_a_second(home: Home) -> None:
    log, database = home.path / "logs" / "paced", home.path / "warehouse.sqlite"
    with Pace(home, log, RATE) as pace:
        until(lambda: (log / "identity.json").exists())
        with home.following("ingest", "--follow", "--log", log) as ingester:
            ingester.until(lambda lines: any(line.startswith("loaded") for line in lines))
            found = lags(log, database, seconds=6)
            assert not ingester.errors
    worst = found[int(len(found) * 0.99)]
    print(f"{RATE} events a second: lag p50 {found[len(found) // 2]:.3f} s, p99 {worst:.3f} s, most {found[-1]:.3f} s")
    assert len(pace.fed) > 5 * RATE and worst < 1


def test_after_a_long_pause_it_catches_up_while_records_come(home: Home) -> None:
    log, database = home.path / "logs" / "paced", home.path / "warehouse.sqlite"
    backlog = home.tollgate("simulate", "--seed", "4", "--events", "40000", "--log", log).out
    assert backlog
    home.tollgate("ingest", "--log", log)
    before = loaded(database)
    assert before > 80_000
    database.unlink()
    with Pace(home, log, RATE // 5) as pace:
        with home.following("ingest", "--follow", "--log", log):
            until(lambda: loaded(database) >= before, timeout=60, what="what was there before")
            until(lambda: loaded(database) > before, timeout=20, what="what came since")
            assert lags(log, database, seconds=2)[-1] < 1
    home.tollgate("ingest", "--log", log)
    assert loaded(database) == before + len(pace.fed)

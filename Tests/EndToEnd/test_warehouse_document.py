"""docs/WAREHOUSE.md: its columns, tables, and ways to read the database are those that there are."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from harness.home import Home
from harness.month import Month
from harness.questions import DOCUMENT, VIEWS


def test_every_column_of_every_view_is_explained(month: Month) -> None:
    names = {name for (name,) in month.ask("SELECT name FROM sqlite_schema WHERE type = 'view'")}
    columns = {name: [row[1] for row in month.ask(f"PRAGMA table_info({name})")] for name in names}
    assert {name: list(found) for name, (_, found) in VIEWS.items()} == columns


def test_tables_that_the_document_names_are_there(month: Month) -> None:
    section = DOCUMENT.read_text().partition("## When the views are too slow")[2].partition("\n## ")[0]
    cells = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert named <= {name for (name,) in month.ask("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_the_row_of_a_call_leads_to_its_lines(month: Month) -> None:
    """The document's `record` is a log's folder and a seq."""
    for record, agent, tool in month.ask("SELECT record, agent, tool FROM calls WHERE outcome = 'ok' LIMIT 50"):
        log, seq = record.split("/")
        found = [one for one in month.records(log) if int(seq) in (one["seq"], one.get("of"))]
        assert [one["kind"] for one in found] == ["decision", "outcome"]
        assert (found[0]["agent"], found[0]["tool"]) == (agent, tool)
        break
    else:
        pytest.fail("no call was answered")


def test_local_time_follows_the_zones_rules(month: Month) -> None:
    """As the document says: summer time in July, none in January."""
    sql = "SELECT datetime('2026-01-15T11:00', 'localtime'), datetime('2026-07-15T11:00', 'localtime')"
    code = f"import sqlite3; print(sqlite3.connect(':memory:').execute({sql!r}).fetchone())"
    zone = {"TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, env=os.environ | zone, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "('2026-01-15 12:00:00', '2026-07-15 13:00:00')"


def test_it_is_read_and_copied_while_tollgate_writes(month: Month, home: Home) -> None:
    """Read-only readers see whole states of it; a copy made meanwhile is one whole file."""
    database, copy = home.work / "live.sqlite", home.work / "copy.sqlite"
    log = month.logs["second"]
    with home.following("ingest", "--follow", "--log", log, "--db", database) as ingester:
        ingester.until(lambda lines: any(line.startswith("loaded") for line in lines))
        assert (home.work / "live.sqlite-wal").exists(), "there is a writer, and it has a WAL"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
            calls = reader.execute("SELECT count(*) FROM calls").fetchone()
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("DELETE FROM call")
        with closing(sqlite3.connect(f"file:{database}?immutable=1", uri=True)) as reader:
            assert reader.execute("SELECT count(*) FROM calls").fetchone() == (0,), "what was loaded is in the WAL yet"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
            reader.execute("VACUUM INTO ?", [str(copy)])
    with closing(sqlite3.connect(f"file:{copy}?immutable=1", uri=True)) as reader:
        assert reader.execute("SELECT count(*) FROM calls").fetchone() == calls
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)

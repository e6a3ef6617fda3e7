"""dashboards/clickhouse: the very segments, loaded by ClickHouse, give the answers that SQLite and the reports give."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from harness import logs, packages
from harness.clickhouse import ClickHouse, Row
from harness.month import FLEET, SECOND, Month
from harness.paths import ROOT
from harness.questions import QUESTIONS

FOLDER = ROOT / "dashboards" / "clickhouse"
SPAN = ("2026-11-16", "2026-11-23")
PERIOD = dict(zip(("since", "until"), (f"{day} 00:00:00" for day in SPAN), strict=True))

CALLS = """
SELECT concat(log, ' ', toString(seq)) AS record, concat(replaceOne(toString(ts), ' ', 'T'), 'Z'), nullIf(agent, ''),
    nullIf(grant, ''), server, tool, nullIf(risk, ''), decision, mode, reason, nullIf(rule, ''), nullIf(policy, ''),
    nullIf(outcome, ''), code, decide_us, lower(leftPad(hex(arg_digest), 16, '0')),
    lower(leftPad(hex(result_digest), 16, '0')), arg_bytes, result_bytes, nullIf(limit_counter, ''), limit_used,
    if(limit_counter = '', NULL, limit_max), retry_after_ms, nullIf(client, ''), nullIf(session, ''),
    upstream_us, wait_us, final_seq
FROM tollgate.calls FINAL
"""

VIEW = """
SELECT record, time, agent, grant_id, server, tool, risk, decision, mode, reason, rule, policy, outcome, code,
    decide_us, arg_digest, result_digest, arg_bytes, result_bytes, limit_counter, limit_used, limit_max, retry_after_ms,
    client, session
FROM calls
"""

NOT_IN_THE_VIEW = """
SELECT log.name || '/' || (call.id & 1099511627775), log.origin || ' ' || (call.id & 1099511627775), upstream_us,
    wait_us, final_seq
FROM call JOIN log ON log.id = call.id >> 40 LEFT JOIN call_rare ON call_rare.id = call.id
"""


def sqlite_calls(month: Month, log: str = "") -> Counter[Row]:
    """The rows of the view `calls`, of one log or of all, with what the view rounds or leaves out."""
    more = {record: (name, *columns) for record, name, *columns in month.ask(NOT_IN_THE_VIEW)}
    rows = [row for row in month.ask(VIEW) if row[0].startswith(log)]
    return Counter((more[record][0], *columns, *more[record][1:]) for record, *columns in rows)


def segments(log: Path) -> list[tuple[Path, dict[str, Any]]]:
    """A log's segments, each with the parameters that load it."""
    origin = json.loads((log / "identity.json").read_text())["origin"]
    return [(one, {"log": origin, "segment": int(one.name.partition(".")[0])}) for one in logs.segments(log)]


def load(database: ClickHouse, segment: Path, parameters: dict[str, Any]) -> None:
    database.run(FOLDER / "load.sql", file=str(segment), **parameters)
    database.run(FOLDER / "fold.sql", **parameters)


@pytest.fixture(scope="module")
def clickhouse(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    with ClickHouse(tmp_path_factory.mktemp("clickhouse")) as database:
        database.run(FOLDER / "schema.sql")
        for log in month.logs.values():
            for segment, parameters in segments(log):
                load(database, segment, parameters)
        yield database


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[ClickHouse]:
    with ClickHouse(tmp_path / "clickhouse") as database:
        database.run(FOLDER / "schema.sql")
        yield database


def question(month: Month, number: int, **given: str) -> list[Row]:
    one = QUESTIONS[number - 1]
    return month.ask(one.sql, {name: given.get(name, "") for name in one.parameters})


def test_every_call_is_the_same_in_every_column(clickhouse: ClickHouse, month: Month) -> None:
    """Those whose hold was ended by a second decision, in another segment, and whose outcome came in a third, too."""
    found = clickhouse.ask(CALLS)
    assert Counter(found) == sqlite_calls(month) and len(found) > 20_000
    assert sum(1 for row in found if row[-1] is not None) == 3


def test_rates_are_those_of_the_report(clickhouse: ClickHouse, month: Month) -> None:
    words = ["report", "rates", "--json", "--no-ingest", "--since", SPAN[0], "--until", SPAN[1], *month.words()]
    expected = []
    for one in month.home.tollgate(*words).json()["agents"]:
        counts = (one["counts"][key] for key in RATE_COUNTS)
        agent = one.get("agent") or "(unresolved)"
        peak = one["peak_minute"]
        expected.append((agent, *counts, len(one["tools"]), one["active_hours"], peak["calls"], peak["at"][:16] + "Z"))
    assert clickhouse.run(FOLDER / "rates.sql", **PERIOD) == expected


RATE_COUNTS = ("calls", "allowed", "denied", "throttled", "held", "would_have_stopped", "errors")


def test_denials_are_those_of_sqlite_and_of_the_report(clickhouse: ClickHouse, month: Month) -> None:
    found = clickhouse.run(FOLDER / "denials.sql", **PERIOD)
    assert Counter(found) == Counter(question(month, 2, since=SPAN[0], until=SPAN[1]))
    words = ["report", "denials", "--json", "--no-ingest", "--since", SPAN[0], "--until", SPAN[1], *month.words()]
    keys = ("policy", "rule", "reason", "decision", "mode", "calls", "agents", "tools", "mostly_agent")
    rules = month.home.tollgate(*words).json()["denials"]["by_rule"]
    assert Counter(found) == Counter(tuple(one.get(key) for key in keys) for one in rules)


def test_movers_are_those_of_sqlite(clickhouse: ClickHouse, month: Month) -> None:
    found = clickhouse.run(FOLDER / "movers.sql", since=PERIOD["since"])
    assert Counter(found) == Counter(question(month, 14, since=SPAN[0])) and len(found) > 100


def test_refusals_that_were_counted_together_are_counted_whole(clickhouse: ClickHouse, month: Month) -> None:
    found = clickhouse.run(FOLDER / "refusals.sql", **PERIOD)
    assert Counter(found) == Counter(row[:6] for row in question(month, 20, since=SPAN[0], until=SPAN[1]))
    assert {640, 55} <= {row[5] for row in found}


def test_a_hole_is_noticed(clickhouse: ClickHouse, month: Month) -> None:
    """The four seqs that no segment has; and all of a segment that is not there."""
    gone = [row for row in question(month, 18) if row[1] == "missing"]
    (origin, segment, records, following, missing), *others = clickhouse.run(FOLDER / "holes.sql")
    assert (origin, missing, following) == (segments(month.logs[SECOND])[0][1]["log"], gone[0][6], gone[0][3] + 1)
    assert not others and segment + records == gone[0][2]


def test_a_lost_segment_is_noticed(empty: ClickHouse, month: Month) -> None:
    parts = segments(month.logs[SECOND])
    for segment, parameters in (parts[0], parts[2], parts[3]):
        load(empty, segment, parameters)
    lost = parts[2][1]["segment"] - parts[1][1]["segment"]
    assert [row[4] for row in empty.run(FOLDER / "holes.sql")] == [lost, 4]


def test_loading_twice_counts_once(empty: ClickHouse, month: Month) -> None:
    parts = segments(month.logs[SECOND])
    for _ in range(2):
        for segment, parameters in parts:
            load(empty, segment, parameters)
    expected = len(month.records(SECOND))
    assert empty.ask("SELECT count() FROM tollgate.records FINAL") == [(expected,)]
    assert Counter(empty.ask(CALLS)) == sqlite_calls(month, SECOND)
    assert empty.ask("SELECT count() > (SELECT count() FROM tollgate.calls FINAL) FROM tollgate.calls") == [(1,)], (
        "ClickHouse has not merged yet, so that FINAL had something to do"
    )


def test_segments_may_come_in_any_order(empty: ClickHouse, month: Month) -> None:
    """Outcomes before their decisions, the end of a hold before its beginning."""
    for segment, parameters in reversed(segments(month.logs[SECOND])):
        load(empty, segment, parameters)
    assert Counter(empty.ask(CALLS)) == sqlite_calls(month, SECOND)


def test_a_segment_that_comes_again_takes_nothing_away(empty: ClickHouse, month: Month) -> None:
    """Even where the records of its neighbours, which knew how its calls ended, have been dropped meanwhile."""
    parts = segments(month.logs[SECOND])
    for segment, parameters in parts:
        load(empty, segment, parameters)
    empty.ask("TRUNCATE TABLE tollgate.records")
    load(empty, *parts[0])
    assert Counter(empty.ask(CALLS)) == sqlite_calls(month, SECOND)


def test_a_damaged_segment_leaves_nothing(empty: ClickHouse, month: Month, tmp_path: Path) -> None:
    (segment, parameters), *_ = segments(month.logs[FLEET])
    hurt = tmp_path / segment.name
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0x10
    hurt.write_bytes(data)
    with pytest.raises(RuntimeError):
        load(empty, hurt, parameters)
    assert empty.ask("SELECT count() FROM tollgate.records") == [(0,)]


def test_segments_are_posted_by_load_log(empty: ClickHouse, month: Month, tmp_path: Path) -> None:
    if packages.program("curl", "curl") is None:
        pytest.skip(packages.why_missing("curl", "curl"))
    with posting_to(empty, tmp_path) as address:
        subprocess.run([FOLDER / "load-log", month.logs[SECOND], address], check=True)
    assert Counter(empty.ask(CALLS)) == sqlite_calls(month, SECOND)


@contextlib.contextmanager
def posting_to(database: ClickHouse, folder: Path) -> Iterator[str]:
    """A stand-in for a ClickHouse server, on loopback: as much of its HTTP interface as `load-log` uses, before chdb.

    The body follows the query. chdb reads no rows by `input()`, so the body becomes a file, and `input` is `file` here.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = dict(parse_qsl(urlsplit(self.path).query))
            parameters = {key[6:]: value for key, value in asked.items() if key.startswith("param_")}
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                (folder / "body").write_bytes(gzip.decompress(body))
                sql = asked["query"].replace("input(", f"file('{folder}/body', 'JSONEachRow', ")
                sql = sql.removesuffix("FORMAT JSONEachRow\n")
            else:
                sql = body.decode().rstrip().removesuffix(";")
            try:
                database.ask(sql, **parameters)
                self.send_response(200)
            except RuntimeError as error:
                self.send_error(500, explain=str(error))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_both_ways_of_loading_read_the_columns_of_the_table(clickhouse: ClickHouse) -> None:
    found = [
        re.search(r"'\n(.+?)\n    '", (FOLDER / name).read_text(), re.DOTALL) for name in ("load.sql", "load-http.sql")
    ]
    texts = [" ".join(one[1].split()).replace("''", "'") for one in found]
    columns = clickhouse.ask(
        "SELECT name, type FROM system.columns WHERE database = 'tollgate' AND table = 'records' ORDER BY position"
    )
    expected = ", ".join(f"{name} {kind}" for name, kind in columns[2:])
    assert texts == [expected, expected]

"""lnav reads a log with our format: each record is a row of `tollgate_log`, its level the decision's."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from harness import logs, packages
from harness.client import Busy
from harness.home import Home
from harness.month import FLEET, SECOND, WATCH, Month
from harness.paths import ROOT

FOLDER = ROOT / "dashboards" / "lnav"
LEVELS = {"deny": "error", "throttle": "warning", "hold": "warning"}


class Lnav:
    """lnav with the format installed, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.environment = os.environ | {"HOME": str(home), "TERM": "dumb", "TZ": "UTC"}
        self.run("-i", str(FOLDER / "tollgate.json"))

    def run(self, *words: str, stdin: bytes = b"") -> str:
        done = subprocess.run(
            ["lnav", *words], env=self.environment, input=stdin, capture_output=True, check=True, timeout=60
        )
        assert b"error" not in done.stderr, done.stderr.decode()
        return done.stdout.decode()

    def ask(self, sql: str, *files: Path, stdin: bytes = b"") -> list[dict[str, Any]]:
        words = ["-n", "-c", f";{sql}", "-c", ":write-json-to -", *map(str, files)]
        out = self.run(*words, stdin=stdin)
        return json.loads(out[out.index("[") : out.rindex("]") + 1])


@pytest.fixture(scope="module")
def lnav(tmp_path_factory: pytest.TempPathFactory) -> Lnav:
    if packages.program("lnav", "lnav") is None:
        pytest.skip(packages.why_missing("lnav", "lnav"))
    return Lnav(tmp_path_factory.mktemp("lnav"))


COUNTS = """SELECT log_level, kind, decision, outcome, event, count(*), min(seq), max(seq),
    coalesce(sum(upstream_us), 0) FROM tollgate_log GROUP BY 1, 2, 3, 4, 5"""


def texts(values: Iterable[Any]) -> tuple[str, ...]:
    """lnav writes some integers as texts."""
    return tuple(map(str, values))


def counted(records: list[dict[str, Any]]) -> Counter[tuple[str, ...]]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for one in records:
        level = LEVELS.get(one.get("decision", ""), "info")
        groups.setdefault((level, *map(one.get, ("kind", "decision", "outcome", "event"))), []).append(one)
    return Counter(
        texts((*key, len(found), found[0]["seq"], found[-1]["seq"], sum(one.get("upstream_us", 0) for one in found)))
        for key, found in groups.items()
    )


@pytest.mark.parametrize("name", [FLEET, SECOND, WATCH])
def test_every_record_of_a_log_is_a_row(lnav: Lnav, month: Month, name: str) -> None:
    """From the compressed segments as they are."""
    found = lnav.ask(COUNTS, *logs.segments(month.logs[name]))
    assert Counter(texts(one.values()) for one in found) == counted(month.records(name))


def test_records_of_all_kinds_are_rows(lnav: Lnav, month: Month) -> None:
    sql = 'SELECT seq, kind, decision, rule, "of" AS earlier, event, n, log_time FROM tollgate_log'
    keys = ("seq", "kind", "decision", "rule", "of", "event", "n")
    expected = [texts((*map(one.get, keys), one["ts"][:23].replace("T", " "))) for one in month.records(SECOND)]
    assert [texts(one.values()) for one in lnav.ask(sql, *logs.segments(month.logs[SECOND]))] == expected


def test_a_log_is_read_while_it_is_written(lnav: Lnav, home: Home) -> None:
    log = home.path / "logs" / "live"
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        client.call("echo")
        with Busy(client) as busy:
            busy.nudge()
            before = logs.records(log)
            (found,) = lnav.ask("SELECT count(*) AS n, max(seq) AS last FROM tollgate_log", *logs.segments(log))
        client.close()
    assert found["n"] == found["last"] + 1 >= len(before) > 0


def test_what_tail_prints_is_read_from_a_pipe(lnav: Lnav, month: Month) -> None:
    out = month.home.tollgate("tail", "--json", "--log", month.logs[SECOND], "--lines", "1000").out
    decisions = [json.loads(line) for line in out.splitlines()]
    (found,) = lnav.ask("SELECT count(*) AS n FROM tollgate_log", stdin=out.encode())
    assert found["n"] == len(decisions) > 30


def test_a_line_shows_what_matters(lnav: Lnav, month: Month) -> None:
    shown = lnav.run("-n", *map(str, logs.segments(month.logs[SECOND])))
    assert "bank/pay throttle  limit /tools/pay/limits/pay_rate" in shown and "Refused by ann." in shown
    assert "arg_keys" not in shown and len(shown.splitlines()) == len(month.records(SECOND))


def test_what_the_readme_asks_works(lnav: Lnav, month: Month) -> None:
    queries = [line[1:] for line in (FOLDER / "README.md").read_text().splitlines() if line.startswith(";SELECT")]
    assert len(queries) == 2
    for sql in queries:
        assert lnav.ask(sql, *logs.segments(month.logs[SECOND]))

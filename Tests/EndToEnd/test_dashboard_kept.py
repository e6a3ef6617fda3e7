"""What the dashboard keeps of a large warehouse: the figures of a report, their age, new ones once more is loaded."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from harness.browser import PHONE, WIDE, chromium, faults, page
from harness.client import until
from harness.dashboard import Answer, Visitor
from harness.home import Home

CALLS = 30_000
"""Simulated, in four weeks: with more than 20,000 records a time is one whose answers are kept; its days have far fewer."""
MORE = 300
LISTS = ["/agents", "/tools", "/denials", "/limits"]


@pytest.fixture
def fleet(home: Home) -> tuple[Path, Path]:
    """A log and its warehouse."""
    log, database = home.path / "logs" / "fleet", home.path / "w.sqlite"
    home.tollgate("simulate", "--seed", "3", "--events", str(CALLS), "--log", log)
    home.tollgate("ingest", "--log", log, "--db", database)
    return log, database


@contextlib.contextmanager
def shown(home: Home, log: Path, database: Path) -> Iterator[Visitor]:
    words = ("dashboard", "--no-ingest", "--log", log, "--db", database, "--listen", "127.0.0.1:0")
    with home.following(*words) as server:
        said = until(lambda: re.search(r"dashboard on http://[^\s]+:(\d+)/", "\n".join(server.errors)), what="the pages")
        yield Visitor(int(said[1]))


def load_more(home: Home, database: Path) -> None:
    log = home.path / "logs" / "more"
    home.tollgate("simulate", "--seed", "4", "--scenario", "quiet", "--events", str(MORE), "--log", log)
    home.tollgate("ingest", "--log", log, "--db", database)


def days(database: Path, count: int) -> tuple[str, str]:
    """The whole UTC days that a page of so many days is about."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        newest = connection.execute("SELECT max(last_us) FROM cursor").fetchone()[0]
    last = datetime.fromtimestamp(newest / 1e6, timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    return tuple((last + timedelta(days=one)).strftime("%Y-%m-%dT%H:%M:%SZ") for one in (-count, 1))


def content(answer: Answer) -> str:
    """What stands on a page below its heading, without its age."""
    return re.sub(r'<p class="notice" role="note">.*?</p>\n', "", answer.body.split("</h1>", 1)[1])


def test_what_is_kept_is_what_would_be_made_and_new_once_more_is_loaded(home: Home, fleet: tuple[Path, Path], say) -> None:
    log, database = fleet
    since, before = days(database, 28)
    words = ("report", "rates", "--no-ingest", "--db", database, "--since", since, "--until", before, "--json")
    with shown(home, log, database) as visitor:
        path = "/api/v1/agents?span=28d"
        start = time.monotonic()
        first = visitor.page(path)
        made = time.monotonic() - start
        assert first.json() == home.tollgate(*words).json(), "the command line's figures"
        took = []
        for _ in range(5):
            start = time.monotonic()
            again = visitor.page(path)
            took.append(time.monotonic() - start)
            assert (again.body, again.headers["age"]) == (first.body, "0"), "nothing has changed, so it is true now"
        say(f"28 days of {CALLS:,} calls: made in {made * 1e3:.0f} ms, given again in {min(took) * 1e3:.0f} ms")
        assert min(took) < made / 2
        shown_first = visitor.page("/agents?span=28d")
        assert f"{CALLS:,} calls by" in shown_first.text and f"28 days, since {since[:10]} 00:00." in shown_first.text
        hour = visitor.page("/agents?span=1h")
        assert "age" not in hour.headers and "1 hour, since" in hour.text, "an hour has few records: it is made for each"
        assert visitor.ask("/agents/nobody?span=28d").status == 404
        assert visitor.ask("/agents/nobody?span=28d").status == 404, "an error stays one"
        load_more(home, database)
        old = visitor.page("/agents?span=28d")
        assert re.search(r"As of \d\d:\d\d:\d\d, .+ ago: it is made again in the background\.", old.text), old.text[:500]
        assert content(old) == content(shown_first) and int(old.headers["age"]) < 300
        assert int(visitor.page(path).headers["age"]) < 300
        new = until(lambda: with_figures(visitor.page("/agents?span=28d"), CALLS + MORE), what="the new figures")
        assert "As of" not in new.text
        expected = home.tollgate(*words).json()
        until(lambda: visitor.page(path).json() == expected, what="the new figures for programs")
        # The same file, begun anew: what was kept of it is not given as today's.
        home.tollgate("ingest", "--rebuild", "--log", log, "--db", database)
        back = until(lambda: with_figures(visitor.page("/agents?span=28d"), CALLS), what="the first figures")
        assert content(back) == content(shown_first)
        database.rename(database.with_suffix(".away"))
        assert visitor.ask("/agents?span=28d").status == 503, "nothing is told of a warehouse that is not there"


def with_figures(answer: Answer, calls: int) -> Answer | None:
    return answer if f"{calls:,} calls by" in answer.text and "As of" not in answer.text else None


def test_its_age_can_be_read_by_everybody(home: Home, fleet: tuple[Path, Path]) -> None:
    log, database = fleet
    looks = zip(LISTS, [(WIDE, False), (WIDE, True), (PHONE, False), (PHONE, True)], strict=True)
    with shown(home, log, database) as visitor, chromium() as browser:
        for path in LISTS:
            assert "age" in visitor.page(f"{path}?span=28d").headers, f"{path} is kept"
        load_more(home, database)
        found = {}
        for path, (size, dark) in looks:
            with page(browser, size, dark, script=False) as one:
                one.goto(f"http://127.0.0.1:{visitor.port}{path}?span=28d", wait_until="domcontentloaded")
                assert one.get_by_role("note").inner_text().startswith("As of "), path
                if wrong := faults(one):
                    found[f"{path} {size[0]} {'dark' if dark else 'light'}"] = wrong
        assert found == {}, json.dumps(found, indent=1)

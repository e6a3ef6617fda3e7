"""A real Datasette serves the warehouse with the document's questions, while tollgate may be writing it."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.client import until
from harness.home import Home
from harness.month import Month
from harness.paths import ROOT
from harness.questions import METADATA, QUESTIONS, VIEWS

FOLDER = ROOT / "dashboards" / "datasette"

GIVEN = {
    "since": "2026-11-17",
    "until": "2026-11-21",
    "tool": "pay",
    "times": "5",
    "shift": "+2 hours",
    "agent": "clerk-01",
}


class Datasette:
    """A server that was started here, and answers at an address of this machine only."""

    def __init__(self, address: str, child: subprocess.Popen[bytes], database: Path) -> None:
        self.address = address
        self.child = child
        self.database = database

    def get(self, path: str, **parameters: str) -> bytes:
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        with urllib.request.urlopen(f"{self.address}/{path}{query}", timeout=20) as answer:
            return answer.read()

    def rows(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        return json.loads(self.get(f"{path}.json", _shape="array", **parameters))

    def answers(self) -> bool:
        assert self.child.poll() is None, "datasette has ended"
        try:
            return b"tollgate" in self.get("")
        except (urllib.error.URLError, ConnectionError):
            return False


def words() -> list[str]:
    """The options that the README tells to use."""
    (line,) = re.findall(r"^datasette serve warehouse\.sqlite (.+)$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert "-i" not in line.split() and "-h 127.0.0.1" in line
    return [str(ROOT / word) if word.startswith("dashboards/") else word for word in line.split()]


@pytest.fixture(scope="module")
def datasette(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Datasette]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    folder = tmp_path_factory.mktemp("datasette")
    database = folder / month.database.name  # Its own copy: a test here loads a log into it.
    shutil.copy(month.database, database)
    command = [sys.executable, "-m", "datasette", "serve", str(database), *words(), "-p", str(port)]
    with (folder / "out").open("wb") as out:
        child = subprocess.Popen(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=os.environ | {"TZ": "UTC"}
        )
    try:
        server = Datasette(f"http://127.0.0.1:{port}", child, database)
        until(server.answers, 60, "datasette's home page")
        yield server
    finally:
        child.terminate()
        child.wait(15)


def test_the_home_page_leads_to_the_questions(datasette: Datasette) -> None:
    assert b"/warehouse" in datasette.get("")
    page = datasette.get("warehouse").decode()
    assert all(f"/warehouse/{one.slug}" in page for one in QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.slug)
def test_a_canned_query_gives_what_sqlite_gives(datasette: Datasette, month: Month, question) -> None:
    """With its parameters left out, as the page does at first, and with all of them given."""
    for given in ({}, {name: GIVEN[name] for name in question.parameters if name in GIVEN}):
        parameters = {name: given.get(name, "") for name in question.parameters}
        rows = datasette.rows(f"warehouse/{question.slug}", **given)
        assert [tuple(row.values()) for row in rows] == month.ask(question.sql, parameters)
        assert rows, "there is something to compare"
    page = datasette.get(f"warehouse/{question.slug}").decode()
    assert set(re.findall(r'<input type="text" id="qp\d+" name="(\w+)"', page)) == set(question.parameters)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_gives_what_sqlite_gives(datasette: Datasette, month: Month, view: str) -> None:
    rows = datasette.rows(f"warehouse/{view}", _size="40")
    assert [tuple(row.values()) for row in rows] == month.ask(f"SELECT * FROM {view} LIMIT 40")
    assert rows and [*rows[0]] == [*VIEWS[view][1]]


@pytest.mark.parametrize("view", VIEWS)
def test_a_views_page_explains_its_columns(datasette: Datasette, view: str) -> None:
    page = html.unescape(datasette.get(f"warehouse/{view}").decode())
    assert [column for column, meaning in VIEWS[view][1].items() if meaning not in page] == []


def test_nobody_can_write_through_it(datasette: Datasette) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        datasette.get("warehouse.json", sql="DELETE FROM call")


def test_it_sees_what_is_loaded_while_it_runs(datasette: Datasette, home: Home) -> None:
    """As it would not, were the file opened as immutable: the new rows are in the WAL."""
    before = {row["log"] for row in datasette.rows("warehouse/coverage")}
    late = home.work / "late"
    home.tollgate("simulate", "--scenario", "quiet", "--events", "50", "--log", late)
    with home.following("ingest", "--follow", "--log", late, "--db", datasette.database) as ingester:
        ingester.until(lambda lines: any(line.startswith("loaded") for line in lines))
        assert Path(f"{datasette.database}-wal").stat().st_size > 0
        assert {row["log"] for row in datasette.rows("warehouse/coverage")} - before == {"late"}


def test_the_metadata_is_made_from_the_document() -> None:
    done = subprocess.run([sys.executable, METADATA.__file__, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    database = yaml.safe_load((FOLDER / "metadata.yaml").read_text())["databases"]["warehouse"]
    assert {slug: query["sql"] for slug, query in database["queries"].items()} == {
        one.slug: one.sql for one in QUESTIONS
    }
    assert {name: table["columns"] for name, table in database["tables"].items()} == {
        name: columns for name, (_, columns) in VIEWS.items()
    }

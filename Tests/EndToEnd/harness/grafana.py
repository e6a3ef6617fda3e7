"""What Grafana and its SQLite plugin do to a query before and after SQLite has it, written from their sources.

- Variables: Grafana's `public/app/features/templating/template_srv.ts`: `$name`, `${name}` and `${name:format}`; a
  custom value for "All" goes in as it is, whatever the format. `sqlstring` quotes as SQL does (`formatRegistry.ts`).
- `$__from`, `$__to`: epoch milliseconds; the plugin's backend does the same for alerts (`pkg/plugin/variables.go`).
- Macros, types of columns, filling of gaps and time series: frser-sqlite-datasource, `pkg/plugin/macros.go`, `query.go`
  and `gap_filling.go`.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .paths import ROOT
from .questions import script

FOLDER = ROOT / "dashboards" / "grafana"
SCRIPT = script("grafana-dashboards")
DASHBOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))
}
PANELS = {
    f"{name}/{panel.path.stem}": (panel, made)
    for name, dashboard in DASHBOARDS.items()
    for panel, made in zip(SCRIPT.panels(name), dashboard["panels"], strict=True)
}
"""By dashboard and file: the source of each panel, and what the dashboard's file has of it."""

ALL = "$__all"
VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)(?::(\w+))?\}")
MACRO = re.compile(r"\$__(\w+)\(([^)]*)\)")


@dataclass(frozen=True)
class Window:
    """What the time picker says, in UTC."""

    since: str
    until: str

    @property
    def milliseconds(self) -> tuple[int, int]:
        def epoch(time: str) -> int:
            return int(datetime.fromisoformat(time).replace(tzinfo=timezone.utc).timestamp() * 1000)

        return epoch(self.since), epoch(self.until)


@dataclass
class Frame:
    """A query's answer: its columns' names and kinds, its rows."""

    columns: list[str]
    kinds: list[str]
    """time, integer, float, string; unknown where all is NULL."""
    rows: list[tuple[Any, ...]]
    filled: int = 0
    """Rows that the plugin put into gaps, all NULL but their time."""

    def column(self, name: str) -> list[Any]:
        at = self.columns.index(name)
        return [row[at] for row in self.rows]

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Grafana:
    """A data source, a window, and what is picked in the variables; all of them where nothing is, or the first."""

    database: Path
    window: Window
    picked: dict[str, str | list[str]] = field(default_factory=dict)

    def value(self, dashboard: dict[str, Any], name: str, form: str) -> str | None:
        since, until = self.window.milliseconds
        if name in ("__from", "__to"):
            return str(since if name == "__from" else until)
        found = [one for one in dashboard["templating"]["list"] if one["name"] == name]
        if not found:
            return None
        variable = found[0]
        value = self.picked.get(name)
        if value is None:
            value = ALL if variable["includeAll"] else self.options(dashboard, variable)[0]
        if value == ALL:
            return self.replaced(dashboard, variable["allValue"])
        values = [value] if isinstance(value, str) else value
        if form == "sqlstring":
            return ",".join("'" + one.replace("'", "''") + "'" for one in values)
        assert len(values) == 1 and form == "", f"${name} of several values needs a format"
        return values[0]

    def options(self, dashboard: dict[str, Any], variable: dict[str, Any]) -> list[str]:
        if variable["type"] == "custom":
            return [one["value"] for one in variable["options"]]
        frame = self.run(self.replaced(dashboard, variable["query"]), [])
        assert len(frame.columns) == 1, "the plugin wants one column of a variable's query"
        return [row[0] for row in frame.rows]

    def replaced(self, dashboard: dict[str, Any], text: str) -> str:
        def one(match: re.Match[str]) -> str:
            value = self.value(dashboard, match[1] or match[2], match[3] or "")
            return match[0] if value is None else value

        return VARIABLE.sub(one, text)

    def sql(self, name: str) -> str:
        """What SQLite gets of a panel's query."""
        dashboard = DASHBOARDS[name.split("/")[0]]
        (target,) = PANELS[name][1]["targets"]
        return expanded(self.replaced(dashboard, target["rawQueryText"]), self.window)[0]

    def ask(self, name: str) -> Frame:
        dashboard = DASHBOARDS[name.split("/")[0]]
        (target,) = PANELS[name][1]["targets"]
        text = self.replaced(dashboard, target["rawQueryText"])
        frame = self.run(text, target["timeColumns"])
        if target["queryType"] == "time series":
            must_be_a_time_series(frame)
        return frame

    def run(self, text: str, times: list[str]) -> Frame:
        sql, fill = expanded(text, self.window)
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            cursor = database.execute(sql)
            rows = cursor.fetchall()
        columns = [one[0] for one in cursor.description]
        kinds = [kind(name, [row[at] for row in rows], times) for at, name in enumerate(columns)]
        assert set(times) <= set(columns), f"{times} are not all in {columns}"
        frame = Frame(columns, kinds, rows)
        if fill:
            fill_gaps(frame, fill)
        return frame


def expanded(text: str, window: Window) -> tuple[str, int]:
    """The query with its macros expanded, and the interval by which gaps are filled; 0: not at all."""
    fill = 0

    def one(match: re.Match[str]) -> str:
        nonlocal fill
        name, arguments = match[1], match[2].split(",")
        assert name == "unixEpochGroupSeconds", f"the plugin leaves ${name} as it is, or hides a column from its index"
        assert len(arguments) in (2, 3)
        interval = int(arguments[1])
        if len(arguments) == 3:
            assert arguments[2].strip().lower() == "null", "it fills with NULL only"
            fill = interval
        return f"cast(({arguments[0]} / {interval}) as int) * {interval}"

    sql = MACRO.sub(one, text)
    assert "$" not in sql, f"not replaced: {re.findall(r'.{0,20}[$].{0,20}', sql)}"
    return sql, fill


def kind(name: str, values: list[Any], times: list[str]) -> str:
    """The plugin takes a column's type from its first value, and bends all others to it: they must be of one type."""
    found = {type(one) for one in values} - {type(None)}
    if name in times:
        assert found <= {int, float}, f"{name} is no time in seconds: {found}"
        return "time"
    assert len(found) <= 1, f"{name} has values of {found}"
    return {int: "integer", float: "float", str: "string"}[found.pop()] if found else "unknown"


def fill_gaps(frame: Frame, interval: int) -> None:
    assert frame.kinds[0] == "time"
    filled: list[tuple[Any, ...]] = []
    for row in frame.rows:
        while filled and filled[-1][0] + interval < row[0]:
            filled.append((filled[-1][0] + interval, *[None] * (len(frame.columns) - 1)))
            frame.filled += 1
        assert not filled or filled[-1][0] <= row[0], "the plugin refuses times that do not ascend"
        filled.append(row)
    frame.rows = filled


def must_be_a_time_series(frame: Frame) -> None:
    """Time first and ascending; then numbers (wide), or one name and one number (long), each name once at a time."""
    assert frame.kinds[0] == "time" and frame.kinds.count("time") == 1
    times = [row[0] for row in frame.rows]
    assert None not in times and times == sorted(times)
    rest = [one for one in frame.kinds[1:] if one != "unknown"]
    if "string" in rest:
        assert frame.kinds[1:] in (["string", "integer"], ["string", "float"])
        assert len({row[:2] for row in frame.rows}) == len(frame.rows), "a series has two values at one time"
        assert None not in [row[1] for row in frame.rows] and not frame.filled
    else:
        assert len(set(times)) == len(times) and set(rest) <= {"integer", "float"}

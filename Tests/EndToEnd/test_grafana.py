"""Grafana's dashboards: each query runs on a real warehouse as the plugin runs it; each file is what Grafana loads.

No Grafana is here: what its server and the plugin do to a query is in `harness/grafana.py`, with its sources.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.grafana import DASHBOARDS, FOLDER, PANELS, SCRIPT, VARIABLE, Grafana, Window
from harness.month import Month
from harness.paths import ROOT

WEEK = Window("2026-11-16", "2026-11-23")
"""The simulated month's last; the second gateway's two days are in it."""

ABSENT = {"pipeline/43-kept"}
"""Panels for which the month has nothing: no retention has run, no record has an unknown field."""

FACTS = {
    "rollup_hour", "rollup_day", "request_hour", "peak_minute", "latency", "first_use", "alert", "alert_transition",
    "coverage", "cursor", "gap", "reject", "control_event", "kept", "unknown_field",
}  # fmt: skip
"""Tables that are counted from; the others have the names."""

KNOWN_PANELS = {"stat", "table", "timeseries"}
INPUT = {"type": "frser-sqlite-datasource", "uid": "${DS_TOLLGATE}"}


@pytest.fixture
def grafana(month: Month) -> Grafana:
    return Grafana(month.database, WEEK)


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Grafana:
    """A warehouse without any log, and names picked that are not there."""
    database = tmp_path_factory.mktemp("grafana") / "empty.sqlite"
    with closing(sqlite3.connect(database)) as empty:
        empty.executescript((ROOT / "schemas" / "warehouse.v2.sql").read_text())
    return Grafana(database, WEEK, dict.fromkeys(("agent", "server", "tool", "log"), "nobody"))


def columns_are_right(name: str, grafana: Grafana) -> int:
    """Looks at what a panel gets; how many rows it is."""
    panel, made = PANELS[name]
    frame = grafana.ask(name)
    assert len(set(frame.columns)) == len(frame.columns), "columns are told by their names"
    if panel.kind == "stat":
        assert len(frame.rows) <= 1 and frame.kinds[0] in ("integer", "float", "unknown")
        assert frame.kinds[1:] in ([], ["string"], ["unknown"]), "a number, and perhaps a word"
    if panel.kind == "timeseries" and "series" in panel.head:
        assert panel.head["series"] == frame.columns[1]
    for column in panel.words("links"):
        assert column in frame.columns and (column != "tool" or "server" in frame.columns)
    for override in made["fieldConfig"]["overrides"]:
        matcher = override["matcher"]
        named = [one for one in frame.columns if (
            one == matcher["options"] if matcher["id"] == "byName" else re.search(matcher["options"].strip("/"), one)
        )]  # fmt: skip
        assert named, f"no column is meant by {matcher}"
    return len(frame.rows)


@pytest.mark.parametrize("name", PANELS)
def test_a_panels_query_gives_what_the_panel_needs(grafana: Grafana, name: str) -> None:
    rows = columns_are_right(name, grafana)
    assert (rows == 0) == (name in ABSENT)
    if PANELS[name][0].kind == "stat":
        assert grafana.ask(name).rows[0][0] is not None


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_does_not_need_data(nothing: Grafana, name: str) -> None:
    columns_are_right(name, nothing)


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_reads_what_it_says(grafana: Grafana, month: Month, name: str) -> None:
    """SQLite's own plan: no roll-up is scanned, and raw rows are searched where the panel says that it reads them."""
    reads = PANELS[name][0].head["reads"]
    steps = [detail for *_, detail in month.ask(f"EXPLAIN QUERY PLAN {grafana.sql(name)}")]
    assert not [step for step in steps if re.match(r"SCAN (call|request|r|p|l)\b", step)], steps
    raw = [step for step in steps if re.match(r"(SEARCH|SCAN) (call|request)\b", step)]
    indexed = {"stopped calls": "call_stopped", "calls near a limit": "call_near"}
    if reads.startswith("raw rows"):
        (index,) = [value for key, value in indexed.items() if reads.endswith(key)] or ["INTEGER PRIMARY KEY"]
        assert raw and all(f"INDEX {index}" in step or f"USING {index}" in step for step in raw), steps
    else:
        assert not raw, steps
        named = set(re.findall(r"\w+", reads))
        tables = set(re.findall(r"\b(?:FROM|JOIN) (\w+)", PANELS[name][0].sql))
        assert tables & FACTS <= named, "the description names every table that it counts from"


def test_a_window_of_minutes_shows_its_hour(month: Month) -> None:
    """Roll-ups hold whole hours: an on-call who zooms in sees the hour that the window touches, not nothing."""
    inside = Grafana(month.database, Window("2026-11-17T13:40:00", "2026-11-17T13:50:00"))
    hour = Grafana(month.database, Window("2026-11-17T13:00:00", "2026-11-17T14:00:00"))
    for name in ("overview/10-calls", "overview/20-decisions", "overview/30-agents", "denials/30-rules"):
        assert inside.ask(name).rows == hour.ask(name).rows != []


def test_the_variables_are_heeded(month: Month, grafana: Grafana) -> None:
    everyone = grafana.ask("overview/10-calls").rows[0][0]
    agents = grafana.ask("overview/30-agents").column("agent")
    one, two = (Grafana(month.database, WEEK, {"agent": names}) for names in (agents[:1], agents[:2]))
    assert one.ask("overview/10-calls").rows[0][0] < two.ask("overview/10-calls").rows[0][0] < everyone
    assert two.ask("overview/30-agents").column("agent") == agents[:2]
    bank = Grafana(month.database, WEEK, {"server": ["bank"]})
    assert set(bank.ask("overview/31-tools").column("server")) == {"bank"}
    assert set(Grafana(month.database, WEEK, {"log": ["fleet"]}).ask("pipeline/20-logs").column("log")) == {"fleet"}
    daily = Grafana(month.database, WEEK, {"step": "86400"})
    days = daily.ask("overview/20-decisions")
    assert len(days.rows) == 7 and sum(map(sum, (row[1:] for row in days.rows))) == everyone


def test_the_first_choice_is_who_was_stopped_most(month: Month, grafana: Grafana) -> None:
    def first(dashboard: str, name: str) -> str:
        (variable,) = [one for one in DASHBOARDS[dashboard]["templating"]["list"] if one["name"] == name]
        return grafana.options(DASHBOARDS[dashboard], variable)[0]

    assert first("agent", "agent") == month.ask("SELECT agent FROM agents ORDER BY denied + throttled DESC")[0][0]
    assert (first("tool", "server"), first("tool", "tool")) == month.ask(
        "SELECT server, tool FROM tools ORDER BY denied + throttled DESC"
    )[0]


def test_a_name_with_an_apostrophe_is_a_name(month: Month, tmp_path: Path) -> None:
    database = tmp_path / "copy.sqlite"
    shutil.copy(month.database, database)
    with closing(sqlite3.connect(database)) as copy, copy:
        copy.execute("UPDATE actor SET agent = 'o''neil' WHERE agent = 'clerk-01'")
    plain = Grafana(month.database, WEEK, {"agent": ["clerk-01", "clerk-02"]}).ask("overview/10-calls").rows
    assert Grafana(database, WEEK, {"agent": ["o'neil", "clerk-02"]}).ask("overview/10-calls").rows == plain
    assert Grafana(database, WEEK, {"agent": "o'neil"}).ask("agent/30-tools").rows


def test_a_copy_for_grafanas_user_shows_the_same(month: Month, grafana: Grafana, tmp_path: Path) -> None:
    """As the README makes it: one file, without a WAL beside it, in a folder that its reader need not write to."""
    database = tmp_path / "tollgate.sqlite"
    with closing(month.open()) as source:
        source.execute("VACUUM INTO ?", (f"{database}.new",))
    Path(f"{database}.new").rename(database)
    for name in ("overview/30-agents", "denials/32-persistent", "pipeline/40-gaps"):
        assert Grafana(database, WEEK).ask(name).rows == grafana.ask(name).rows != []
    assert [*tmp_path.iterdir()] == [database]


def test_what_retention_deleted_is_told(month: Month, tmp_path: Path) -> None:
    database = tmp_path / "copy.sqlite"
    shutil.copy(month.database, database)
    with closing(sqlite3.connect(database)) as copy, copy:
        copy.execute("INSERT INTO kept VALUES ('calls', 1760000000000000, 12, 1760000000000000)")
        copy.execute("INSERT INTO unknown_field SELECT id, 'decision', 'colour', 3, 1, 2 FROM log WHERE name='second'")
    frame = Grafana(database, WEEK).ask("pipeline/43-kept")
    assert frame.rows == [
        ("deleted", "calls", 12, 1.76e9), ("unknown field of second (decision)", "colour", 3, None)
    ]  # fmt: skip


def test_the_files_are_made_from_the_panels() -> None:
    done = subprocess.run([sys.executable, SCRIPT.__file__, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(DASHBOARDS) == set(SCRIPT.DASHBOARDS) == {one.name for one in SCRIPT.PANELS.iterdir()}
    for panel, made in PANELS.values():
        assert [one["queryText"] for one in made["targets"]] == [panel.sql]


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_a_dashboard_opens_on_a_week_in_utc(dashboard: dict[str, Any]) -> None:
    assert dashboard["timezone"] == "utc"
    assert dashboard["time"] == {"from": "now-7d/h", "to": "now"}, "from a whole hour on: roll-ups are exact there"
    assert dashboard["id"] is None, "it takes the place of nobody's dashboard"
    assert len({one["uid"] for one in DASHBOARDS.values()}) == len(DASHBOARDS)


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_panels_have_places_and_ids_of_their_own(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    assert {one["type"] for one in panels} <= KNOWN_PANELS
    assert len({one["id"] for one in panels}) == len(panels) == len({one["title"] for one in panels})
    for place in (one["gridPos"] for one in panels):
        assert place["x"] >= 0 and place["x"] + place["w"] <= 24 and place["h"] > 0
    for a, b in combinations([one["gridPos"] for one in panels], 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        assert beside or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], f"{a} and {b} overlap"


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_grafanas_own_schema_knows_every_key(dashboard: dict[str, Any]) -> None:
    """What its models do not know is lost on the way through them; a query itself is the plugin's matter."""
    models = pytest.importorskip("grafana_foundation_sdk.models.dashboard")
    plugins = pytest.importorskip("grafana_foundation_sdk.cog.plugins")
    encoder = pytest.importorskip("grafana_foundation_sdk.cog.encoder")
    plugins.register_default_plugins()
    kept = json.loads(encoder.JSONEncoder(sort_keys=True).encode(models.Dashboard.from_json(dashboard)))
    of_the_import = {".__inputs", ".__requires", ".id", ".templating.list[].definition"}
    assert set(lost(dashboard, kept)) <= of_the_import


def lost(given: Any, kept: Any, path: str = "") -> Iterator[str]:
    """Paths of what is not kept as it was given."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            yield from lost(value, kept[key], f"{path}.{key}") if key in kept else [f"{path}.{key}"]
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for one, other in zip(given, kept, strict=True):
            yield from lost(one, other, f"{path}[]")
    elif given != kept:
        yield path


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_every_data_source_is_the_one_that_is_asked_for(dashboard: dict[str, Any]) -> None:
    (asked,) = dashboard["__inputs"]
    assert "${" + asked["name"] + "}" == INPUT["uid"] and asked["pluginId"] == INPUT["type"]
    queries = [one for one in dashboard["templating"]["list"] if one["type"] == "query"]
    targets = [target for panel in dashboard["panels"] for target in panel["targets"]]
    assert targets and all(one["datasource"] == INPUT for one in [*dashboard["panels"], *targets, *queries])
    (provisioned,) = [one for one in dashboard["templating"]["list"] if one["type"] == "datasource"]
    assert (provisioned["name"], provisioned["query"]) == (asked["name"], asked["pluginId"])


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_every_variable_is_defined_and_used(dashboard: dict[str, Any]) -> None:
    variables = dashboard["templating"]["list"]
    texts = [panel["targets"][0]["rawQueryText"] for panel in dashboard["panels"]]
    texts += [one["query"] for one in variables if one["type"] == "query"]
    used = {one[0] or one[1] for text in texts for one in VARIABLE.findall(text)}
    used -= {"__from", "__to", "__unixEpochGroupSeconds"}
    assert used == {one["name"] for one in variables if one["type"] != "datasource"}
    for text in texts:
        assert not re.search(r"\$\{?(agent|server|tool|log)\b(?!:sqlstring\})", text), "names go in quoted"


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_explains_itself(name: str) -> None:
    panel, made = PANELS[name]
    assert made["description"].endswith(f"Reads {panel.head['reads']}.") and len(panel.head["about"]) > 20
    if panel.kind != "table":
        assert made["fieldConfig"]["defaults"]["unit"] == panel.head["unit"]
    if "AS word" in panel.sql:
        assert re.search('The word says "(look|act)"', panel.head["about"]), "the threshold is written down"


def test_no_colour_stands_alone() -> None:
    """What is coloured is a word of a query; numbers have no thresholds of colour alone."""
    for name, (panel, made) in PANELS.items():
        defaults = made["fieldConfig"]["defaults"]
        line = defaults.get("custom", {}).get("thresholdsStyle", {}).get("mode") == "line"
        assert len(defaults["thresholds"]["steps"]) == 1 or line, name
        for mapping in defaults.get("mappings", []):
            assert all(set(one) == {"color", "index"} for one in mapping["options"].values()), "the word itself stays"
        words = set(re.findall(r"(?:THEN|ELSE) '(\w+)'", panel.sql)) if "AS word" in panel.sql else set()
        assert words <= set(SCRIPT.WORD_COLORS), name


def test_links_lead_to_dashboards_and_their_variables() -> None:
    found = 0
    for name, (_, made) in PANELS.items():
        for override in made["fieldConfig"]["overrides"]:
            for link in (link for one in override["properties"] if one["id"] == "links" for link in one["value"]):
                uid, given = re.fullmatch(r"/d/([\w-]+)\?(.+)&\$\{__url_time_range\}", link["url"]).groups()
                (target,) = [one for one in DASHBOARDS.values() if one["uid"] == uid]
                variables = {one["name"] for one in target["templating"]["list"]} - {"step", "DS_TOLLGATE"}
                assert set(re.findall(r"var-(\w+)=", given)) == variables, name
                found += 1
    assert found > 5
    for dashboard in DASHBOARDS.values():
        (others,) = dashboard["links"]
        assert others["tags"] == dashboard["tags"] == ["tollgate"] and others["keepTime"]


def test_the_readme_names_the_dashboards_and_its_files_are_whole() -> None:
    text = (FOLDER / "README.md").read_text()
    for name, dashboard in DASHBOARDS.items():
        assert f"`{name}.json`" in text and dashboard["title"] == f"tollgate: {SCRIPT.DASHBOARDS[name][0]}"
    source = yaml.safe_load((FOLDER / "provisioning" / "datasources" / "tollgate.yaml").read_text())
    (one,) = source["datasources"]
    assert one["type"] == INPUT["type"] and one["jsonData"]["pathPrefix"] == "file:"
    assert one["jsonData"]["pathOptions"] == "mode=ro", "it never writes, and never takes the file for immutable"
    provider = yaml.safe_load((FOLDER / "provisioning" / "dashboards" / "tollgate.yaml").read_text())
    assert [one["type"] for one in provider["providers"]] == ["file"]

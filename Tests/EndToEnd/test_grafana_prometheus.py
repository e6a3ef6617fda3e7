"""Grafana's dashboards over Prometheus: each file is what Grafana loads. Their expressions run in `test_prometheus.py`.

No Grafana is here: what it does to an expression is in `harness/grafana_prometheus.py`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import combinations
from typing import Any

import pytest
import yaml
from harness.grafana_prometheus import DASHBOARDS, FOLDER, PANELS, SCRIPT, TIMES, VARIABLE
from harness.paths import ROOT
from test_grafana import lost

INPUT = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}


def test_the_files_are_made_of_the_panels() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "grafana-prometheus-dashboards"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(DASHBOARDS) == set(SCRIPT.DASHBOARDS) == {path.name for path in SCRIPT.PANELS.iterdir()}


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_grafanas_own_schema_knows_every_key(dashboard: dict[str, Any]) -> None:
    """What its models do not know is lost on the way through them."""
    models = pytest.importorskip("grafana_foundation_sdk.models.dashboard")
    plugins = pytest.importorskip("grafana_foundation_sdk.cog.plugins")
    encoder = pytest.importorskip("grafana_foundation_sdk.cog.encoder")
    plugins.register_default_plugins()
    kept = json.loads(encoder.JSONEncoder(sort_keys=True).encode(models.Dashboard.from_json(dashboard)))
    assert set(lost(dashboard, kept)) <= {".__inputs", ".__requires", ".id", ".templating.list[].definition"}


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_panels_have_places_and_data_sources(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    assert {one["type"] for one in panels} <= {"stat", "table", "timeseries"}
    assert len({one["id"] for one in panels}) == len(panels) == len({one["title"] for one in panels})
    for a, b in combinations([one["gridPos"] for one in panels], 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        assert beside or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], f"{a} and {b} overlap"
    assert all(one["gridPos"]["x"] + one["gridPos"]["w"] <= 24 for one in panels)
    (asked,) = dashboard["__inputs"]
    assert "${" + asked["name"] + "}" == INPUT["uid"] and asked["pluginId"] == INPUT["type"]
    queries = [one for one in dashboard["templating"]["list"] if one["type"] == "query"]
    targets = [target for panel in panels for target in panel["targets"]]
    assert targets and all(one["datasource"] == INPUT for one in [*panels, *targets, *queries])
    for panel in panels:
        assert len({one["refId"] for one in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_every_variable_is_defined_and_used(dashboard: dict[str, Any]) -> None:
    variables = {one["name"]: one for one in dashboard["templating"]["list"] if one["type"] == "query"}
    texts = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = texts + [one["query"]["query"] for one in variables.values()]
    used = {one[0] or one[1] for text in asked for one in VARIABLE.findall(text)} - TIMES.keys()
    assert used == variables.keys()
    for text in texts:
        for operator, name in re.findall(r'(=~?)"\$(\w+)"', text):
            assert (operator == "=~") == variables[name]["multi"], "many by a regular expression, one as it is"


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_explains_itself(name: str) -> None:
    panel, made = PANELS[name]
    assert len(panel.head["about"]) > 20 and made["description"].endswith(f"Reads {', '.join(panel.metrics)}.")
    assert panel.metrics and made["fieldConfig"]
    if panel.kind != "table":
        assert made["fieldConfig"]["defaults"]["unit"] == panel.head["unit"]
        assert all(legend for legend, _ in panel.targets), "each line has a name"


def test_links_lead_to_dashboards_and_their_variables() -> None:
    links = [
        link
        for _, made in PANELS.values() for override in made["fieldConfig"]["overrides"]
        for one in override["properties"] if one["id"] == "links" for link in one["value"]
    ]  # fmt: skip
    for link in links:
        uid, given = re.fullmatch(r"/d/([\w-]+)\?(.+)&\$\{__url_time_range\}", link["url"]).groups()
        (target,) = [one for one in DASHBOARDS.values() if one["uid"] == uid]
        variables = {one["name"] for one in target["templating"]["list"]} - {"instance", "DS_PROMETHEUS"}
        assert set(re.findall(r"var-(\w+)=", given)) == variables
    assert len(links) >= 4


def test_the_readme_names_the_dashboards_and_its_files_are_whole() -> None:
    text = (FOLDER / "README.md").read_text()
    for name, dashboard in DASHBOARDS.items():
        assert f"`{name}.json`" in text and dashboard["title"] == f"tollgate (Prometheus): {SCRIPT.DASHBOARDS[name][0]}"
    (source,) = yaml.safe_load((FOLDER / "provisioning/datasources/tollgate-prometheus.yaml").read_text())["datasources"]
    assert source["type"] == "prometheus" and source["url"].startswith("http://")
    provider = yaml.safe_load((FOLDER / "provisioning/dashboards/tollgate-prometheus.yaml").read_text())
    assert [one["type"] for one in provider["providers"]] == ["file"]

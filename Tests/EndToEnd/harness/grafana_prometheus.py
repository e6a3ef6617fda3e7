"""What Grafana does to an expression before Prometheus has it, written from its sources.

`public/app/plugins/datasource/prometheus/datasource.ts` (`interpolateQueryExpr`, `prometheusRegularEscape`,
`prometheusSpecialRegexEscape`): a variable of one value is escaped as text, one of many as a regular expression; the value
for "All" that a dashboard gives goes in as it is. `$__rate_interval` is at least four times the scrape interval.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .paths import ROOT
from .prometheus import Prometheus
from .questions import script

FOLDER = ROOT / "dashboards" / "grafana-prometheus"
SCRIPT = script("grafana-prometheus-dashboards")
DASHBOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))
}
PANELS = {
    f"{name}/{panel.path.stem}": (panel, made)
    for name, dashboard in DASHBOARDS.items()
    for panel, made in zip(SCRIPT.panels(name), dashboard["panels"], strict=True)
}
"""By dashboard and file: the source of each panel, and what the dashboard's file has of it."""

VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")
TIMES = {"__rate_interval": "5m", "__range": "5m", "__interval": "15s"}


def escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def with_variables(expression: str, picked: dict[str, str], panel: str) -> str:
    """The expression as Prometheus gets it: what is picked where one value is, all of what may be many."""
    variables = {one["name"]: one for one in SCRIPT.DASHBOARDS[panel.split("/")[0]][2]}

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name in TIMES:
            return TIMES[name]
        return variables[name]["allValue"] if variables[name]["includeAll"] else escaped(picked[name])

    return VARIABLE.sub(value, expression)


def label_values(server: Prometheus, query: str, picked: dict[str, str]) -> list[str]:
    """What a variable offers: `label_values(selector, label)` asks for a label's values of the series."""
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
    assert found, query
    selector = found[1].replace("$instance", ".*").replace("$server", picked["server"])
    return server.get(f"label/{found[2]}/values", **{"match[]": selector})

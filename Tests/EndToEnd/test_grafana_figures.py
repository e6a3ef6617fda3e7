"""What Grafana's panels show, counted again from the log's lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest
from harness import grafana_logs, grafana_numbers, grafana_tables
from harness.grafana import PANELS, Grafana
from harness.grafana_facts import CASES, RECOUNTS, Decided, Facts
from harness.month import Month
from harness.recount import requests

assert grafana_logs and grafana_numbers and grafana_tables, "they fill RECOUNTS"


@pytest.fixture(scope="module")
def decided(month: Month) -> Decided:
    return Decided(month, [one for log in month.logs for one in requests(log, month.records(log))])


@pytest.fixture(scope="module")
def facts(decided: Decided) -> Callable[[str, str], Facts]:
    """By case and dashboard, each made once."""
    return cache(lambda case, dashboard: Facts(decided, CASES[case][0], dashboard, CASES[case][1]))


@pytest.mark.parametrize(
    "name, case",
    [(name, case) for name in RECOUNTS for case, (_, picked) in CASES.items()
     if "step" not in picked or "$step" in PANELS[name][0].sql],
)  # fmt: skip
def test_a_panel_shows_what_the_log_says(
    month: Month, facts: Callable[[str, str], Facts], name: str, case: str
) -> None:
    window, picked = CASES[case]
    function, columns = RECOUNTS[name]
    frame = Grafana(month.database, window, picked).ask(name)
    found = [row for row in frame.rows if any(value is not None for value in row[1:] or row)]
    if columns:
        places = [frame.columns.index(one) for one in columns]
        found = [tuple(row[at] for at in places) for row in found]
    assert Counter(found) == Counter(function(facts(case, name.split("/")[0])))


def test_every_panel_is_counted_again() -> None:
    """But the one for which the month has nothing, which test_grafana.py gives something."""
    assert set(PANELS) - set(RECOUNTS) == {"pipeline/43-kept"}

"""`tollgate watch`: loops and storms raise an alert while they happen, and it resolves when they have ended."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from harness import logs
from harness.home import Home
from harness.paths import POLICIES

BUILD = "build_and_push_image_to_ecr"


def runaway(home: Home, calls: int = 60) -> None:
    server = home.recorder(tools=BUILD)
    with home.client(*server, policy=POLICIES / "page.json", agent="ci-builder", name="platform") as client:
        client.handshake()
        for _ in range(calls):
            client.call(BUILD, {"app_name": "shop"})
        assert client.close() == 0


def alerts(lines: list[str]) -> list[dict]:
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_a_runaway_is_paged_while_it_runs(home: Home) -> None:
    sink = home.work / "alerts.ndjson"
    with home.client(*home.recorder(received=home.work / "quietly"), name="quiet") as quiet:
        quiet.handshake()
        quiet.call("echo")
        with home.following("watch", "--sink", f"file:{sink}") as watch:
            runaway(home)

            def raised(_: list[str]) -> bool:
                found = alerts(sink.read_text().splitlines()) if sink.exists() else []
                return {"loop", "cap"} <= {one["rule"] for one in found}

            watch.until(raised, what="loop and cap")
        assert quiet.close() == 0
    found = alerts(sink.read_text().splitlines())
    assert {(one["agent"], one["tool"]) for one in found} == {("ci-builder", BUILD)}
    assert {one["state"] for one in found} == {"firing"}
    assert all(one["severity"] == "page" for one in found)


def test_the_same_alert_reaches_stdout_a_file_and_a_command(home: Home) -> None:
    runaway(home)
    file, taken = home.work / "alerts.ndjson", home.work / "taken"
    script = home.write("sink.py", f"import sys\nopen({str(taken)!r}, 'a').write(sys.stdin.read().strip() + '\\n')\n")
    command = json.dumps([sys.executable, str(script)])
    said = home.tollgate(
        "watch", "--once", "--sink", "stdout", "--sink", f"file:{file}", "--sink", f"command:{command}"
    )

    def keys(lines: list[str]) -> list[tuple[str, str, str]]:
        return sorted((one["rule"], one["agent"], one["state"]) for one in alerts(lines))

    assert keys(file.read_text().splitlines()) == keys(taken.read_text().splitlines()) != []
    assert "ci-builder" in said.out and "loop" in said.out and "cap" in said.out
    again = home.tollgate("watch", "--once", "--sink", f"file:{file}")
    assert again.code == 0
    assert len(file.read_text().splitlines()) == len(taken.read_text().splitlines()), "an alert is delivered once"


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated fleet's month, with one runaway."""
    home = Home(tmp_path_factory.mktemp("month"))
    home.tollgate("simulate", "--seed", "1", "--events", "20000", "--log", home.path / "logs" / "fleet", timeout=300)
    home.close()
    return home.root


def test_a_simulated_month_raises_and_resolves(month: Path) -> None:
    home = Home(month)
    sink = home.work / "alerts.ndjson"
    home.tollgate("watch", "--once", "--sink", f"file:{sink}", timeout=300)
    found = alerts(sink.read_text().splitlines())
    states: dict[str, list[str]] = {}
    for one in found:
        states.setdefault(one["id"], []).append(one["state"])
    assert any(one["rule"] in ("loop", "cap") for one in found)
    assert all(order in (["firing"], ["firing", "resolved"]) for order in states.values()), states
    assert ["firing", "resolved"] in states.values()
    said = home.tollgate("report", "alerts", "--json").json()
    assert {one["id"] for one in said["alerts"]} == set(states)
    home.close()


def test_the_same_seed_gives_the_same_month(month: Path, tmp_path: Path) -> None:
    home = Home(tmp_path)
    log = tmp_path / "again"
    home.tollgate("simulate", "--seed", "1", "--events", "20000", "--log", log, timeout=300)
    assert logs.lines(log) == logs.lines(month / "tollgate" / "logs" / "fleet")
    home.close()

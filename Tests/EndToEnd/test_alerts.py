"""`tollgate watch`: loops and storms raise an alert while they happen, and it resolves when they have ended."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path

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
    graver = {one["rule"]: one["severity"] for one in found}
    assert graver["loop"] == graver["cap"] == "page" and set(graver.values()) <= {"page", "warn", "info"}


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


EVENTS = 4_000


def simulate(home: Home, log: Path) -> tuple[str, str, datetime, datetime]:
    """Writes a fleet's month with one runaway; returns who it was, with what tool, from when until when."""
    said = home.tollgate("simulate", "--seed", "1", "--events", str(EVENTS), "--log", log).out
    ((agent, tool, start, end),) = re.findall(r"^incident: runaway (\S+) (\S+) (\S+) – (\S+)$", said, re.MULTILINE)
    return agent, tool, datetime.fromisoformat(start), datetime.fromisoformat(end)


def test_of_a_simulated_month_only_the_runaway_is_paged_and_it_resolves(home: Home, say) -> None:
    agent, tool, start, end = simulate(home, home.path / "logs" / "fleet")
    sink = home.work / "alerts.ndjson"
    home.tollgate("watch", "--once", "--sink", f"file:{sink}")
    told = alerts(sink.read_text().splitlines())
    paged = {one["id"] for one in told if one["severity"] == "page"}
    found = [one for one in told if one["id"] in paged]
    assert {(one["agent"], one["tool"]) for one in found} == {(agent, tool)}
    states: dict[str, list[str]] = {}
    for one in found:
        states.setdefault(one["id"], []).append(one["state"])
    assert all(order[0] == "firing" and order.index("resolved") == len(order) - 1 for order in states.values())
    first = datetime.fromisoformat(found[0]["ts"])
    assert start < first < start + timedelta(minutes=2), "paged within two minutes of its start"
    assert all(datetime.fromisoformat(one["ts"]) > end for one in found if one["state"] == "resolved")
    since = start.date().isoformat()
    reported = home.tollgate("report", "alerts", "--since", since, "--json").json()["alerts"]
    said = {(one["id"], one["state"]) for one in reported if one["id"] in paged}
    assert said == {(name, "resolved") for name in states}
    say(
        f"simulated month of {EVENTS} calls: {sorted({one['rule'] for one in found})} paged the runaway alone, "
        f"{(first - start).total_seconds():.0f} s after its start"
    )


def test_the_same_seed_gives_the_same_month(home: Home) -> None:
    first, second = home.work / "first", home.work / "second"
    assert simulate(home, first) == simulate(home, second)
    assert logs.lines(first) == logs.lines(second) != []

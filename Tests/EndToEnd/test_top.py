"""`tollgate top` in a real terminal: keys are sent, the screen is read."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from harness import logs, tmux
from harness.client import Client, until
from harness.home import Home
from harness.paths import POLICIES, binary
from harness.rules import loop_and_cap
from harness.tmux import Tmux

BUILD = "build_and_push_image_to_ecr"
TOOLS = f"{BUILD},list_clusters,get_logs"


@pytest.fixture(autouse=True)
def has_tmux() -> None:
    if why := tmux.why_missing():
        pytest.skip(why)


class Fleet:
    """Three agents behind gateways of their own, which stay open while a test looks on."""

    def __init__(self, home: Home, stack: ExitStack) -> None:
        self.clients: dict[str, Client] = {}
        for agent in ("ann", "bob", "eve"):
            server = home.recorder(received=home.work / f"received-{agent}", tools=TOOLS)
            command = home.run_command(*server, policy=POLICIES / "page.json", agent=agent, name="platform")
            client = stack.enter_context(Client(command, home.environment, home.work / f"{agent}.stderr"))
            client.handshake()
            self.clients[agent] = client

    def call(self, agent: str, tool: str = BUILD, times: int = 1) -> None:
        for _ in range(times):
            self.clients[agent].call(tool, {"app_name": "shop"})


@pytest.fixture
def fleet(home: Home) -> Iterator[Fleet]:
    """ann has built three times, bob twelve times, of which two were throttled; eve was denied something else."""
    with ExitStack() as stack:
        fleet = Fleet(home, stack)
        fleet.call("ann", times=3)
        fleet.call("bob", times=12)
        fleet.call("eve", "list_clusters", times=5)
        # A denial is answered before its record is durable.
        until(lambda: sum(len(logs.calls(list(logs.salvage(log)))) for log in home.logs()) == 20, what="20 records")
        yield fleet
        for client in fleet.clients.values():
            assert client.close() == 0


def row(screen: str, *names: str) -> str:
    """The line of the table that has these names, without the mark of the chosen one."""
    lines = [line for line in screen.splitlines() if all(name in line for name in names) and line[:1] in (" ", "▸")]
    assert len(lines) == 1, f"{names}: {lines}\n{screen}"
    return lines[0][3:]


def chosen(screen: str) -> str:
    (line,) = [line for line in screen.splitlines() if line.startswith("▸")]
    return line


def has_row(*names: str) -> Callable[[str], bool]:
    return lambda screen: any(all(name in line for name in names) for line in screen.splitlines())


def names(screen: str) -> list[str]:
    """The agents in the order of the rows."""
    return re.findall(r"^[ ▸][ !] (ann|bob|eve)\b", screen, re.MULTILINE)


def test_rows_count_what_the_log_holds_and_go_on_counting(home: Home, fleet: Fleet) -> None:
    with Tmux(home, 160, 30) as terminal:
        terminal.tollgate("top")
        screen = terminal.until(has_row("bob", BUILD), what="bob's row")
        assert names(screen) == ["bob", "eve", "ann"], "the busiest first"
        assert row(screen, "bob").split()[2:7] == ["12", "–", "12", "·", "2"], screen
        assert row(screen, "eve", "list_clusters").split()[2:6] == ["5", "–", "5", "5"]
        assert "default_deny" in row(screen, "eve")
        assert "limit build_and_push" in row(screen, "bob")
        assert "20 calls/min" in screen and "5 denied, 2 throttled, 0 errors" in screen
        fleet.call("ann", times=4)
        terminal.until(has_row("ann", BUILD, " 7 "), what="ann's calls as they come")
        listed = home.tollgate("top", "--json").json()
        assert {(one["agent"], one["tool"], one["calls"]) for one in listed["rows"]} == {
            ("ann", BUILD, 7),
            ("bob", BUILD, 12),
            ("eve", "list_clusters", 5),
        }
        terminal.keys("q")
        terminal.until_shell()


def test_keys_sort_filter_and_choose(home: Home, fleet: Fleet) -> None:
    with Tmux(home, 160, 30) as terminal:
        terminal.tollgate("top")
        terminal.until(has_row("bob", BUILD), what="bob's row")
        terminal.keys("1")
        terminal.until(lambda screen: names(screen) == ["ann", "bob", "eve"] and "by agent ↑" in screen, what="by agent")
        terminal.keys("r")
        terminal.until(lambda screen: names(screen) == ["eve", "bob", "ann"], what="the other way round")
        terminal.keys("7")
        terminal.until(lambda screen: names(screen)[0] == "eve" and "by denied ↓" in screen, what="by denied")
        terminal.keys(">")
        terminal.until(lambda screen: names(screen)[0] == "bob" and "by throttled ↓" in screen, what="by throttled")
        terminal.keys("/")
        terminal.type("build ann")
        terminal.until(lambda screen: names(screen) == ["ann"] and "filter: build ann▏" in screen, what="what is typed")
        terminal.keys("BSpace", "BSpace", "BSpace", "Enter")
        terminal.until(lambda screen: sorted(names(screen)) == ["ann", "bob"], what="both builders")
        terminal.keys("Down")
        terminal.until(lambda screen: "ann" in chosen(screen), what="the second row")
        fleet.call("ann", times=20)
        terminal.keys("3")
        screen = terminal.until(lambda screen: names(screen) == ["ann", "bob"], what="ann is the busiest now")
        assert "ann" in chosen(screen), "the chosen row is followed"
        terminal.keys("Escape")
        terminal.until(lambda screen: len(names(screen)) == 3, what="no filter any more")
        terminal.keys("C-c")
        terminal.until_shell()


def test_one_looks_into_an_agents_tools_and_a_pairs_newest_calls(home: Home, fleet: Fleet) -> None:
    fleet.call("bob", "get_logs")
    with Tmux(home, 160, 30) as terminal:
        terminal.tollgate("top --sort throttled")
        terminal.until(has_row("bob", BUILD), what="bob's row")
        terminal.keys("Enter")
        terminal.until_shows("tools of bob (2)", "platform·get_logs")
        terminal.keys("Enter")
        screen = terminal.until_shows(f"newest calls of bob → platform·{BUILD} (12)")
        assert screen.count(" throttle ") == 2 and screen.count(" allow ") == 10
        terminal.keys("Enter")
        screen = terminal.until_shows("tollgate explain platform~2/")
        explained = home.tollgate(*screen.rstrip().splitlines()[-1].split()[1:]).out
        assert "throttle" in explained and BUILD in explained, "the first line is the newest call"
        terminal.keys("Escape", "Escape")
        terminal.until_shows("agents × tools (4)")
        terminal.keys("Tab")
        terminal.until_shows("agents (3)", "2 tools")
        terminal.keys("q")
        terminal.until_shell()


def test_a_paused_screen_stands_still(home: Home, fleet: Fleet) -> None:
    with Tmux(home, 160, 30) as terminal:
        terminal.tollgate("top")
        terminal.until(has_row("ann", BUILD, " 3 "), what="ann's row")
        terminal.keys("p")
        terminal.until_shows("PAUSED, 0 records since")
        fleet.call("ann", times=2)
        # A decision and an outcome of each.
        screen = terminal.until_shows("PAUSED, 4 records since")
        assert has_row("ann", BUILD, " 3 ")(screen), screen
        terminal.keys("p")
        screen = terminal.until(has_row("ann", BUILD, " 5 "), what="what came meanwhile")
        assert "PAUSED" not in screen
        terminal.keys("q")
        terminal.until_shell()


def test_a_silence_is_asked_for_confirmed_and_holds(home: Home, fleet: Fleet) -> None:
    with Tmux(home, 160, 30) as terminal:
        terminal.tollgate("top --sort throttled")
        terminal.until_shows("no watch has run here: nothing raises alerts", "bob")
        terminal.keys("s", "Enter")
        terminal.type("too early")
        terminal.keys("Enter", "y")
        terminal.until_shows("not silenced: no watch has run here")
        with home.following("watch", *loop_and_cap(home), "--sink", "stdout:json"):
            fleet.call("bob", times=60)
            screen = terminal.until_shows("PAGE loop bob", timeout=60)
            assert chosen(screen).startswith("▸! bob"), "the row that an alert is about is marked"
            terminal.keys("s")
            terminal.until_shows(f"silence alerts about bob → platform·{BUILD} for")
            terminal.keys("C-u")
            terminal.type("soon")
            terminal.keys("Enter")
            terminal.until_shows("a duration is 30m, 2h or 7d")
            terminal.keys("C-u")
            terminal.type("2h")
            terminal.keys("Enter")
            terminal.until_shows("why (it stands in the watch's log)")
            terminal.type("release day")
            terminal.keys("Enter")
            terminal.until_shows(f"silence agent=bob server=platform tool={BUILD} for 2h? y/n")
            assert home.tollgate("alerts", "silences", "--json").json() == [], "nothing without a yes"
            terminal.keys("y")
            screen = terminal.until_shows("silenced: agent=bob", timeout=60)
            screen = terminal.until(lambda screen: "silenced" in screen.splitlines()[1], what="no alert fires any more")
            assert "PAGE" not in screen
            (held,) = home.tollgate("alerts", "silences", "--json").json()
            assert held["matchers"] == {"agent": "bob", "server": "platform", "tool": BUILD}
            assert held["reason"] == "release day"
            standing = home.tollgate("alerts", "list", "--json").json()
            assert {one["state"] for one in standing if one["agent"] == "bob"} == {"silenced"}
        terminal.until_shows("no watch runs")
        terminal.keys("s", "Enter")
        terminal.type("late")
        terminal.keys("Enter", "y")
        terminal.until_shows("no watch has answered yet: it is done when one runs")
        terminal.keys("q")
        terminal.until_shell()


def test_it_fits_the_terminal_whatever_its_size(home: Home, fleet: Fleet) -> None:
    with Tmux(home, 160, 30) as terminal:
        terminal.tollgate("top")
        wide = terminal.until_shows("newest refusal", "bob", "q quit")
        counts = []
        for columns, rows in ((100, 24), (60, 12), (40, 8)):
            terminal.resize(columns, rows)

            def fits(screen: str) -> bool:
                lines = screen.splitlines()
                is_whole = lines[0].startswith("tollgate top") and lines[-1].startswith("↑↓ choose")
                return len(lines) == rows and is_whole and has_row("bob")(screen)

            screen = terminal.until(fits, what=f"{columns} × {rows}")
            assert len([line for line in screen.splitlines() if line.startswith("▸")]) == 1
            (header,) = [line for line in screen.splitlines() if "calls/min↓" in line]
            counts.append(len(header.split()))
        assert counts == sorted(counts, reverse=True) and counts[-1] < counts[0], counts
        terminal.resize(160, 30)
        terminal.until(lambda screen: "newest refusal" in screen and screen.count("\n") == wide.count("\n"), what="wide")
        terminal.keys("q")
        terminal.until_shell()


def test_no_color_is_respected_and_names_are_harmless(home: Home) -> None:
    hostile = "ev\x1b[2J\x1b]0;owned\x07\u202ebot"
    with home.client(*home.recorder(tools="echo"), agent="mallory", name="platform") as client:
        client.handshake()
        client.call("echo")
        client.call(hostile)
        for colours in (True, False):
            with Tmux(home, 200, 24, env={} if colours else {"NO_COLOR": "1"}) as terminal:
                terminal.tollgate("top --sort tool")
                terminal.until_shows("ev\\x1b[2J\\x1b]0;owned\\x07\\u{202e}bot", "platform·echo", "q quit")
                painted = terminal.screen(colours=True)
                assert ("\x1b[" in painted) == colours
                assert terminal.value("pane_title") != "owned"
                terminal.keys("q")
                terminal.until_shell()
        assert client.close() == 0


def test_without_a_terminal_it_says_what_to_do_instead(home: Home) -> None:
    home.tollgate("simulate", "--seed", "1", "--events", "200", "--log", home.path / "logs" / "sim")
    refused = home.tollgate("top", expect=2)
    assert "needs a terminal" in refused.err and "tollgate report rates" in refused.err and refused.out == ""
    with Tmux(home, 100, 24) as terminal:
        terminal.run(f"{binary()} top < /dev/null; echo status $?")
        terminal.until_shows("needs a terminal", "status 2")
    assert "hint: tollgate top --sort rate" in home.tollgate("top", "--sort", "why", expect=2).err
    assert "hint: " in home.tollgate("top", "--every", "0s", expect=2).err
    assert "no logs yet" in home.tollgate("top", "--once", expect=2, env={"TOLLGATE_HOME": str(home.work)}).err


def test_once_is_a_table_for_people_and_json_for_programs(home: Home, fleet: Fleet) -> None:
    text = home.tollgate("top", "--once", "--sort", "agent").out
    assert [line.split()[0] for line in text.splitlines()] == ["agent", "ann", "bob", "eve"]
    assert "\x1b" not in text
    assert home.tollgate("top", "--once", "--filter", "nobody").out.splitlines()[1:] == []
    found = home.tollgate("top", "--json", "--sort", "throttled", "--window", "1h").json()
    assert found["minutes"] == 60 and found["alerts"] == []
    assert found["rows"][0] | {"newest": None, "p95_us": None} == {
        "agent": "bob",
        "server": "platform",
        "tool": BUILD,
        "calls_last_minute": 12,
        "calls": 12,
        "denied": 0,
        "throttled": 2,
        "errors": 0,
        "p95_us": None,
        "newest": None,
        "newest_refusal": found["rows"][0]["newest_refusal"],
    }


def test_the_gateways_configuration_says_which_logs(home: Home) -> None:
    config = home.write("serve.json", {"log": "gw", "servers": {"x": {"command": ["true"]}}})
    home.tollgate("simulate", "--seed", "1", "--events", "200", "--log", home.work / "gw")
    lines = home.tollgate("tail", "--config", config, "--json").json_lines()
    assert len(lines) > 200
    assert home.tollgate("top", "--json", "--config", config).json()["rows"] == [], "the simulated month is long over"
    refused = home.tollgate("top", "--json", "--config", home.work / "none.json", expect=None)
    assert refused.code != 0 and "none.json" in refused.err
    done = subprocess.run([binary(), "top", "--json", "--log", home.work / "gw"], env=home.environment, capture_output=True)
    assert done.returncode == 0 and json.loads(done.stdout)["rows"] == []

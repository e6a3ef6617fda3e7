"""`tollgate tail -f` in a real terminal: what a person sees of the fleet, live."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone

import pytest
from harness import tmux
from harness.home import Home
from harness.paths import POLICIES
from harness.rules import loop_and_cap
from harness.tmux import Tmux

BUILD = "build_and_push_image_to_ecr"


@pytest.fixture(autouse=True)
def has_tmux() -> None:
    if why := tmux.why_missing():
        pytest.skip(why)


def lines_of(screen: str, *words: str) -> list[str]:
    return [line for line in screen.splitlines() if all(word in line for word in words)]


def test_decisions_repeats_rates_durations_and_alerts_appear_as_they_happen(home: Home) -> None:
    server = home.recorder(tools=f"{BUILD},list_clusters")
    with (
        home.client(*server, policy=POLICIES / "page.json", agent="ci-builder", name="platform") as client,
        home.following("watch", *loop_and_cap(home), "--sink", "stdout:json"),
        Tmux(home, 160, 30) as terminal,
    ):
        client.handshake()
        terminal.tollgate("tail -f")
        terminal.until_shows("policy page loaded")
        client.call("list_clusters", {"page": 1})
        terminal.until(lambda screen: lines_of(screen, "list_clusters", "deny", "default_deny"), what="a denial")
        client.call(BUILD, {"app_name": "shop"})
        screen = terminal.until(lambda screen: lines_of(screen, BUILD, "allow", "1/10 per min"), what="a call")
        terminal.until(lambda screen: re.search(rf"{BUILD}\s+allow\s+\d+ [µm]s", screen), what="its duration")
        assert re.search(r"^── \w{3} \d+ \w{3} \d{4} \(UTC\) ──$", screen, re.MULTILINE), screen
        for _ in range(50):
            client.call(BUILD, {"app_name": "shop"})
        screen = terminal.until_shows("ALERT firing · page · loop · ci-builder", timeout=60)
        screen = terminal.until(lambda screen: lines_of(screen, "throttle", "51/min"), what="the last call")
        assert lines_of(screen, "same arguments, since"), screen
        assert len(lines_of(screen, BUILD, "throttle")) < 10, "repeats collapse"
        assert "\x1b[31m" in terminal.screen(colours=True), "what is denied is red"
        terminal.keys("C-c")
        terminal.until_shell()
        assert client.close() == 0


def test_colour_is_left_out_where_that_is_asked_for_and_lines_fit(home: Home) -> None:
    with home.client(*home.recorder(tools="echo"), agent="ann", name="platform") as client:
        client.handshake()
        with Tmux(home, 100, 20, env={"NO_COLOR": "1"}) as terminal:
            terminal.tollgate("tail -f")
            client.call("echo", {"n": 0})
            terminal.until(lambda screen: lines_of(screen, "platform·echo"), what="a call")
            assert "\x1b" not in terminal.screen(colours=True)
            terminal.resize(60, 20)
            # A line as wide as the new terminal would break, and the one told anew would stand beside its old half.
            for number in range(1, 5):
                client.call("echo", {"n": number // 2})
            terminal.until(lambda screen: lines_of(screen, " ×2 ") and lines_of(screen, "5/min"))
            _, *narrow = lines_of(terminal.everything(), "platform·echo")
            assert len(narrow) == 3 and max(map(len, narrow)) <= 60, narrow
            terminal.keys("C-c")
            terminal.until_shell()
        assert client.close() == 0


def test_what_a_terminal_cannot_take_is_counted(home: Home) -> None:
    """Its output is stopped with Ctrl-S while thousands of calls are recorded."""
    log = home.path / "logs" / "flood"
    home.tollgate("log", "append", "--log", log, stdin=calls(0, 1))
    with Tmux(home, 120, 20) as terminal:
        terminal.tollgate("tail -f --agent flooder")
        terminal.until(lambda screen: lines_of(screen, "flooder"), what="the first call")
        terminal.keys("C-s")
        for first in range(1, 12_001, 3_000):
            home.tollgate("log", "append", "--log", log, stdin=calls(first, first + 3_000))
        terminal.keys("C-q")
        terminal.until(lambda screen: lines_of(screen, "tool_12000"), timeout=120, what="the last call")
        shown = terminal.everything()
        skipped = [int(number.replace(",", "")) for number in re.findall(r"^… ([\d,]+) skipped$", shown, re.MULTILINE)]
        assert skipped and sum(skipped) + len(lines_of(shown, "flooder", "tool_")) == 12_001, skipped
        terminal.keys("C-c")
        terminal.until_shell()


def calls(first: int, end: int) -> bytes:
    """Decisions as another gateway's log would have them, a tool for each."""
    lines = []
    for number in range(first, end):
        moment = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        record = {"v": 1, "seq": number, "ts": moment, "kind": "decision", "gateway": "gw", "agent": "flooder"}
        record |= {"identity": "grant", "server": "ecs", "transport": "http", "method": "tools/call"}
        record |= {"tool": f"tool_{number}", "decision": "deny", "mode": "enforce", "reason": "default_deny"}
        lines.append(json.dumps(record) + "\n")
    return "".join(lines).encode()

"""What `tollgate top` does to a terminal is undone, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest
from harness import tmux
from harness.client import until
from harness.home import Home
from harness.paths import binary
from harness.tmux import Tmux


@pytest.fixture(autouse=True)
def has_tmux() -> None:
    if why := tmux.why_missing():
        pytest.skip(why)


ENDINGS = {
    "q": lambda terminal, pid: terminal.keys("q"),
    "ctrl-c": lambda terminal, pid: terminal.keys("C-c"),
    "sigterm": lambda terminal, pid: os.kill(pid, signal.SIGTERM),
    "sighup": lambda terminal, pid: os.kill(pid, signal.SIGHUP),
    "sigquit": lambda terminal, pid: os.kill(pid, signal.SIGQUIT),
    "error": lambda terminal, pid: break_a_log(terminal.home),
}
STATUSES = {"q": 0, "ctrl-c": 0, "sigterm": 143, "sighup": 129, "sigquit": 131, "error": 6}


def break_a_log(home: Home) -> None:
    """Puts a file where the log's segments were: reading it fails."""
    segments = home.logs()[0] / "seg"
    segments.rename(home.work / "gone")
    segments.write_text("no folder")


def running(terminal: Tmux) -> int:
    """The id of the `top` that the window's shell has started."""

    def found() -> int | None:
        shell = terminal.value("pane_pid")
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(children[0]) if children else None

    return until(found, what="top")


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_terminal_is_afterwards_as_it_was(home: Home, ending: str) -> None:
    home.tollgate("simulate", "--seed", "1", "--events", "200", "--log", home.path / "logs" / "sim")
    with Tmux(home, 100, 24) as terminal:
        terminal.run("ulimit -c 0; echo before; stty -g > before")
        terminal.until_shell()
        terminal.tollgate("top")
        terminal.until_shows("nobody has called within the last hour")
        assert (terminal.value("alternate_on"), terminal.value("cursor_flag")) == ("1", "0")
        ENDINGS[ending](terminal, running(terminal))
        terminal.until(lambda screen: terminal.value("alternate_on") == "0" and "before" in screen, what="the old screen")
        terminal.run("echo status $?; stty -g > after")
        screen = terminal.until(lambda screen: re.search(r"^status \d+$", screen, re.MULTILINE) is not None)
        assert f"status {STATUSES[ending]}" in screen
        if ending == "error":
            assert "tollgate: " in screen and "Not a directory" in screen
        until(lambda: (home.work / "after").exists() and (home.work / "after").read_text(), what="stty's word")
        assert (home.work / "after").read_text() == (home.work / "before").read_text()
        assert terminal.value("cursor_flag") == "1" and terminal.value("wrap_flag") == "1"


def test_it_can_be_stopped_and_goes_on(home: Home) -> None:
    home.tollgate("simulate", "--seed", "1", "--events", "200", "--log", home.path / "logs" / "sim")
    with Tmux(home, 100, 24) as terminal:
        terminal.run("stty -g > before")
        terminal.until_shell()
        terminal.tollgate("top")
        terminal.until_shows("nobody has called within the last hour")
        terminal.keys("C-z")
        terminal.until_shows("Stopped")
        terminal.run("stty -g > stopped")
        until(lambda: (home.work / "stopped").exists() and (home.work / "stopped").read_text(), what="stty's word")
        assert (home.work / "stopped").read_text() == (home.work / "before").read_text()
        terminal.run("fg")
        terminal.until(lambda screen: "nobody has called" in screen and terminal.value("alternate_on") == "1")
        terminal.keys("?")
        terminal.until_shows("silence the row's alerts")
        terminal.keys("x", "q")
        terminal.until_shell()


def test_a_terminal_that_takes_nothing_keeps_nobody_from_ending_it(home: Home) -> None:
    """A window that hangs, a connection that is gone: asked to end, it does, and leaves the terminal as it was."""
    moment = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fields = {"v": 1, "ts": moment, "kind": "decision", "gateway": "gw", "identity": "grant", "server": "ecs"}
    fields |= {"transport": "http", "method": "tools/call", "decision": "allow", "mode": "enforce", "reason": "allowed"}
    calls = [fields | {"seq": number, "agent": f"agent-{number}", "tool": "x" * 200} for number in range(400)]
    lines = "".join(json.dumps(one) + "\n" for one in calls).encode()
    home.tollgate("log", "append", "--log", home.path / "logs" / "many", stdin=lines)
    main, other = pty.openpty()
    try:
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 400, 400, 0, 0))
        before = termios.tcgetattr(other)
        environment = home.environment | {"TERM": "xterm-256color"}
        child = subprocess.Popen([binary(), "top"], stdin=other, stdout=other, stderr=other, env=environment)
        until(lambda: termios.tcgetattr(other) != before, what="it takes the terminal over")
        # Nobody reads: the terminal's buffer is full, and the screen half written.
        sizes = [0]
        while len(sizes) < 5 or sizes[-1] == 0 or len(set(sizes[-5:])) > 1:
            time.sleep(0.1)
            sizes.append(struct.unpack("i", fcntl.ioctl(main, termios.FIONREAD, b"\0" * 4))[0])
        child.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert child.wait(30) == 128 + signal.SIGTERM
        assert time.monotonic() - began > 1, "it could not hear the signal"
        assert termios.tcgetattr(other) == before
    finally:
        os.close(main)
        os.close(other)

"""A real terminal for tests: tmux behind a socket of its own, keys sent, the screen read back."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections.abc import Callable

from . import packages
from .home import Home
from .paths import binary

_NUMBERS = itertools.count()
PROMPT = "shell>"


def why_missing() -> str | None:
    """Why there is no tmux, with the line that would help; None where there is one."""
    return None if packages.program("tmux", "tmux") else packages.why_missing("tmux", "tmux")


class Tmux:
    """One window with a shell in a home. Use it as a context manager: its server, started here, ends with it."""

    def __init__(self, home: Home, columns: int = 120, rows: int = 40, env: dict[str, str] | None = None) -> None:
        self.home = home
        self._command = ["tmux", "-L", f"tollgate-{os.getpid()}-{next(_NUMBERS)}", "-u", "-f", "/dev/null"]
        shell = ["bash", "--norc", "--noprofile"]
        own = {"TMUX_TMPDIR": home.environment["XDG_RUNTIME_DIR"], "PS1": f"{PROMPT} ", "HISTFILE": "/dev/null"}
        self._environment = home.environment | own | (env or {})
        size = ["-x", str(columns), "-y", str(rows)]
        self._tmux("set-option", "-g", "history-limit", "100000", ";", "new-session", "-d", *size, "-c", str(home.work), *shell)

    def __enter__(self) -> Tmux:
        self.until(lambda screen: PROMPT in screen, what="a shell")
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            [*self._command, *words], env=self._environment, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, f"tmux {' '.join(words)}: {done.stderr}"
        return done.stdout

    # --- in ---

    def keys(self, *names: str) -> None:
        """Presses keys by tmux's names: `Enter`, `Escape`, `C-c`, `Down`, or one that writes."""
        self._tmux("send-keys", *names)

    def type(self, text: str) -> None:
        """Writes a text, whatever it says."""
        self._tmux("send-keys", "-l", text)

    def run(self, line: str) -> None:
        """Has the shell run a line."""
        self.type(line)
        self.keys("Enter")

    def tollgate(self, words: str) -> None:
        """Has the shell run the binary under test."""
        self.run(f"{binary()} {words}")

    def resize(self, columns: int, rows: int) -> None:
        """Returns once programs in the window can see it: tmux tells them a little later."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))
        with open(self.value("pane_tty"), "rb") as terminal:
            end = time.monotonic() + 30
            while os.get_terminal_size(terminal.fileno()) != (columns, rows):
                assert time.monotonic() < end, f"tmux has not resized its window to {columns} × {rows}"
                time.sleep(0.01)

    # --- out ---

    def screen(self, colours: bool = False) -> str:
        """What a person sees, a line for each of the terminal's; with escapes for colours if asked."""
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def everything(self) -> str:
        """The screen and all that has scrolled away; lines that took several of the terminal's are one."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-")

    def value(self, name: str) -> str:
        """What tmux knows of the window's terminal: `cursor_flag`, `alternate_on`, `pane_pid`."""
        return self._tmux("display-message", "-p", f"#{{{name}}}").strip()

    def until(self, condition: Callable[[str], bool], timeout: float = 30, what: str = "what was awaited") -> str:
        """Waits until the screen is as it should be, and drawn to its end, and returns it."""
        end, before = time.monotonic() + timeout, None
        while not condition(screen := self.screen()) or screen != before:
            assert time.monotonic() < end, f"{what} did not come; the screen:\n{screen}"
            before = screen
            time.sleep(0.05)
        return screen

    def until_shows(self, *texts: str, timeout: float = 30) -> str:
        return self.until(lambda screen: all(text in screen for text in texts), timeout, " and ".join(map(repr, texts)))

    def until_shell(self) -> None:
        """Waits until the shell has its prompt on the last line that says anything."""
        self.until(lambda screen: screen.rstrip().splitlines()[-1:] == [PROMPT], what="the shell's prompt")


"""A command on a pseudo terminal, its lines kept with the moment at which they were there to be read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from .home import Home
from .paths import binary

# Up a line, to its first cell, cleared: the line behind is the last one, told anew.
_REWRITTEN = b"\x1b[1A\r\x1b[2K"


class PtyLines:
    """`tollgate …` as a person sees it at a terminal of 200 × 50."""

    def __init__(self, home: Home, *words: str | Path) -> None:
        self.lines: list[tuple[float, str]] = []
        """Each new line with the wall clock's moment of its last byte; lines told anew are left out."""
        self.rewritten = 0
        self._ended = False
        self._main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        command = [str(binary()), *map(str, words)]
        environment = home.environment | {"TERM": "xterm-256color", "NO_COLOR": "1"}
        self.child = subprocess.Popen(
            command, stdin=other, stdout=other, stderr=other, env=environment, start_new_session=True
        )
        os.close(other)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        pending = b""
        with contextlib.suppress(OSError):  # EIO: nobody holds the other end any more
            while data := os.read(self._main, 1 << 16):
                now = time.time()
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    if line.startswith(_REWRITTEN):
                        self.rewritten += 1
                    else:
                        self.lines.append((now, line.decode(errors="replace").rstrip("\r")))

    def stop(self) -> None:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
        self.child.wait(15)
        self._thread.join(15)
        os.close(self._main)


@contextlib.contextmanager
def at_a_terminal(home: Home, *words: str | Path) -> Iterator[PtyLines]:
    """Runs a command at a terminal while the block runs."""
    lines = PtyLines(home, *words)
    try:
        yield lines
    finally:
        lines.stop()

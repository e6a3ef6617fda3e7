"""Which of the planned commands the binary under test has already."""

from __future__ import annotations

import functools
import subprocess

from .paths import binary


@functools.cache
def has_log_command(name: str) -> bool:
    """Whether `tollgate log NAME` exists."""
    said = subprocess.run([binary(), "log", "--help"], capture_output=True, text=True, check=True).stdout
    return any(line.split()[:1] == [name] for line in said.partition("SUBCOMMANDS:")[2].splitlines())

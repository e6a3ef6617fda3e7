"""What of this machine a test cannot choose: how busy others keep it, and how full its disk is."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

# What the log says by itself of a disk with less than 20 % free, and `doctor` of one with less than 5 %.
_DISK_WARNING = re.compile(r"^(tollgate: the log's disk is \d+ % full|WRONG disk: \d+ % free).*\n\s*hint: .*\n", re.MULTILINE)

_TICKS = os.sysconf("SC_CLK_TCK")


def without_disk_warning(said: str) -> str:
    """What a command said, less the warning that is due to this machine's disk; `test_disk` brings its own disks."""
    return _DISK_WARNING.sub("", said)


class OtherWork:
    """From its making on: the share of the machine's cores that processes have used which are not this test's."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.monotonic(), _busy_seconds(), _own_seconds()

    def share(self) -> float:
        """0 where this test has the machine for itself, 1 where others keep every core busy."""
        others = (_busy_seconds() - self._busy) - (_own_seconds() - self._own)
        return max(0.0, others / (time.monotonic() - self._began) / (os.cpu_count() or 1))


def _busy_seconds() -> float:
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICKS


def _own_seconds() -> float:
    """CPU time of this process and of all its descendants, those that have ended included."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(folder.name)] = int(fields[1])
        spent[int(folder.name)] = sum(map(int, fields[11:15])) / _TICKS

    def is_own(pid: int) -> bool:
        while pid > 1:
            if pid == os.getpid():
                return True
            pid = parents.get(pid, 0)
        return False

    return sum(seconds for pid, seconds in spent.items() if is_own(pid))


def child_running(script: str) -> int:
    """The id of this process's child that runs a script."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if script in words and int(parent) == os.getpid():
            return int(folder.name)
    raise AssertionError(f"no child of this process runs {script}")


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used, without its children's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def kind() -> str:
    """This machine in a line."""
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    system = os.uname()
    return f"{os.cpu_count()} cores of {model[1] if model else system.machine}, {system.sysname} {system.release}"

"""Programs of the system's packages that tests want: installed where this is root on Debian."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


@functools.cache
def program(name: str, *packages: str) -> str | None:
    """The program's path; None where it is not there and cannot be installed from these packages."""
    if shutil.which(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        install = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", *packages]
        # The parts of a run install side by side, and apt-get refuses the second of two.
        with (Path(tempfile.gettempdir()) / "tollgate-tests-packages.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if shutil.which(name) is None:
                subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
                subprocess.run(install, check=False, **quiet)
    return shutil.which(name)


def why_missing(name: str, package: str) -> str:
    """The reason for a skip, with the line that would help."""
    return f"no {name} (sudo apt-get install {package})"

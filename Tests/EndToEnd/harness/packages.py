"""Programs of the system's packages that tests want: installed where this is root on Debian."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess


@functools.cache
def program(name: str, package: str) -> str | None:
    """The program's path; None where it is not there and cannot be installed."""
    if shutil.which(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        install = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", package]
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run(install, check=False, **quiet)
    return shutil.which(name)


def why_missing(name: str, package: str) -> str:
    """The reason for a skip, with the line that would help."""
    return f"no {name} (sudo apt-get install {package})"

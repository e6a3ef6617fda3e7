"""The real `awslabs.ecs-mcp-server` with an AWS of its own on loopback, so that its builds run to their end."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .paths import TESTS

PARTS = TESTS / "parts"
APP = PARTS / "app"
SERVER = [str(Path(sys.executable).parent / "ecs-mcp-server")]


@functools.cache
def app() -> str:
    """The path of a copy of the app to build: the server writes templates beside it."""
    folder = tempfile.TemporaryDirectory(prefix="tg-app-")
    atexit.register(folder.cleanup)
    return str(shutil.copytree(APP, Path(folder.name) / "app"))


@dataclass(frozen=True)
class AWS:
    """The running stand-in: the server's environment, and the journal of pushed images."""

    environment: dict[str, str]
    pushes: Path

    def pushed(self) -> list[str]:
        return self.pushes.read_text().splitlines() if self.pushes.exists() else []


@contextlib.contextmanager
def running(folder: Path) -> Iterator[AWS]:
    """moto's server for the time of the block; all that wants the internet hits a closed port at once."""
    closed = "http://127.0.0.1:9"
    with (folder / "aws.stderr").open("wb") as errors:
        child = subprocess.Popen([sys.executable, PARTS / "fake_aws.py"], stdout=subprocess.PIPE, stderr=errors)
    try:
        port = int(child.stdout.readline())
        pushes = folder / "pushes"
        yield AWS(
            {
                "PATH": os.pathsep.join([str(PARTS / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]),
                "STAND_IN_PUSHES": str(pushes),
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "ALLOW_WRITE": "true",
                "FASTMCP_LOG_LEVEL": "ERROR",
                "FASTMCP_CHECK_FOR_UPDATES": "off",
                "FASTMCP_SHOW_SERVER_BANNER": "false",
                "HTTP_PROXY": closed,
                "HTTPS_PROXY": closed,
                "http_proxy": closed,
                "https_proxy": closed,
                "NO_PROXY": "127.0.0.1,localhost",
                "no_proxy": "127.0.0.1,localhost",
            },
            pushes,
        )
    finally:
        child.terminate()
        child.wait()
        child.stdout.close()

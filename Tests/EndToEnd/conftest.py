"""Fixtures of the end-to-end tests, and the figures they print at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness.home import Home  # noqa: E402
from harness.month import Month, made_month  # noqa: E402
from harness.paths import binary  # noqa: E402

_FIGURES: list[str] = []


@pytest.fixture(autouse=True)
def no_reserves_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Removes the logs' reserves, 64 MiB each, once a test has ended; its records stay for the tests marked `last`."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        for reserve in folder.rglob("reserve"):
            if reserve.is_file():
                reserve.unlink()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home of its own for one test; ends all where there is no binary to test."""
    try:
        binary()
    except FileNotFoundError as error:
        pytest.exit(str(error), returncode=1)
    home = Home(tmp_path)
    yield home
    home.close()


@pytest.fixture(scope="session")
def month() -> Iterator[Month]:
    """A simulated month and its warehouse, for tests that only read."""
    try:
        binary()
    except FileNotFoundError as error:
        pytest.exit(str(error), returncode=1)
    yield from made_month()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB; mounting one needs root."""
    if os.geteuid() != 0:
        pytest.skip("mounting an 8 MiB tmpfs needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tollgate-test", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"this machine lets root mount nothing: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def say() -> Callable[[str], None]:
    """Adds a line to the figures printed when all tests have run."""
    return _FIGURES.append


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `last` look at what all others left behind."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _FIGURES:
        terminalreporter.section("counted in these runs")
        for line in _FIGURES:
            terminalreporter.write_line(line)

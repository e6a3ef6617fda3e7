"""Fixtures of the end-to-end tests, and the figures they print at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness.home import Home  # noqa: E402
from harness.month import Month, made_month  # noqa: E402
from harness.paths import binary  # noqa: E402

_FIGURES: list[str] = []


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

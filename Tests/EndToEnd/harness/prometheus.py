"""A real Prometheus that scrapes a tollgate, with the rules and the example configuration that are shipped."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from . import packages
from .client import until
from .paths import ROOT

FOLDER = ROOT / "dashboards" / "prometheus"
RULES = FOLDER / "tollgate.rules.yml"
SAMPLE = re.compile(r'(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)')
LABEL = re.compile(r'(\w+)="((?:\\.|[^"\\])*)"')


def promtool(*words: str | Path, stdin: str | None = None, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs Prometheus' own checker."""
    program = packages.program("promtool", "prometheus")
    if program is None:
        pytest.skip(packages.why_missing("promtool", "prometheus"))
    return subprocess.run([program, *map(str, words)], input=stdin, capture_output=True, text=True, cwd=folder, timeout=60)


@dataclass(frozen=True)
class Series:
    """One line of a page of metrics."""

    name: str
    labels: dict[str, str]
    value: float


@dataclass
class Page:
    """A page of metrics, read by its own rules: the text format, version 0.0.4."""

    text: str
    series: list[Series] = field(default_factory=list)
    helps: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for line in self.text.splitlines():
            if line.startswith("#"):
                _, kind, name, rest = line.split(" ", 3)
                (self.helps if kind == "HELP" else self.types)[name] = rest
            else:
                found = SAMPLE.fullmatch(line)
                assert found, line
                labels = dict(LABEL.findall(found["labels"] or ""))
                self.series.append(Series(found["name"], labels, float(found["value"])))

    def value(self, name: str, **labels: str) -> float:
        """The sum of all series with these labels."""
        return sum(one.value for one in self.series if one.name == name and labels.items() <= one.labels.items())


def page(url: str, token: str | None = None, path: str = "/metrics") -> Page:
    request = urllib.request.Request(url + path)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Page(answer.read().decode())


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str, child: subprocess.Popen[bytes]) -> None:
        self.url, self.child = url, child

    def get(self, path: str, **query: str) -> Any:
        words = urllib.parse.urlencode(query)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{words}", timeout=20) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{query}: {error.read().decode()}") from None
        assert found["status"] == "success" and not found.get("warnings"), found
        return found["data"]

    def ask(self, query: str) -> list[tuple[dict[str, str], float]]:
        """An expression's series now: labels, value."""
        found = self.get("query", query=query)
        assert found["resultType"] == "vector", found
        return [(one["metric"], float(one["value"][1])) for one in found["result"]]

    def range(self, query: str, seconds: int = 60, step: int = 5) -> list[Any]:
        now = time.time()
        found = self.get("query_range", query=query, start=str(now - seconds), end=str(now), step=str(step))
        return found["result"]

    def sum(self, query: str) -> float:
        return sum(value for _, value in self.ask(query))


def is_ready(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return answer.status == 200
    return False


@contextlib.contextmanager
def prometheus(
    folder: Path, targets: list[str], token: str | None = None, rules: Path = RULES
) -> Iterator[Prometheus]:
    """Runs one with the shipped configuration: only the target, the token, the intervals and the rules' place differ."""
    program = packages.program("prometheus", "prometheus")
    if program is None:
        pytest.skip(packages.why_missing("prometheus", "prometheus"))
    folder.mkdir()
    document = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    document["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    document["rule_files"] = [str(rules)]
    (job,) = document["scrape_configs"]
    job["static_configs"] = [{"targets": targets}]
    if token:
        (folder / "token").write_text(token)
        job["authorization"] = {"credentials_file": "token"}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(document))
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    words = ["--config.file=prometheus.yml", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"]
    with (folder / "output").open("wb") as output:
        child = subprocess.Popen([program, *words], cwd=folder, stdout=output, stderr=output)
        try:
            until(lambda: is_ready(f"http://{address}/-/ready"), what="Prometheus is ready", timeout=90)
            yield Prometheus(f"http://{address}", child)
        finally:
            child.terminate()
            child.wait(20)

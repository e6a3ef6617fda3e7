"""A real Alertmanager takes what fires, and lets it go when it is over; a real Prometheus beside it knows the same one."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import packages
from harness.home import Home
from harness.rules import loop_and_cap
from test_alerts import BUILD, runaway


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def until(ask: Callable[[], Any], what: str, timeout: float = 40) -> Any:
    deadline = time.monotonic() + timeout
    while True:
        with contextlib.suppress(OSError, ValueError):
            if found := ask():
                return found
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@contextlib.contextmanager
def running(*command: str | Path, folder: Path) -> Iterator[None]:
    with (folder / "output").open("wb") as output:
        child = subprocess.Popen([str(word) for word in command], cwd=folder, stdout=output, stderr=output)
        try:
            yield
        finally:
            child.terminate()
            child.wait(20)


@contextlib.contextmanager
def alertmanager(folder: Path) -> Iterator[str]:
    program = packages.program("prometheus-alertmanager", "prometheus-alertmanager")
    if program is None:
        pytest.skip(packages.why_missing("prometheus-alertmanager", "prometheus-alertmanager"))
    folder.mkdir()
    (folder / "alertmanager.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    address = f"127.0.0.1:{free_port()}"
    words = ["--config.file=alertmanager.yml", f"--storage.path={folder}/data", f"--web.listen-address={address}"]
    with running(program, *words, "--cluster.listen-address=", folder=folder):
        until(lambda: get(f"http://{address}/api/v2/status"), "Alertmanager answers")
        yield f"http://{address}"


def test_alertmanager_shows_what_fires_and_the_heartbeat(home: Home, say) -> None:
    with alertmanager(home.work / "alertmanager") as url, home.client(
        *home.recorder(received=home.work / "quietly"), name="quiet"
    ) as quiet:
        quiet.handshake()
        with home.following("watch", *loop_and_cap(home), "--sink", f"alertmanager:{url}", "--sink", "stdout") as watch:
            runaway(home)

            def shown() -> dict[str, dict]:
                found = get(f"{url}/api/v2/alerts?active=true")
                return {one["labels"]["alertname"]: one for one in found}

            found = until(lambda: (now := shown()).keys() >= {"loop", "cap", "TollgateWatchdog"} and now, "three alerts")
            loop = found["loop"]
            assert loop["labels"] == {
                "alertname": "loop",
                "severity": "page",
                "agent": "ci-builder",
                "server": "platform",
                "tool": BUILD,
            }
            assert loop["status"]["state"] == "active" and loop["annotations"]["command"].startswith("tollgate tail")
            assert loop["startsAt"] < loop["endsAt"], "an explicit end"
            assert watch.child.poll() is None
        assert quiet.close() == 0
    say(f"Alertmanager shows {sorted(found)}")


def test_a_resolved_alert_is_gone_from_alertmanager(home: Home) -> None:
    home.tollgate("simulate", "--seed", "1", "--events", "4000", "--log", home.path / "logs" / "fleet")
    with alertmanager(home.work / "alertmanager") as url:
        home.tollgate("watch", *loop_and_cap(home), "--once", "--sink", f"alertmanager:{url}", "--sink", "stdout")
        names = {one["labels"]["alertname"] for one in get(f"{url}/api/v2/alerts?active=true")}
        assert names <= {"TollgateWatchdog"}, "what is over does not fire"


def test_prometheus_and_tollgate_share_an_alertmanager(home: Home) -> None:
    program = packages.program("prometheus", "prometheus")
    if program is None:
        pytest.skip(packages.why_missing("prometheus", "prometheus"))
    with alertmanager(home.work / "alertmanager") as url:
        folder = home.work / "prometheus"
        folder.mkdir()
        target = url.removeprefix("http://")
        (folder / "prometheus.yml").write_text(
            f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{target}']}}]}}]}}\n"
        )
        address = f"127.0.0.1:{free_port()}"
        words = ["--config.file=prometheus.yml", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"]
        with running(program, *words, folder=folder):
            known = until(
                lambda: get(f"http://{address}/api/v1/alertmanagers")["data"]["activeAlertmanagers"], "it is known"
            )
            assert known == [{"url": f"{url}/api/v2/alerts"}], "Prometheus posts where tollgate does"
            runaway(home)
            home.tollgate("watch", *loop_and_cap(home), "--once", "--sink", f"alertmanager:{url}")
            names = {one["labels"]["alertname"] for one in get(f"{url}/api/v2/alerts")}
            assert {"loop", "cap"} <= names

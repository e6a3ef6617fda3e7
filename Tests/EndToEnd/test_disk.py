"""A disk that is full: what cannot be recorded is denied and does not reach the server, and work resumes by itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import logs
from harness.client import DECISION, Client, until, verdict
from harness.home import Home


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


def fill(folder: Path) -> Path:
    """Takes every byte that is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"\0" * 4096)
        except OSError:
            pass
    return filler


def call_until(client: Client, wanted: str) -> dict:
    """Calls until one ends as wanted; returns its answer."""

    def call() -> dict | None:
        answer = client.call("echo", {"n": 1})
        return answer if verdict(answer) == wanted else None

    return until(call, what=f"a call that ends as {wanted}")


def is_unavailable(answer: dict) -> bool:
    """Whether a call was denied because it could not be recorded."""
    return verdict(answer) == "deny" and answer["result"]["_meta"][DECISION]["rule"] == "(audit unavailable)"


def test_a_call_that_cannot_be_recorded_is_denied_and_work_resumes(home: Home, small_disk: Path, say) -> None:
    log = small_disk / "log"
    with home.client(*home.recorder(), log=log, agent="ci") as client:
        client.handshake()
        client.call("echo")
        filler = fill(small_disk)
        refused = call_until(client, "deny")
        assert refused["result"]["_meta"][DECISION]["rule"] == "(audit unavailable)"
        assert all(verdict(client.call("echo", {"after": n})) == "deny" for n in range(3))
        reached = {call["id"] for call in home.received_calls()}
        filler.unlink()
        call_until(client, "ok")
        answers = client.answered()
        assert client.close() == 0, client.error_text()
    assert "hint: " in client.error_text() and "No space left" in client.error_text()
    denied = {rpc_id for rpc_id, message in answers.items() if "result" in message and verdict(message) == "deny"}
    assert denied and not denied & reached
    found = logs.records(log)
    recorded = {record["rpc_id"] for record in logs.calls(found, decision="allow")}
    assert {str(rpc_id) for rpc_id in reached} <= recorded, "whatever reached the server is in the log"
    home.tollgate("log", "verify", "--log", log)
    wrongly = len(denied & reached)
    say(f"full disk: {len(denied)} calls denied as audit_unavailable, {wrongly} of them reached the server")


def test_a_call_that_could_not_be_recorded_uses_up_no_limit(home: Home, small_disk: Path) -> None:
    policy = home.write(
        "policy.json",
        {
            "version": "1",
            "default": "deny",
            "tools": {"echo": {"limits": [{"counter": "c", "window": "hour", "max": 3, "scope": "grant"}]}},
        },
    )
    with home.client(*home.recorder(), log=small_disk / "log", policy=policy, agent="ci") as client:
        client.handshake()
        filler = fill(small_disk)
        # What is left of the log's last page takes some records yet.
        until(lambda: is_unavailable(client.call("unlisted")), what="a full disk")
        refused = [client.call("echo") for _ in range(20)]
        assert any(is_unavailable(answer) for answer in refused)
        filler.unlink()
        ends = [verdict(answer) for answer in refused]
        while ends[-1] != "throttle" and len(ends) < 5_000:
            ends.append(verdict(client.call("echo")))
        assert ends.count("ok") == 3, "the limit was charged for calls that were not made, or not for those that were"
        assert client.close() == 0
    assert len(home.received_calls()) == 3

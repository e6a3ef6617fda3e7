"""Bytes pass both ways as they are: a random session has one digest on both sides of the gateway."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
from harness import logs
from harness.client import Client
from harness.home import Home
from harness.paths import RECORDER
from harness.sessions import Session, random_session

MESSAGES = 2_000


def digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def play(client: Client, session: Session) -> None:
    """Says the client's part and waits for the whole of the server's."""
    client.write(b"".join(session.client))
    client.wait_for_bytes(sum(len(line) for chunk in session.server for line in chunk))
    assert client.close() == 0, client.error_text()


def digests(client: Client, session: Session, received: Path) -> dict[str, str]:
    """What each side sent and what the other got."""
    return {
        "client sent": digest(*session.client),
        "server got": digest(received.read_bytes()),
        "server sent": digest(*(line for chunk in session.server for line in chunk)),
        "client got": client.received_hash.hexdigest(),
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_a_random_session_has_equal_digests_on_both_sides(home: Home, seed: int, say) -> None:
    session = random_session(seed, MESSAGES)
    script = session.script(home.work / "script")
    with home.client(*home.recorder(script=script)) as client:
        play(client, session)
        found = digests(client, session, home.received)
    say(
        f"transparency: seed {seed}, {session.messages} messages, client → server {found['server got'][:16]}, "
        f"server → client {found['client got'][:16]}"
    )
    assert found["server got"] == found["client sent"]
    assert found["client got"] == found["server sent"]
    recorded = [record["rpc_id"] for record in logs.decisions(home.records())]
    assert recorded == session.request_ids, "every request has one decision, under its id as it was spelled"


def test_without_a_gateway_the_measure_finds_equality_and_with_a_change_it_does_not(tmp_path: Path) -> None:
    """The measure itself: it must pass where nothing stands between, and fail where one byte is changed."""
    session = random_session(3, 300)
    script = session.script(tmp_path / "script")

    def through(relay: str) -> dict[str, str]:
        received = tmp_path / "received"
        received.unlink(missing_ok=True)
        server = f"{sys.executable} -S -E {RECORDER} --received {received} --script {script}"
        with Client(
            ["/bin/sh", "-c", f"{relay} | {server}"], {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, tmp_path / "err"
        ) as client:
            play(client, session)
            return digests(client, session, received)

    same = through("cat")
    assert same["server got"] == same["client sent"] and same["client got"] == same["server sent"]
    changed = through("sed -u '7s/ *$/ /'")
    assert changed["server got"] != changed["client sent"]

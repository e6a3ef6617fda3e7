"""`tollgate tail`: all logs of the home in one stream, live, filtered, and across rotation."""

from __future__ import annotations

import json
from contextlib import ExitStack

from harness import logs
from harness.client import Client
from harness.home import Home
from harness.paths import POLICIES

BUILD = "build_and_push_image_to_ecr"
AGENTS = ("ann", "bob", "eve")


def three_gateways(home: Home, stack: ExitStack) -> dict[str, Client]:
    """Three wrapped servers at once, all of one name: each takes a log of its own."""
    clients = {}
    for agent in AGENTS:
        server = home.recorder(received=home.work / f"received-{agent}", tools=f"{BUILD},list_clusters")
        command = home.run_command(*server, policy=POLICIES / "page.json", agent=agent, name="platform")
        clients[agent] = stack.enter_context(Client(command, home.environment, home.work / f"{agent}.stderr"))
        clients[agent].handshake()
    return clients


def test_one_tail_shows_three_servers_at_once(home: Home) -> None:
    with ExitStack() as stack:
        clients = three_gateways(home, stack)
        assert [log.name for log in home.logs()] == ["platform", "platform~2", "platform~3"]
        with home.following("tail", "-f", "--json", "--since", "1h") as tail:
            for number in range(4):
                for agent, client in clients.items():
                    client.call(BUILD, {"number": f"{agent}-{number}"})
            tail.until(lambda lines: sum('"tools/call"' in line and '"decision"' in line for line in lines) >= 12)
            shown = tail.json()
        for client in clients.values():
            assert client.close() == 0
    calls = [record for record in shown if record["kind"] == "decision" and record["method"] == "tools/call"]
    assert sorted(record["agent"] for record in calls) == sorted(AGENTS * 4)
    assert all(record in home.records() for record in strip(calls)), "a line of --json is the record itself"


def strip(records: list[logs.Record]) -> list[logs.Record]:
    """Records without the name of their log, which a merged stream adds."""
    return [{key: value for key, value in record.items() if key not in ("log", "record")} for record in records]


def mixed_log(home: Home) -> list[logs.Record]:
    """Calls of three agents: allowed, throttled, denied."""
    with ExitStack() as stack:
        clients = three_gateways(home, stack)
        for agent, builds in zip(AGENTS, (2, 12, 1), strict=True):
            for _ in range(builds):
                clients[agent].call(BUILD, {"app_name": "shop"})
        clients["eve"].call("list_clusters")
        for client in clients.values():
            assert client.close() == 0
    return home.records()


def test_filters_leave_what_was_asked_for(home: Home) -> None:
    everything = mixed_log(home)

    def tail(*words: str) -> list[tuple[str, int]]:
        found = home.tollgate("tail", "--json", *words).json_lines()
        return sorted((record["ts"], record["seq"]) for record in found if record["kind"] == "decision")

    def expected(**fields: str) -> list[tuple[str, int]]:
        return sorted((record["ts"], record["seq"]) for record in logs.decisions(everything, **fields))

    assert tail() == expected() and len(expected()) > 16
    assert tail("--agent", "bob") == expected(agent="bob")
    assert tail("--decision", "throttle") == expected(decision="throttle") and len(expected(decision="throttle")) == 2
    assert tail("--reason", "default_deny") == expected(reason="default_deny") != []
    assert tail("--tool", BUILD, "--agent", "eve") == expected(tool=BUILD, agent="eve")
    assert tail("--server", "platform") == expected(server="platform")
    assert tail("--server", "another") == []
    assert tail("--since", "1h") == expected()
    assert tail("--until", "2020-01-01T00:00:00Z") == []


def test_the_merged_stream_is_in_the_order_of_time(home: Home) -> None:
    mixed_log(home)
    times = [record["ts"] for record in home.tollgate("tail", "--json").json_lines()]
    assert times == sorted(times)


def test_people_see_rules_and_collapsed_repeats(home: Home) -> None:
    mixed_log(home)
    text = home.tollgate("tail").out
    assert f"{BUILD}_rate" in text and "list_clusters" in text
    assert "\x1b" not in text, "no colour where there is no terminal"
    assert "×" in text, "repeats collapse"
    builds = sum(line.count(BUILD) > 0 and "bob" in line for line in text.splitlines())
    assert builds < 12


def test_following_goes_on_across_segments_restarts_and_a_kill(home: Home) -> None:
    """The tail that runs through all of it misses nothing and repeats nothing."""
    log = home.path / "logs" / "echo"
    with home.following("tail", "-f", "--json", "--since", "1h") as tail:
        for turn in range(3):
            with home.client(*home.recorder(), log=log, segment_bytes=10_000) as client:
                client.handshake()
                for number in range(60):
                    client.call("echo", rpc_id=f"{turn}-{number}")
                client.kill() if turn == 1 else client.close()
        tail.until(lambda lines: any("2-59" in json.loads(line).get("rpc_id", "") for line in lines))
        ids = [r["rpc_id"] for r in tail.json() if r["kind"] == "decision" and r["method"] == "tools/call"]
    assert ids == [f'"{turn}-{number}"' for turn in range(3) for number in range(60)]
    assert len(logs.segments(log)) >= 3, "the log began new segments meanwhile"

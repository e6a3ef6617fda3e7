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


def test_risk_and_a_search_term_select_too(home: Home) -> None:
    everything = mixed_log(home)
    by_risk = home.tollgate("tail", "--json", "--risk", "execute").json_lines()
    assert by_risk and {record["risk"] for record in by_risk} == {"execute"}
    assert len(by_risk) == len(logs.decisions(everything, risk="execute"))
    assert home.tollgate("tail", "--json", "--risk", "financial").json_lines() == []
    found = home.tollgate("tail", "--json", "--grep", "LIST_clusters").json_lines()
    assert found and len(found) == sum("list_clusters" in str(record) for record in everything)
    assert home.tollgate("tail", "--json", "--tool", "build_*", "--agent", "e*").json_lines() == [
        record for record in everything if record.get("agent") == "eve" and record.get("tool") == BUILD
    ]


def test_a_tail_goes_on_behind_the_record_it_had_last(home: Home) -> None:
    """Killed in between, logs taken together: no record is missing and none comes twice."""
    seen: list[str] = []
    places: dict[str, str] = {}
    with ExitStack() as stack:
        clients = three_gateways(home, stack)
        for turn in range(3):
            after = [word for place in places.values() for word in ("--after", place)]
            with home.following("tail", "-f", "--json", "--refs", *(after or ["--since", "1h"])) as tail:
                for number in range(4):
                    for agent, client in clients.items():
                        client.call(BUILD, {"number": f"{agent}-{turn}-{number}"})
                goal = 12 * (turn + 1)
                tail.until(lambda lines: len(seen) + sum(is_call(json.loads(line)) for line in lines) >= goal)
                tail.child.kill()
                tail.child.wait()
                for record in tail.json():
                    seen += [record["record"]] if is_call(record) else []
                    places[record["record"].rpartition("/")[0]] = record["record"]
        for client in clients.values():
            assert client.close() == 0
    made = [f"{log.name}/{record['seq']}" for log in home.logs() for record in logs.records(log) if is_call(record)]
    assert sorted(seen) == sorted(made) and len(made) == 36


def is_call(record: logs.Record) -> bool:
    return record["kind"] == "decision" and record["method"] == "tools/call"


def test_what_cannot_be_read_any_more_is_counted(home: Home) -> None:
    log = home.path / "logs" / "echo"
    with home.client(*home.recorder(), log=log, segment_bytes=5_000, agent="ann") as client:
        client.handshake()
        for number in range(200):
            client.call("echo", {"n": number})
        assert client.close() == 0
    first, second, *_ = logs.segments(log)
    missing = int(second.name.partition(".")[0])
    first.unlink()
    (home.path / "logs" / "echo" / "seg" / first.name.replace(".ndjson.gz", ".idx")).unlink(missing_ok=True)
    said = f"HOLE: {missing - 1} records of echo cannot be read any more (1 – {missing - 1})"
    assert said in home.tollgate("tail", "--after", "echo/0").out
    program = home.tollgate("tail", "--after", "echo/0", "--json")
    assert said in program.err and program.json_lines()[0]["seq"] == missing
    # A member in the middle is damaged: what was in it is missing, what stands behind it is not.
    offset, compressed, plain = list(logs.members(second))[3]
    data = bytearray(second.read_bytes())
    data[offset + len(compressed) // 2] ^= 0x10
    second.write_bytes(data)
    lost = [json.loads(line)["seq"] for line in plain.splitlines()]
    shown = home.tollgate("tail", "--json")
    seqs = [record["seq"] for record in shown.json_lines()]
    assert set(range(missing, seqs[-1] + 1)) - set(seqs) == set(lost)
    assert f"HOLE: {len(lost)} record" in shown.err and str(lost[-1]) in shown.err
    assert "HOLE" in home.tollgate("tail", "--since", "1h", "--agent", "nobody").out


def test_the_last_lines_are_the_last_however_far_back_they_are(home: Home) -> None:
    log = home.path / "logs" / "sim"
    home.tollgate("simulate", "--seed", "3", "--events", "4000", "--log", log)
    whole = home.tollgate("tail", "--since", "2020-01-01").out.splitlines()
    assert len(whole) > 2000

    # Without the rate: what is usual is learned from less where less is read.
    assert home.tollgate("tail", "-n", "5").out.splitlines()[-1].split()[:4] == whole[-1].split()[:4]
    early = whole[3].split()[1]
    assert home.tollgate("tail", "-n", "3000", "--agent", early).out.splitlines()[0].split()[1] == early
    rows = home.tollgate("tail", "--json", "-n", "3").json_lines()
    assert [record["seq"] for record in rows] == [record["seq"] for record in logs.records(log)[-3:]]


def test_an_unusable_place_is_an_error_with_a_hint(home: Home) -> None:
    home.tollgate("simulate", "--seed", "3", "--events", "100", "--log", home.path / "logs" / "sim")
    for place, status in (("sim", 2), ("sim/x", 2), ("other/7", 1)):
        assert "hint: tollgate tail --after LOG/SEQ" in home.tollgate("tail", "--after", place, expect=status).err

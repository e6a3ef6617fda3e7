"""A disk that is full: what cannot be recorded is denied and does not reach the server, and work resumes by itself."""

from __future__ import annotations

import http.client
from pathlib import Path

from harness import logs
from harness.client import DECISION, Client, until, verdict
from harness.disks import fill
from harness.gateway import Gateway, behind
from harness.home import Home
from harness.http_upstream import Server


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


def gaps(found: list[logs.Record]) -> list[int]:
    """How many records each `gap` says were lost."""
    return [record["n"] for record in found if record.get("event") == "gap"]


def test_bounded_reads_go_on_while_the_disk_is_full_and_writes_do_not(home: Home, small_disk: Path, say) -> None:
    log = small_disk / "log"
    server = home.recorder(tools="read_file,write_file")
    options = {"bounded": "read", "bounded_limit": "20:30"}
    with home.client(*server, log=log, agent="ci", **options) as client:
        client.handshake()
        assert verdict(client.call("read_file")) == "ok"
        filler = fill(small_disk)
        until(lambda: is_unavailable(client.call("write_file")), what="a full disk")
        reads = [verdict(client.call("read_file", {"n": n})) for n in range(40)]
        assert reads == sorted(reads, key=lambda end: end == "deny"), "once closed, closed"
        assert 0 < reads.count("ok") <= 20, reads
        assert verdict(client.call("delete_file")) == "deny", "a name that nobody lists is no read or write"
        filler.unlink()

        def resumed() -> bool:
            return verdict(client.call("write_file")) == "ok"

        until(resumed, what="work to resume")
        answers = client.answered()
        assert client.close() == 0, client.error_text()
    found = logs.records(log)
    denied = {str(rpc_id) for rpc_id, message in answers.items() if "result" in message and is_unavailable(message)}
    recorded = {record["rpc_id"] for record in logs.calls(found)}
    assert {str(call["id"]) for call in home.received_calls()} <= recorded, "what went on is in the log"
    assert not denied & recorded and gaps(found) == [len(denied)], "the gap's number is exact"
    home.tollgate("log", "verify", "--log", log)
    say(f"full disk, reads bounded: {reads.count('ok')} reads went on and are in the log, {len(denied)} calls denied")


def test_over_http_a_full_disk_denies_all_but_bounded_reads_and_the_reserve_comes_back(
    tmp_path: Path, small_disk: Path
) -> None:
    log = small_disk / "log"
    settings = {"log": str(log), "audit_failure": {"read": "bounded", "events": 10, "duration": "1m"}}
    answer = Server(tools=("read_file", "write_file"))
    with behind(tmp_path, answer, **settings) as (gateway, upstream), gateway.caller() as agent:
        gateway.log = log
        agent.handshake()
        agent.ask("tools/list")
        reserve = log / "reserve"
        assert until(reserve.exists) and reserve.stat().st_size == (8 << 20) // 64
        assert verdict(agent.call("read_file").json()) == "ok" == verdict(agent.call("write_file").json())
        filler = fill(small_disk)
        until(lambda: is_unavailable(agent.call("write_file").json()), what="a full disk")
        assert not reserve.exists(), "its blocks are what the log goes on with"
        assert health(gateway) == 503
        reads = [verdict(agent.call("read_file").json()) for _ in range(20)]
        assert reads == ["ok"] * 10 + ["deny"] * 10
        filler.unlink()
        until(lambda: health(gateway) == 200, what="work to resume")
        assert reserve.exists()
        served = len(upstream.calls())
        found = gateway.records(lambda found: gaps(found))
    assert len(logs.calls(found, decision="allow")) == served
    assert len(gaps(found)) == 1 and gaps(found)[0] >= 11
    assert "the disk is full" in gateway.error_text() and "a gap record says" in gateway.error_text()


def health(gateway: Gateway) -> int:
    """What a load balancer is told."""
    connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=10)
    connection.request("GET", "/healthz")
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_active_file_is_restored_when_it_is_removed_while_nothing_happens(home: Home, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with home.client(*home.recorder(), log=log, agent="ci") as client:
        client.handshake()
        assert all(verdict(client.call("echo", {"n": n})) == "ok" for n in range(5))
        segment = logs.segments(log)[-1]
        segment.unlink()
        until(segment.exists, timeout=5, what="the file's return")
        segment.rename(segment.with_suffix(".moved"))
        segment.write_text("something else")
        assert verdict(client.call("echo", {"n": 5})) == "ok"
        until(lambda: (log / "quarantine").exists() and list((log / "quarantine").iterdir()), timeout=5)
        assert verdict(client.call("echo", {"n": 6})) == "ok"
        assert client.close() == 0, client.error_text()
    segment.with_suffix(".moved").unlink()
    found = logs.records(log)
    assert len(logs.calls(found, decision="allow")) == 7
    assert [record["seq"] for record in found] == list(range(len(found)))
    assert len([record for record in found if record.get("event") == "log_recovered"]) == 2
    assert [path.read_text() for path in (log / "quarantine").iterdir()] == ["something else"]
    assert client.error_text().count("removed or replaced") == 2
    home.tollgate("log", "verify", "--log", log)

"""The log while it is written and after it was hurt: any reader of gzip reads it, and nothing acknowledged is lost."""

from __future__ import annotations

import gzip
import json
import queue
import subprocess
import threading
from pathlib import Path

import duckdb
import pytest
from harness import logs, situations
from harness.client import Client, until
from harness.home import Home

READS = 200


class Busy:
    """Makes four calls in the background each time it is nudged, and counts those answered."""

    def __init__(self, client: Client) -> None:
        self.client, self.answered = client, 0
        self._nudges: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Busy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._nudges.put(False)
        self._thread.join()

    def nudge(self) -> None:
        self._nudges.put(True)

    def _work(self) -> None:
        while self._nudges.get():
            pending = [self.client.request_call("echo", {"n": number}) for number in range(4)]
            for rpc_id in pending:
                self.client.answer(rpc_id)
                self.answered += 1


def by_zcat(segment: Path) -> int:
    done = subprocess.run(["zcat", segment], capture_output=True, check=True)
    assert done.stdout == b"" or done.stdout.endswith(b"\n")
    return sum(1 for line in done.stdout.splitlines() if json.loads(line)["v"] == 1)


def by_python(segment: Path) -> int:
    with gzip.open(segment) as stream:
        return sum(1 for line in stream if json.loads(line)["v"] == 1)


def by_duckdb(segment: Path) -> int:
    with duckdb.connect() as database:
        query = "select count(*), count(distinct seq), max(seq) from read_ndjson(?, compression = 'gzip')"
        rows, distinct, last = database.execute(query, [str(segment)]).fetchone()
    assert rows == distinct == last + 1
    return rows


def test_zcat_python_and_duckdb_read_the_log_while_it_is_written(home: Home, say) -> None:
    counts: dict[str, list[int]] = {"zcat": [], "python": [], "duckdb": []}
    with home.client(*home.recorder()) as client:
        client.handshake()
        client.call("echo")
        segment = logs.segments(home.log())[0]
        with Busy(client) as busy:
            for _ in range(READS):
                for reader, read in ((by_zcat, "zcat"), (by_python, "python"), (by_duckdb, "duckdb")):
                    busy.nudge()
                    counts[read].append(reader(segment))
        assert client.close() == 0
    final = len(home.records())
    for reader, read in ((by_zcat, "zcat"), (by_python, "python"), (by_duckdb, "duckdb")):
        assert counts[read] == sorted(counts[read]), f"{read} saw the log shrink"
        assert counts[read][-1] > counts[read][0], "the log grew while it was read"
        assert reader(segment) == final
    say(
        f"live log: {READS} reads each by zcat, Python and DuckDB during {busy.answered} calls: every line parsed, "
        f"counts never fell, the last is the log's {final}"
    )
    assert len(logs.calls(home.records())) == busy.answered + 1


def test_verify_agrees_with_an_independent_count(home: Home) -> None:
    with home.client(*home.recorder()) as client:
        client.handshake()
        for _ in range(20):
            client.call("echo")
        assert client.close() == 0
    records = logs.records(home.log())
    assert [record["seq"] for record in records] == list(range(len(records)))
    assert [record["ts"] for record in records] == sorted(record["ts"] for record in records)
    said = home.tollgate("log", "verify", "--log", home.log())
    assert str(len(records)) in said.out
    assert str(len(records)) in json.dumps(home.tollgate("log", "verify", "--log", home.log(), "--json").json())


def test_every_segment_is_strict_bgzf(home: Home) -> None:
    with home.client(*home.recorder()) as client:
        client.handshake()
        for _ in range(20):
            client.call("echo")
        assert client.close() == 0
    for segment in logs.segments(home.log()):
        covered = 0
        for offset, member, plain in logs.members(segment):
            assert member[:4] == b"\x1f\x8b\x08\x04" and member[10:12] == b"\x06\x00", "one extra field of 6 bytes"
            assert member[12:16] == b"BC\x02\x00" and int.from_bytes(member[16:18], "little") + 1 == len(member)
            assert len(plain) <= 65_280 and (plain == b"" or plain.endswith(b"\n"))
            covered = offset + len(member)
        assert covered == segment.stat().st_size


def crashed_log(home: Home, calls: int = 10) -> tuple[Path, list[logs.Record]]:
    """A log whose writer was killed, with what it held."""
    with home.client(*home.recorder(), log=home.path / "logs" / "hurt") as client:
        client.handshake()
        for _ in range(calls):
            client.call("echo")
        client.kill()
    return home.log(), logs.records(home.log())


def restart(home: Home, log: Path) -> list[logs.Record]:
    """Starts a gateway on the log, makes one call, and returns what the log holds then."""
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        assert "result" in client.call("echo")
        assert client.close() == 0, client.error_text()
    return logs.records(log)


def test_a_torn_tail_is_set_aside_and_nothing_before_it_is_lost(home: Home) -> None:
    log, before = crashed_log(home)
    segment = logs.segments(log)[-1]
    *_, (_, member, _) = logs.members(segment)
    torn = member[: len(member) // 2]
    with segment.open("ab") as stream:
        stream.write(torn)
    after = restart(home, log)
    assert after[: len(before)] == before
    recovered = [record for record in after if record.get("event") == "log_recovered"]
    assert len(recovered) == 1 and recovered[0]["seq"] >= len(before)
    kept = [path.read_bytes() for path in (log / "quarantine").iterdir()]
    assert torn in kept, "what recovery removed is kept"
    home.tollgate("log", "verify", "--log", log)


def test_a_restart_answers_for_the_calls_that_were_under_way(home: Home) -> None:
    hold = home.work / "hold"
    hold.touch()
    with home.client(*home.recorder(hold_file=hold), log=home.path / "logs" / "hurt") as client:
        client.handshake()
        client.request_call("echo", rpc_id="under-way")
        until(home.received_calls, what="the call's arrival at the server")
        client.kill()
    hold.unlink()
    after = restart(home, home.log())
    under_way = logs.calls(after, rpc_id='"under-way"')
    assert len(under_way) == 1
    assert logs.outcome_of(after, under_way[0])["outcome"] == "unanswered"


def test_a_flipped_bit_is_found_and_located(home: Home) -> None:
    log, _ = crashed_log(home)
    segment = logs.segments(log)[0]
    places = [(offset, len(member)) for offset, member, _ in logs.members(segment)]
    offset, size = places[len(places) // 2]
    data = bytearray(segment.read_bytes())
    data[offset + size // 2] ^= 0x10
    segment.write_bytes(data)
    (log / "DAMAGED").touch()
    said = home.tollgate("log", "verify", "--log", log, expect=3)
    assert segment.name in said.out + said.err and str(offset) in said.out + said.err
    assert "hint: " in said.err


@pytest.mark.parametrize("middle", [False, True], ids=["truncated", "damaged"])
def test_a_hurt_log_is_written_on_and_every_reader_says_what_is_missing(home: Home, middle: bool) -> None:
    """What was durable and is gone stays gone, is never covered up, and its numbers are not given again."""
    log = situations.written_log(home)
    last = logs.records(log)[-1]["seq"]
    situations.damage(log, middle)
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        assert "result" in client.call("echo")
        assert client.close() == 0, client.error_text()
    after = list(logs.salvage(log))
    assert len({record["seq"] for record in after}) == len(after)
    recovered = [record for record in after if record.get("event") == "log_recovered"]
    assert recovered and all(record["seq"] > last for record in recovered)
    home.tollgate("log", "verify", "--log", log, expect=3)
    loaded = home.tollgate("ingest").out
    assert "1 gap" in loaded and "coverage 100 %" not in loaded

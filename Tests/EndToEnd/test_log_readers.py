"""Six readers that have nothing of tollgate's read a log whole in each of its states, and agree with tollgate."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import logs, packages, situations
from harness.client import Busy, Client, until
from harness.home import Home
from harness.paths import binary
from harness.readers import READERS, Reader, Row, row

SEED = int(os.environ.get("TOLLGATE_SEED", "1"))
LIVE_READS = 10
SEGMENT_BYTES = 5_000
"""So small that a log of some dozen calls has finished segments before its active one."""

CALLS = 40
BGZIP = ("bgzip", "tabix")


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest) -> Reader:
    found = READERS[request.param]
    if (why := found.missing()) is not None:
        pytest.skip(why)
    return found


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home for logs that tests only read."""
    try:
        binary()
    except FileNotFoundError as error:
        pytest.exit(str(error), returncode=1)
    home = Home(tmp_path_factory.mktemp("readers"))
    yield home
    home.close()


def writer(home: Home, log: Path) -> Client:
    return home.client(*home.recorder(), log=log, segment_bytes=SEGMENT_BYTES)


def write(home: Home, log: Path, calls: int = CALLS, kill: bool = False) -> None:
    """One life of a writer: calls one by one, so that each has a member of its own."""
    with writer(home, log) as client:
        client.handshake()
        for _ in range(calls):
            client.call("echo")
        if kill:
            client.kill()
        else:
            assert client.close() == 0, client.error_text()


@pytest.fixture(scope="module")
def recovered(shared_home: Home) -> Path:
    """A log whose writer was killed with half a member behind the last; the next writer cut that off and went on."""
    log = shared_home.path / "logs" / "recovered"
    write(shared_home, log, kill=True)
    segment = logs.segments(log)[-1]
    member = next(member for _, member, _ in logs.members(segment))
    with segment.open("ab") as stream:
        stream.write(member[: len(member) // 2])
    write(shared_home, log)
    assert len(list((log / "quarantine").iterdir())) == 1, "there was a torn tail, and it was cut off"
    return log


@pytest.fixture(scope="module")
def damaged(shared_home: Home) -> Path:
    """A log with a bit flipped in its middle, and a writer that went on behind that."""
    log = shared_home.path / "logs" / "damaged"
    write(shared_home, log, calls=4)
    assert len(logs.segments(log)) == 1
    situations.damage(log, middle=True)
    write(shared_home, log)
    shared_home.tollgate("log", "verify", "--log", log, expect=3)
    return log


@pytest.fixture(scope="module")
def sealed(shared_home: Home) -> Path:
    """A log with its finished segments sealed."""
    log = shared_home.path / "logs" / "sealed"
    write(shared_home, log)
    write(shared_home, log)
    shared_home.tollgate("log", "seal", "--log", log)
    assert list((log / "seg").glob("*.manifest.json"))
    return log


def read_log(reader: Reader, log: Path) -> list[Row]:
    """All that a reader finds in a log at rest, which must be gapless from 0."""
    return gapless([one for segment in logs.segments(log) for one in reader.read(segment)])


def gapless(found: list[Row], first: int = 0) -> list[Row]:
    assert [seq for seq, _, _ in found] == list(range(first, first + len(found)))
    return found


def own_rows(home: Home, log: Path) -> list[Row]:
    """What tollgate itself says is in the log."""
    return [row(line) for line in home.tollgate("log", "export", "--log", log).out.splitlines()]


def own_counts(home: Home, log: Path) -> set[int]:
    """tollgate's two counts of a log's records."""
    return {home.tollgate("log", command, "--json", "--log", log).json()["records"] for command in ("stats", "verify")}


def test_every_reader_reads_a_log_while_it_is_written(home: Home, reader: Reader) -> None:
    """Every read is gapless from 0 and holds all that was answered before it began."""
    log, seen = home.path / "logs" / "live", []
    with writer(home, log) as client:
        client.handshake()
        client.call("echo")
        with Busy(client) as busy:
            for _ in range(LIVE_READS):
                answered, before, found = set(map(str, client.answered())), busy.answered, []
                for segment in logs.segments(log):
                    busy.nudge()
                    found += reader.read(segment)
                gapless(found)
                assert answered <= {rpc_id for _, kind, rpc_id in found if kind == "decision"}
                seen.append(found)
                until(lambda: busy.answered > before, what="a call made during the read")
        assert client.close() == 0, client.error_text()
    final = read_log(reader, log)
    assert final == own_rows(home, log) and own_counts(home, log) == {len(final)}
    assert all(found == final[: len(found)] for found in seen)
    assert len(seen[0]) < len(seen[-1]) and len(logs.segments(log)) > 1, "the log grew while it was read"


def test_every_reader_reads_a_recovered_log(shared_home: Home, recovered: Path, reader: Reader) -> None:
    found = read_log(reader, recovered)
    assert found == own_rows(shared_home, recovered) and own_counts(shared_home, recovered) == {len(found)}


def test_every_reader_reads_a_sealed_log(shared_home: Home, sealed: Path, reader: Reader) -> None:
    found = read_log(reader, sealed)
    assert found == own_rows(shared_home, sealed) and own_counts(shared_home, sealed) == {len(found)}


def test_every_reader_reads_what_was_written_behind_damage(shared_home: Home, damaged: Path, reader: Reader) -> None:
    """And none that checks CRCs takes the damaged segment for a whole one."""
    hurt, *good = logs.segments(damaged)
    found = gapless([one for segment in good for one in reader.read(segment)], int(good[0].name.partition(".")[0]))
    own = own_rows(shared_home, damaged)
    assert own[-len(found) :] == found, "tollgate's own reading ends with the same records"
    if reader.checks_crc:
        with pytest.raises((subprocess.CalledProcessError, OSError, EOFError, zlib.error, ValueError)):
            reader.read(hurt)


def slices(plain: bytes, rng: random.Random) -> Iterator[tuple[int, int]]:
    """(offset, size): some whole lines, and some cuts anywhere."""
    starts = [0] + [number + 1 for number, byte in enumerate(plain[:-1]) if byte == 0x0A]
    for start in rng.sample(starts, min(6, len(starts))):
        yield start, plain.index(b"\n", start) + 1 - start
    for _ in range(6):
        start = rng.randrange(len(plain))
        yield start, rng.randint(1, len(plain) - start)


def seeks(log: Path, folder: Path, say: Callable[[str], None]) -> None:
    """bgzip and gzip find every segment whole, and bgzip reads any part of it by an index that it makes itself."""
    if packages.program(*BGZIP) is None:
        pytest.skip(packages.why_missing(*BGZIP))
    rng, done = random.Random(SEED), 0
    for segment in logs.segments(log):
        copy = folder / segment.name
        copy.write_bytes(segment.read_bytes())
        plain = gzip.decompress(copy.read_bytes())
        for check in (["bgzip", "-t", copy], ["gzip", "-t", copy], ["bgzip", "-r", copy]):
            subprocess.run(check, check=True)
        for offset, size in slices(plain, rng):
            words = ["bgzip", "-b", str(offset), "-s", str(size), copy]
            part = subprocess.run(words, capture_output=True, check=True).stdout
            assert part == plain[offset : offset + size], f"seed {SEED}: {offset}+{size} of {segment.name}"
            done += 1
    say(f"bgzip -b on the {log.name} log: {done} parts of {len(logs.segments(log))} segments (seed {SEED})")


def test_bgzip_reads_any_part_of_a_recovered_log(recovered: Path, tmp_path: Path, say: Callable[[str], None]) -> None:
    seeks(recovered, tmp_path, say)


def test_bgzip_reads_any_part_of_a_sealed_log(sealed: Path, tmp_path: Path, say: Callable[[str], None]) -> None:
    seeks(sealed, tmp_path, say)

"""A flipped bit and a cut anywhere in a small log's segments: each is detected, and located at the member it is in.

The unit tests do it at every byte; here are samples through the binary, on sealed, finished and active segments.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import queue
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import logs
from harness.home import Completed, Home

SEED = int(os.environ.get("TOLLGATE_SEED", "1"))
FLIPS = 300
CUTS = 80
BOUNDARIES = 20
WORKERS = 2


@dataclass(frozen=True)
class Harm:
    """One byte of a segment with one bit changed, or where the file ends; and the member that it is in."""

    segment: str
    place: int
    member: int
    seq: int | None
    """The member's first seq; None of the empty member that ends a segment."""
    bit: int | None = None

    def is_located(self, fault: dict[str, Any]) -> bool:
        """At its member; but two kinds of harm leave all that is there as it should be.

        Of the empty member at the end, the segment as a whole is at fault. A cut between two members of a segment that
        is not sealed yet shows in the seq that the next one does not begin with.
        """
        found = (fault["segment"], fault["offset"])
        if found == (self.segment, self.member) or (self.seq is None and found == (self.segment, 0)):
            return True
        return self.bit is None and self.place == self.member and fault["seq"] == self.seq

    def do(self, log: Path) -> None:
        path = log / "seg" / self.segment
        if self.bit is None:
            os.truncate(path, self.place)
        else:
            with path.open("r+b") as file:
                file.seek(self.place)
                byte = file.read(1)[0]
                file.seek(self.place)
                file.write(bytes([byte ^ 1 << self.bit]))


@pytest.fixture
def log(home: Home) -> Path:
    """A log with sealed segments, and one that is not sealed yet."""
    log = home.path / "logs" / "small"
    for kind in ("sealed", "active"):
        with home.client(*home.recorder(), log=log, segment_bytes=5_000) as client:
            client.handshake()
            for _ in range(40):
                client.call("echo")
            assert client.close() == 0, client.error_text()
        if kind == "sealed":
            home.tollgate("log", "seal", "--log", log)
    assert home.tollgate("log", "verify", "--log", log, "--json").json()["ok"]
    return log


def places(log: Path) -> list[tuple[str, int, int, int | None]]:
    """(segment, byte, the offset and the first seq of the member that the byte is in), of every byte."""
    return [
        (segment.name, byte, offset, json.loads(plain.partition(b"\n")[0])["seq"] if plain else None)
        for segment in logs.segments(log)
        for offset, member, plain in logs.members(segment)
        for byte in range(offset, offset + len(member))
    ]


@pytest.fixture
def check(home: Home, log: Path) -> Iterator[Callable[[Harm], str | None]]:
    """Does harm to a copy of the log, has it verified, and heals it; gives what was not found as it should be."""
    copies: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for number in range(WORKERS):
        copies.put(shutil.copytree(log, home.path / "copies" / str(number) / log.name))

    def check(harm: Harm) -> str | None:
        copy = copies.get()
        try:
            harm.do(copy)
            return missed(harm, home.tollgate("log", "verify", "--json", "--log", copy, expect=None))
        finally:
            shutil.copyfile(log / "seg" / harm.segment, copy / "seg" / harm.segment)
            copies.put(copy)

    yield check


def missed(harm: Harm, said: Completed) -> str | None:
    """What is wrong with what `log verify` said of the harm; None where it found and located it."""
    if said.code not in (3, 5):
        return f"{harm}: exit {said.code}, {said.out}{said.err}"
    fault = json.loads(said.out)["fault"]
    if not harm.is_located(fault):
        return f"{harm}: located at {fault}"
    return None


def all_found(check: Callable[[Harm], str | None], harms: list[Harm]) -> None:
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        wrong = [one for one in pool.map(check, harms) if one is not None]
    assert not wrong, f"seed {SEED}: {len(wrong)} of {len(harms)} were not found or located, such as {wrong[:5]}"


def takes_nothing(log: Path, segment: str, place: int, member: int, seq: int | None) -> bool:
    """Whether a cut leaves a whole segment as a crashed writer leaves one: without the empty member, and not sealed."""
    return seq is None and place == member and not (log / "seg" / f"{segment.partition('.')[0]}.manifest.json").exists()


def test_a_bit_flipped_anywhere_is_found_and_located(log: Path, check, say) -> None:
    rng, everywhere = random.Random(SEED), places(log)
    harms = [Harm(*place, bit=rng.randrange(8)) for place in rng.sample(everywhere, FLIPS)]
    all_found(check, harms)
    say(f"a bit flipped at {FLIPS} of {len(everywhere)} bytes of a small log (seed {SEED}): {FLIPS} of {FLIPS} located")


def test_a_cut_anywhere_is_found_and_located(log: Path, check, say) -> None:
    """Also exactly between two members, where what is left is a whole file."""
    rng = random.Random(SEED)
    everywhere = [place for place in places(log) if not takes_nothing(log, *place)]
    boundaries = [place for place in everywhere if place[1] == place[2]]
    chosen = rng.sample(everywhere, CUTS) + rng.sample(boundaries, min(BOUNDARIES, len(boundaries)))
    all_found(check, [Harm(*place) for place in chosen])
    say(f"a cut at {len(chosen)} of {len(everywhere)} bytes of a small log (seed {SEED}): all located")

"""A flipped bit and a cut anywhere in a small log's segments: each is detected, and located at the member it is in.

The unit tests do it at every byte; here are samples through the binary, on sealed, finished and active segments.
"""

from __future__ import annotations

import concurrent.futures
import os
import queue
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.harms import Harm, missed, places, small_log
from harness.home import Home

SEED = int(os.environ.get("TOLLGATE_SEED", "1"))
FLIPS = 300
CUTS = 80
BOUNDARIES = 20
WORKERS = 2


@pytest.fixture
def log(home: Home) -> Path:
    return small_log(home)


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

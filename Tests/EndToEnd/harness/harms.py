"""One bit changed, or a file cut short: done to a log's segment, and held against what `log verify` said of it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import logs
from .home import Completed, Home

DAMAGED = (3, 5)
"""What `log verify` ends with: 3 where bytes are damaged, 5 where records are gone that a head covers."""


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


def small_log(home: Home) -> Path:
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


def missed(harm: Harm, said: Completed) -> str | None:
    """What is wrong with what `log verify --json` said of the harm; None where it found and located it."""
    if said.code not in DAMAGED:
        return f"{harm}: exit {said.code}, {said.out}{said.err}"
    fault = json.loads(said.out)["fault"]
    if not harm.is_located(fault):
        return f"{harm}: located at {fault}"
    return None

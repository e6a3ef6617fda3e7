"""Reading an audit log as a stranger would: gzip and JSON, nothing of tollgate's."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Record = dict[str, Any]

PIECE = 16 << 10
"""Bytes of a segment handed to zlib at once."""


def segments(log: Path) -> list[Path]:
    """The log's segments in the order of their first sequence number, which their names are."""
    return sorted((log / "seg").glob("*.ndjson.gz"))


def lines(log: Path) -> list[bytes]:
    """Every line of the log; a damaged member raises."""
    found: list[bytes] = []
    for segment in segments(log):
        with gzip.open(segment) as stream:
            data = stream.read()
        assert not data or data.endswith(b"\n"), f"{segment} does not end with a whole line"
        found += data.splitlines()
    return found


def records(log: Path) -> list[Record]:
    return [json.loads(line) for line in lines(log)]


def members(segment: Path) -> Iterator[tuple[int, bytes, bytes]]:
    """(offset, compressed, plain) of every whole gzip member; stops at the first that is cut or damaged.

    A member is fed in pieces: what zlib hands back as unused would otherwise be the rest of the file, each time.
    """
    data, offset = segment.read_bytes(), 0
    while offset < len(data):
        inflater, plain, end = zlib.decompressobj(wbits=31), [], offset
        try:
            while not inflater.eof and end < len(data):
                plain.append(inflater.decompress(data[end : end + PIECE]))
                end = min(end + PIECE, len(data))
        except zlib.error:
            return
        if not inflater.eof:
            return
        end -= len(inflater.unused_data)
        yield offset, data[offset:end], b"".join(plain)
        offset = end


def salvage(log: Path) -> Iterator[Record]:
    """The records of every whole member up to the first bad one of each segment."""
    for segment in segments(log):
        for _, _, plain in members(segment):
            yield from map(json.loads, plain.splitlines())


def decisions(found: list[Record], **fields: Any) -> list[Record]:
    """The decisions whose fields have these values."""
    return [r for r in found if r["kind"] == "decision" and all(r.get(key) == value for key, value in fields.items())]


def calls(found: list[Record], **fields: Any) -> list[Record]:
    return decisions(found, method="tools/call", **fields)


def outcome_of(found: list[Record], decision: Record) -> Record | None:
    matching = [r for r in found if r["kind"] == "outcome" and r["of"] == decision["seq"]]
    assert len(matching) <= 1, f"{len(matching)} outcomes of decision {decision['seq']}"
    return matching[0] if matching else None

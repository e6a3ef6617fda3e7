"""The envelope corpus: hostile and harmless lines, one JSON object each (see Tests/Corpora/envelopes/README.md)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .paths import CORPORA


@dataclass(frozen=True)
class Case:
    """One message a client might send, and what a gateway must do with it."""

    name: str
    line: bytes
    forward: bool
    reason: str | None
    """The record's reason: why it is refused, or `allowed`; nothing for messages that no policy decides."""
    differs: str | None = None
    """What Python's and Node's parsers read differently in a message that is forwarded, and why that does no harm."""


def load(folder: Path = CORPORA / "envelopes") -> list[Case]:
    cases = []
    for file in sorted(folder.glob("*.jsonl")):
        for number, row in enumerate(file.read_text().splitlines(), start=1):
            cases.append(_case(f"{file.stem}:{number}", json.loads(row)))
    return cases


def _case(place: str, row: dict[str, Any]) -> Case:
    assert row["expect"] in ("forward", "refuse"), f"{place}: expect is {row['expect']!r}"
    line = base64.b64decode(row["bytes"], validate=True) if "bytes" in row else _cook(row["make"])
    assert b"\n" not in line, f"{place}: a line feed inside would make two messages of it"
    return Case(row.get("name", place), line, row["expect"] == "forward", row["reason"], row.get("differs"))


def _cook(parts: list[Any]) -> bytes:
    """A large message from its recipe: texts, and texts repeated."""
    texts = (part if isinstance(part, str) else part["repeat"][0] * part["repeat"][1] for part in parts)
    return "".join(texts).encode()

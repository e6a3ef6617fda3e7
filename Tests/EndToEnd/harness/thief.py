"""Whoever can write a log's files and has stolen its key: changes records, and signs what is left so that it fits.

It makes all that docs/FORMAT.md says a log has: members with right checksums, a head in `checkpoints.ndjson`, the
newest head with the tree's edge in `checkpoint`. It is for logs of which nothing is sealed, as those of a short run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import logs

END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty member that a finished segment ends in."""

MEMBER = 60_000
"""Bytes of plain text that are packed together, at most; a member holds 65,280."""


def stolen_key(state: Path, log: Path) -> Path:
    """The file with the secret half of a log's key, in the state folder of the user that wrote it."""
    return state / "tollgate" / "keys" / origin(log) / "sign"


def origin(log: Path) -> str:
    return json.loads((log / "identity.json").read_text())["origin"]


def rewrite(log: Path, key: Path, change: Callable[[list[bytes]], list[bytes]]) -> int:
    """Makes a log's lines what `change` makes of them, and signs that; gives how many records it has now."""
    sealed = list((log / "seg").glob("*.manifest.json"))
    assert not sealed, f"{log} has sealed segments\nhint: take the log of a short run"
    first = logs.segments(log)[0]
    lines = change(logs.lines(log))
    for one in (log / "seg").iterdir():
        one.unlink()
    first.write_bytes(b"".join(map(bgzf, packets(lines))) + END)
    shutil.rmtree(log / "tile", ignore_errors=True)
    (log / "live.state").unlink(missing_ok=True)
    sign(log, Ed25519PrivateKey.from_private_bytes(key.read_bytes()), lines)
    return len(lines)


def packets(lines: list[bytes]) -> list[bytes]:
    """The lines, so many together as a member holds."""
    packed, size = [[]], 0
    for line in lines:
        if size + len(line) + 1 > MEMBER:
            packed.append([])
            size = 0
        packed[-1].append(line + b"\n")
        size += len(line) + 1
    return [b"".join(one) for one in packed if one]


def bgzf(plain: bytes) -> bytes:
    """A gzip member that tells its own size, as the SAM specification has it."""
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = deflater.compress(plain) + deflater.flush()
    head = b"\x1f\x8b\x08\x04" + bytes(4) + b"\0\xff" + struct.pack("<HBBHH", 6, 66, 67, 2, len(body) + 25)
    return head + body + struct.pack("<II", zlib.crc32(plain), len(plain))


def sign(log: Path, key: Ed25519PrivateKey, lines: list[bytes]) -> None:
    """Takes every head away that the log has, and signs one over all of its lines."""
    roots = edge(lines)
    root = roots[-1]
    for left in reversed(roots[:-1]):
        root = sha(b"\x01", left, root)
    text = f"{origin(log)}\n{len(lines)}\n{coded(root)}\n"
    kept = {"ts": json.loads(lines[-1])["ts"], "note": note(log, key, text)}
    (log / "checkpoints.ndjson").write_text(json.dumps(kept, separators=(",", ":"), ensure_ascii=False) + "\n")
    edges = "".join(f"edge {coded(one)}\n" for one in roots)
    (log / "checkpoint").write_text(note(log, key, text + edges))


def note(log: Path, key: Ed25519PrivateKey, text: str) -> str:
    """The text with its signature, as a C2SP signed note."""
    public = b"\x01" + key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    name = origin(log)
    identity = sha(name.encode(), b"\n", public)[:4]
    return f"{text}\n\u2014 {name} {coded(identity + key.sign(text.encode()))}\n"


def edge(lines: list[bytes]) -> list[bytes]:
    """The roots of the perfect subtrees that the tree over the lines is made of (RFC 6962), the largest first."""
    found: list[tuple[int, bytes]] = []
    for line in lines:
        found.append((1, sha(b"\x00", line)))
        while len(found) > 1 and found[-1][0] == found[-2][0]:
            (leaves, right), (_, left) = found.pop(), found.pop()
            found.append((2 * leaves, sha(b"\x01", left, right)))
    return [root for _, root in found]


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()

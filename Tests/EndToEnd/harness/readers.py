"""What people read a log with that has nothing of tollgate's: each gives a segment's records in the file's order.

All take what the file holds, whether or not a writer is at it, and raise where they find that it is no whole gzip.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from . import packages

Row = tuple[int, str, "str | None"]
"""A record's seq, kind and rpc_id."""

COLUMNS = ("seq", "kind", "rpc_id")


def row(line: bytes | str) -> Row:
    record = json.loads(line)
    return record["seq"], record["kind"], record.get("rpc_id")


def rows(text: bytes) -> list[Row]:
    assert text == b"" or text.endswith(b"\n"), f"the text ends in half a line: {text[-60:]!r}"
    return [row(line) for line in text.splitlines()]


def by_zcat(segment: Path) -> list[Row]:
    return rows(subprocess.run(["zcat", segment], capture_output=True, check=True).stdout)


def by_python(segment: Path) -> list[Row]:
    with gzip.open(segment) as stream:
        return [row(line) for line in stream]


def by_bgzip(segment: Path) -> list[Row]:
    return rows(subprocess.run(["bgzip", "-d", "-c", segment], capture_output=True, check=True).stdout)


def by_jq(segment: Path) -> list[Row]:
    pipe = ["bash", "-o", "pipefail", "-c", 'zcat "$1" | jq -c "[.seq, .kind, .rpc_id]"', "bash", segment]
    done = subprocess.run(pipe, capture_output=True, check=True)
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def by_duckdb(segment: Path) -> list[Row]:
    types = "{seq: 'UBIGINT', kind: 'VARCHAR', rpc_id: 'VARCHAR'}"
    query = f"select {', '.join(COLUMNS)} from read_ndjson(?, columns = {types}, compression = 'gzip')"
    with duckdb.connect() as database:
        return database.execute(query, [str(segment)]).fetchall()


CHDB = """
import sys, chdb
path = sys.argv[1].replace("'", "''")
structure = "seq UInt64, kind String, rpc_id Nullable(String)"
query = f"select seq, kind, rpc_id from file('{path}', 'JSONEachRow', '{structure}', 'gzip')"
print(chdb.query(query + " settings input_format_parallel_parsing = 0, max_threads = 1", "JSONCompactEachRow"), end="")
"""


def by_chdb(segment: Path) -> list[Row]:
    """ClickHouse, in a process of its own: it brings threads and signal handlers with it."""
    done = subprocess.run([sys.executable, "-c", CHDB, segment], capture_output=True, check=True)
    return [(int(seq), kind, rpc_id) for seq, kind, rpc_id in map(json.loads, done.stdout.splitlines())]


@dataclass(frozen=True)
class Reader:
    """A way to read a segment, and the packages whose programs it needs."""

    read: Callable[[Path], list[Row]]
    programs: tuple[tuple[str, str], ...] = ()
    checks_crc: bool = True
    """DuckDB alone does not: it takes what inflates."""

    def missing(self) -> str | None:
        """Why it cannot be used here."""
        absent = [packages.why_missing(*one) for one in self.programs if packages.program(*one) is None]
        return ", ".join(absent) or None


READERS: dict[str, Reader] = {
    "zcat": Reader(by_zcat),
    "python": Reader(by_python),
    "bgzip": Reader(by_bgzip, (("bgzip", "tabix"),)),
    "jq": Reader(by_jq, (("jq", "jq"),)),
    "duckdb": Reader(by_duckdb, checks_crc=False),
    "chdb": Reader(by_chdb),
}

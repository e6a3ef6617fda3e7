"""ClickHouse as a library (chdb) in a process of its own: it brings threads and signal handlers with it.

Run as a program it is that process: a question a line on standard input, an answer a line on standard output.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]


class ClickHouse:
    """A database in a folder, as long as the block lasts."""

    def __init__(self, folder: Path) -> None:
        self.child = subprocess.Popen(
            [sys.executable, __file__, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> ClickHouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.communicate(timeout=30)

    def ask(self, sql: str, **parameters: Any) -> list[Row]:
        """The rows of one statement; raises `RuntimeError` with ClickHouse's words."""
        self.child.stdin.write(json.dumps({"sql": sql, "parameters": parameters}) + "\n")
        self.child.stdin.flush()
        answer = json.loads(self.child.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return [tuple(row) for row in answer["rows"]]

    def run(self, script: Path, **parameters: Any) -> list[Row]:
        """Runs a file's statements; the rows of the last."""
        rows: list[Row] = []
        for statement in script.read_text().split(";\n"):
            if statement.strip():
                rows = self.ask(statement, **parameters)
        return rows

    def cpu_seconds(self) -> float:
        """What the process has used so far."""
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return float(self.child.stdout.readline())


def answer(session: Any, sql: str, parameters: dict[str, Any]) -> dict[str, Any]:
    settings = {"output_format_json_quote_64bit_integers": "0"}
    try:
        text = str(session.query(sql, "JSONCompactEachRow", params=parameters | settings))
    except Exception as error:
        return {"error": str(error)}
    return {"rows": [json.loads(line) for line in text.splitlines()]}


def main() -> None:
    from chdb.session import Session

    session = Session(sys.argv[1])
    for line in sys.stdin:
        if line == "\n":
            used = resource.getrusage(resource.RUSAGE_SELF)
            print(used.ru_utime + used.ru_stime, flush=True)
        else:
            print(json.dumps(answer(session, **json.loads(line))), flush=True)


if __name__ == "__main__":
    main()

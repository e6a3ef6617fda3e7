"""Published conformance checkers, run on an endpoint; what each of their checks found, by name.

They need environments of their own, for they want versions of the official SDK that exclude each other. These are made
once, in `.venv-checkers`, from PyPI by name: `python harness/checkers.py` does only that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.http_client import Target  # noqa: E402
from harness.paths import ROOT  # noqa: E402
from harness.relay import HeaderRelay  # noqa: E402

FOLDER = ROOT / ".venv-checkers"
ENVIRONMENTS = {
    "sdk2": ["jbt-mcpcheck==0.1.1", "mcp-conform==0.1.0", "mcp==2.3.0"],
    "sdk1": ["mcp-halflist==1.0.0", "mcp==1.30.0"],
}
CHECKERS = ["jbt-mcpcheck", "mcp-halflist", "mcp-conform"]


def program(environment: str, name: str) -> str:
    """The path of a checker's program; its environment is made where it is not there or of other versions."""
    folder = FOLDER / environment
    wanted, mark = "\n".join(ENVIRONMENTS[environment]), folder / "complete"
    if not mark.exists() or mark.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-input", *ENVIRONMENTS[environment]], check=True)
        mark.write_text(wanted)
    return str(folder / "bin" / name)


def run(checker: str, url: str, token: str | None = None) -> dict[str, str]:
    """Every check's name and what it found: `pass`, `warn`, `skip` or `fail`.

    The token is added on the way by a relay, for not every checker can send one; so all are treated alike.
    """
    target = Target.at(url)
    lines = [f"Authorization: Bearer {token}"] if token else []
    with HeaderRelay(target.host, target.port, *lines) as relay:
        place = f"http://{relay.host}:{relay.port}{target.path}"
        match checker:
            case "jbt-mcpcheck":
                report = _report([program("sdk2", "jbt-mcpcheck"), "--json", "--probe", "safe", place])
                return {one["name"]: _word(one["status"]) for one in report["checks"]}
            case "mcp-halflist":
                report = _report(
                    [program("sdk1", "halflist"), "check", "--http", place, "--format", "json", "--no-auth"]
                )
                checks = [(suite["name"], one) for suite in report["suites"] for one in suite["checks"]]
                return {f"{suite}: {one['name']}": _word(one["status"]) for suite, one in checks}
            case "mcp-conform":
                base = place.removesuffix("/mcp")
                report = _report(
                    [program("sdk2", "mcp-conform"), "--transport", "http", "--url", base, "--format", "json", "server"]
                )
                assert not report.get("fatal_error"), report
                return {one["name"]: "pass" if one["passed"] else "fail" for one in report["checks"]}
    raise ValueError(checker)


def _report(command: list[str]) -> Any:
    environment = {"PATH": os.environ["PATH"], "HOME": str(FOLDER), "LANG": "C.UTF-8", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise AssertionError(
            f"{command[0]}: exit {done.returncode}\n{done.stderr[-2000:]}{done.stdout[-500:]}"
        ) from None


def _word(status: str) -> str:
    word = status.lower()
    return {"pass": "pass", "warn": "warn", "skip": "skip", "skipped": "skip", "inconclusive": "skip"}.get(word, "fail")


if __name__ == "__main__":
    for name in ENVIRONMENTS:
        program(name, "python")

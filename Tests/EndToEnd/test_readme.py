"""README.md's transcript is what the demo prints, up to what differs from run to run."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from harness.home import Home
from harness.paths import ROOT, binary

FENCE = re.compile(r"<!-- transcript of `make demo`.*?-->\n```text\n(.*?)```\n<!-- end", re.DOTALL)


def stable(transcript: str) -> list[str]:
    """The demo's own lines, numbers masked: not the build's, nor what tail, watch and report said."""
    lines = []
    in_build = False
    for line in transcript.splitlines():
        if re.match(r"\[\d/\d\]", line):
            in_build = line.endswith("Build")
        if not in_build and "│" not in line and line.strip():
            line = re.sub(r"\S*(\.build/\w+|/)tollgate(?= )|demo-out\S*|/\S*/demo-out\S*", "PATH", line)
            line = re.sub(r"(Swift|Python) [^ ,]+", r"\1 N", re.sub(r" +", " ", line))
            lines.append(re.sub(r"[\d.,]*\d", "N", line).strip())
    return lines


def test_the_demo_proves_its_point_and_the_readme_shows_it(home: Home) -> None:
    out = home.root / "demo-out"
    command = [sys.executable, ROOT / "scripts" / "demo", "--binary", binary(), "--out", out, "--seconds", "8"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | home.environment, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"client sent ([\d,]+) · log \1 · SQLite \1\b", done.stdout)
    assert "builds that reached the server: 10 of 221" in done.stdout
    assert "DOES NOT HOLD" not in done.stdout
    assert re.search(r"tail +│", done.stdout) and re.search(r"watch +│", done.stdout)
    assert (out / "weekly.html").stat().st_size > 1_000

    readme = FENCE.search((ROOT / "README.md").read_text())
    assert readme, "README.md has no transcript\nhint: make readme"
    assert stable(readme[1]) == stable(done.stdout), "the transcript is out of date\nhint: make readme"

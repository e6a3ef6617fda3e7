"""`make proof`, its short form: every line holds, README.md shows a screen of the same lines, and lines can fail."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from harness.home import Home
from harness.paths import ROOT, TESTS, binary
from proofs import flips, neighbours, storm, survival, theft, verdicts
from proofs.agents import Agent, Call, Seen
from proofs.screen import BAR, FIGURE, WHAT, WIDTH, Line, Screen
from proofs.setting import Setting, short

FENCE = re.compile(r"<!-- screen of `make proof`.*?-->\n```text\n(.*?)```\n<!-- end", re.DOTALL)
ROWS = 30


def bars(screen: str) -> list[tuple[str, str]]:
    """What is measured and its bar, of every line, numbers that change from run to run masked."""
    lines = [line for line in screen.splitlines() if line.startswith("  ")]
    found = [(line[2 : 2 + WHAT], line[2 + WHAT + FIGURE : 2 + WHAT + FIGURE + BAR]) for line in lines]
    return [(re.sub(r"[\d,]*\d", "N", what).strip(), bar.strip()) for what, bar in found]


def test_the_short_proof_holds_and_the_readme_shows_its_lines(say) -> None:
    done = subprocess.run(
        [sys.executable, TESTS / "proof.py", "--short"], capture_output=True, text=True, env=os.environ, timeout=400
    )
    assert done.returncode == 0 and "MISSED" not in done.stdout, done.stdout + done.stderr
    rows = done.stdout.splitlines()
    assert len(rows) <= ROWS and max(map(len, rows)) <= WIDTH, done.stdout
    say("make proof, short: " + next(row for row in rows if "lines hold" in row))
    readme = FENCE.search((ROOT / "README.md").read_text())
    assert readme, "README.md has no screen of the proof\nhint: make readme-proof"
    assert bars(readme[1]) == bars(done.stdout), "the screen is out of date\nhint: make readme-proof"


# --- what can fail, does ---


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return short(tmp_path, lambda _: None)


@pytest.fixture
def blind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tollgate whose `log verify` finds every log whole."""
    program = tmp_path / "tollgate-that-lies"
    program.write_text(f'#!/bin/sh\n[ "$1 $2" = "log verify" ] || exec {binary()} "$@"\necho \'{{"ok":true}}\'\n')
    program.chmod(0o755)
    monkeypatch.setenv("TOLLGATE", str(program))


def written(home: Home, policy: Path | None = None) -> Path:
    with home.client(*home.recorder(), policy=policy) as client:
        client.handshake()
        for number in range(20):
            client.call("echo", {"n": number})
        assert client.close() == 0, client.error_text()
    return home.log()


def missed(lines: list[Line]) -> list[bool]:
    return [line.missed for line in lines]


def test_a_verifier_that_finds_nothing_misses(home: Home, setting: Setting, blind: None) -> None:
    found = flips.flipped(setting)
    assert (found.done, found.found) == (setting.flips, 0) and missed(flips.lines(found)) == [True]
    stolen = theft.stolen(setting, written(home), home.root / "state")
    assert missed(theft.lines(stolen)) == [False, True]


def test_a_report_that_is_made_after_the_theft_catches_nobody(home: Home, setting: Setting) -> None:
    found = theft.stolen(setting, written(home), home.root / "state", made_late=True)
    assert (found.alone, found.with_report, found.stranger) == (0, 0, 0)
    assert missed(theft.lines(found)) == [False, True]


def test_a_changed_verdict_is_named_and_one_that_is_not_misses(home: Home, setting: Setting) -> None:
    limit = {"counter": "c", "window": "hour", "max": 3, "scope": "grant"}
    policy = home.write("p.json", {"version": "1", "default": "allow", "tools": {"echo": {"limits": [limit]}}})
    log = written(home, policy)
    found = verdicts.recomputed(setting, [log], log, home.root / "state")
    assert found.judged == 20 and missed(verdicts.lines(found)) == [False, False]
    other = verdicts.Verdicts(20, 19, changed=7, unnoticed=0, named=None)
    assert missed(verdicts.lines(other)) == [True, True]


def test_a_call_that_is_not_in_the_log_or_there_twice_misses() -> None:
    account = survival.counted({"a", "b", "c"}, ["a", "b", "b"], survival.Account())
    account.killed["writer"] = 5
    assert (account.lost, account.twice) == (1, 1)
    assert missed(survival.lines(account, 5, print)) == [True, False]
    account = survival.counted({"a"}, ["a"], survival.Account(problems=["a gap"]))
    assert missed(survival.lines(account, 5, lambda _: None)) == [True, True], "fewer kills than were asked for"


def test_neighbours_that_wait_or_fail_miss() -> None:
    def seen(took: float, kind: str = "ok") -> Seen:
        agent = Agent.__new__(Agent)  # no thread: only what it saw counts
        agent.calls = [Call(float(at), took, kind) for at in range(10)]
        return Seen.of([agent], (0, 10))

    def story(until: Seen, after: Seen, others: float) -> storm.Story:
        one = storm.Storm(seen(0.01), until, after, None, 7, 5.0, 0.005, others)
        alone = storm.Storm(seen(0.01), Seen(1.0, 0.1, 10, seen(1.0).kinds), None, None, 9, None, 0.005, others)
        return storm.Story(alone, one, Path(), [], [])

    well = story(seen(0.5), seen(0.012), others=0.1)
    assert missed(neighbours.lines(well)) == [False] * 5
    slow = story(seen(0.5), seen(0.1), others=0.1)
    assert missed(neighbours.lines(slow)) == [False, False, False, True, False]
    busy = neighbours.lines(story(seen(0.5), seen(0.1), others=0.7))
    assert missed(busy) == [False] * 5 and busy[3].verdict == "busy *", "others' work is not held against us"
    failed = story(seen(0.5, "failed: Silence"), seen(0.012, "failed: Silence"), others=0.1)
    assert missed(neighbours.lines(failed)) == [False, False, True, True, False]


def test_the_screen_counts_what_missed() -> None:
    lines = [Line("a", "1", "2", True), Line("b", "3", "2", False), Line("c", "9", "2", False, others=0.6)]
    screen = Screen(["about"], {"part": lines})
    assert [line.what for line in screen.missed] == ["b"] and [line.what for line in screen.unjudged] == ["c"]
    assert "1 of 3 lines hold, 1 missed, 1 not judged" in str(screen) and "others used 60 %" in str(screen)

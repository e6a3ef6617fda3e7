"""What people see when something goes wrong: what, where, and a hint with a command that works.

The words are kept in golden/*.txt. UPDATE_GOLDEN=1 writes them anew; read the difference before you keep it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from harness import logs
from harness.home import Completed, Home
from harness.machine import without_disk_warning
from harness.paths import TESTS, binary
from harness.situations import SITUATIONS, Situation

GOLDEN = TESTS / "golden"
UNKNOWN = re.compile(r"unknown (sub)?command|unknown option|unexpected argument|missing expected", re.IGNORECASE)


def meet(home: Home, situation: Situation, then=lambda done: None) -> Completed:
    """Sets the situation up, runs its command, and calls `then` while the situation still holds."""
    with situation.prepare(home) as words:
        done = home.tollgate(*words, stdin=situation.stdin, expect=None)
        then(done)
    return done


def golden_text(home: Home, done: Completed) -> str:
    """The command, its status and its words, without what differs from run to run."""
    words = " ".join(shlex.quote(word) for word in done.arguments)
    text = f"$ tollgate {words}\n{without_disk_warning(done.err)}exit {done.code}\n"
    for path, name in ((str(home.root), "~"), (str(binary()), "tollgate")):
        text = text.replace(path, name)
    text = re.sub(r"\bpid \d+", "pid N", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"\b(offset|seq|record|loaded) \d+", r"\1 N", text)
    text = re.sub(r"\b\d+ (ms|records)\b", r"N \1", text)
    return re.sub(r"\b[0-9a-f]{16,64}\b(?!\.ndjson)", "HEX", text)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_an_error_says_what_and_where_and_what_to_do(home: Home, situation: Situation) -> None:
    hints: list[str] = []

    def try_the_hints(done: Completed) -> None:
        hints.extend(re.findall(r"^\s*hint: (.+)$", done.err, re.MULTILINE))
        for hint in hints:
            for command in commands(hint):
                check_command(home, command)

    done = meet(home, situation, try_the_hints)
    assert done.code == situation.exit, done
    assert done.out == "" or situation.exit == 3, "errors are for stderr; what verify found is its answer"
    assert situation.where in done.err, f"does not say where: {done.err}"
    assert hints, f"has no hint: {done.err}"
    assert any(map(commands, hints)), f"no hint holds a command: {hints}"
    compare(GOLDEN / f"{situation.name}.txt", golden_text(home, done))


def compare(file: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text)
    assert file.exists(), f"no {file.name}\nhint: UPDATE_GOLDEN=1 make e2e\n{text}"
    assert text == file.read_text()


def commands(hint: str) -> list[str]:
    """The commands a hint holds: what stands in backticks, or else the hint itself up to a remark in brackets."""
    quoted = re.findall(r"`([^`]+)`", hint)
    return [part for part in quoted or [hint.split("  (")[0]] if is_command(part.split()[0])]


def is_command(word: str) -> bool:
    return (
        word == "tollgate" or subprocess.run(["sh", "-c", 'type "$1"', "sh", word], capture_output=True).returncode == 0
    )


def check_command(home: Home, command: str) -> None:
    """Runs a command of tollgate's as given, or its help where it has places to fill in; it must be understood."""
    words = shlex.split(command.replace("/tmp/", f"{home.work}/"))
    if words.pop(0) != "tollgate":
        return
    if any(re.search(r"[…<>]|^[A-Z_]+$", word) for word in words):
        words = [word for word in words[:2] if re.fullmatch(r"[a-z]+", word)] + ["--help"]
    if words[0] == "simulate":
        words += ["--events", "100"]
    try:
        done = home.tollgate(*words, expect=None, timeout=3)
    except subprocess.TimeoutExpired:
        return
    assert not UNKNOWN.search(done.err), f"the hint's command `{command}` is not understood: {done.err}"


def test_there_are_golden_files_for_all_and_for_nothing_else() -> None:
    assert len(SITUATIONS) >= 25
    assert {file.stem for file in GOLDEN.glob("*.txt")} == {situation.name for situation in SITUATIONS}


def test_an_invalid_policy_shows_every_error_at_once(home: Home) -> None:
    situation = next(one for one in SITUATIONS if one.name == "policy-window-and-scope-and-more")
    done = meet(home, situation)
    for place in ("limits/0/window", "limits/0/max", "limits/0/scope", "conditions/0/path", "conditions/0/value"):
        assert place in done.err
    assert "fortnight" in done.err and "grant" in done.err


def test_a_crashed_server_answers_everything_that_waits(home: Home) -> None:
    server = "import sys\nfor line in sys.stdin:\n    if '\"last\"' in line: sys.exit(7)\n"
    with home.client(sys.executable, home.write("crash.py", server), agent="ci") as client:
        for rpc_id in ("one", "two", "last"):
            client.request_call("echo", {"n": rpc_id}, rpc_id=rpc_id)
        answers = [client.answer(rpc_id) for rpc_id in ("one", "two", "last")]
        assert client.child.wait(30) == 7, "run ends with its child's status"
    assert all("error" in answer for answer in answers)
    assert not any(-32099 <= answer["error"]["code"] <= -32020 for answer in answers)
    assert None not in client.messages, "nothing but messages on stdout"
    assert "hint: " in client.error_text() and "7" in client.error_text()
    calls = logs.calls(home.records())
    assert len(calls) == 3
    assert {logs.outcome_of(home.records(), call)["outcome"] for call in calls} == {"upstream_down"}


def test_the_servers_stderr_passes_and_stdout_stays_clean(home: Home) -> None:
    with home.client("/bin/sh", "-c", "echo to-stderr >&2; cat > /dev/null; exit 0") as client:
        client.send({"method": "notifications/initialized"})
        assert client.close() == 0
    assert "to-stderr" in client.error_text()
    assert client.messages == []


def test_help_has_an_example_everywhere(home: Home) -> None:
    for words in ("run", "wrap", "tail", "ingest", "report", "watch", "simulate", "policy check", "log verify"):
        said = home.tollgate(*words.split(), "--help").out
        assert f"tollgate {words}" in said, f"tollgate {words} --help shows no example"


def test_errors_are_not_json_even_where_output_is(home: Home) -> None:
    done = home.tollgate("log", "verify", "--log", "nowhere", "--json", expect=2)
    assert "hint: " in done.err
    assert done.out == "" or "error" in json.loads(done.out)

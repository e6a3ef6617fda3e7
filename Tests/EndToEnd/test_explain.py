"""`tollgate explain`: why a call was decided as it was, and why an alert fired, from the log alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

from harness import logs
from harness.client import verdict
from harness.home import Home

LIMIT = {"counter": "looks", "window": "minute", "max": 3, "scope": "grant"}
GOLDEN = Path(__file__).parent / "screens" / "explain-throttle.txt"


def limited(home: Home) -> list[logs.Record]:
    """Three looks that pass and one that does not, one of them with a secret; all records."""
    rules = home.write("policy.json", {"version": "1", "default": "allow", "tools": {"look": {"limits": [LIMIT]}}})
    with home.client(*home.recorder(tools="look"), policy=rules, agent="ci", name="platform") as client:
        client.handshake()
        seen = [verdict(client.call("look", {"card": f"4242-{number}"})) for number in range(4)]
        assert seen == ["ok"] * 3 + ["throttle"] and client.close() == 0
    return home.records()


def test_a_throttled_call_is_explained_by_the_calls_that_took_its_limit(home: Home) -> None:
    calls = logs.calls(limited(home), tool="look")
    name = f"platform/{calls[-1]['seq']}"
    done = home.tollgate("explain", name, "--json")
    told = done.json()
    assert told["subject"] == name and [one["seq"] for one in told["calls"]] == [one["seq"] for one in calls[:3]]
    assert "A maximum of 4 would have let it pass." in told["changes"]
    assert sum(told["chart"]["passed"]) == 3 and sum(told["chart"]["stopped"]) == 1
    text = home.tollgate("explain", name).out
    assert "4242" not in text + done.out
    # Moments, seqs, digests and where a chart's steps begin differ from run to run; all else stays as it is.
    said = re.sub(r"\n  \d\d:\d\d:\d\d  [#x]+  \d+|\n  ·", "", text)
    for pattern, word in (
        (r"\d\d:\d\d:\d\d\.\d+", "TIME"),
        (r"[0-9a-f]{16}", "DIGEST"),
        (r"\d+ ms", "N ms"),
        (r"platform/\d+", "platform/N"),
        (r"(?m)^  \d+  TIME", "  N  TIME"),
    ):
        said = re.sub(pattern, word, said)
    assert said == GOLDEN.read_text()


def test_an_outcome_is_explained_by_its_decision(home: Home) -> None:
    found = limited(home)
    first = logs.calls(found, tool="look")[0]
    outcome = logs.outcome_of(found, first)
    told = home.tollgate("explain", f"platform/{outcome['seq']}", "--json").json()
    assert told["subject"] == f"platform/{first['seq']}" and "was allowed" in told["sentence"]


def test_an_alert_is_explained_by_its_calls(home: Home) -> None:
    with home.client(*home.recorder(tools="deploy"), agent="ci", name="platform") as client:
        client.handshake()
        for _ in range(9):
            client.call("deploy", {"app": "4242"})
        assert client.close() == 0
    sink = home.work / "alerts.ndjson"
    home.tollgate("watch", "--once", "--sink", f"file:{sink}")
    page = json.loads(sink.read_text().splitlines()[0])
    done = home.tollgate("explain", page["id"], "--json")
    told = done.json()
    last = int(page["last_record"].rpartition("/")[2])
    calls = [one["seq"] for one in logs.calls(home.records(), tool="deploy") if one["seq"] <= last]
    assert [one["seq"] for one in told["calls"]] == calls and "4242" not in done.out
    assert f"It fires at 7; {len(calls)} were counted. Below 7 it would have stayed silent." in told["changes"]


def test_what_is_not_there_says_so(home: Home) -> None:
    limited(home)
    for name in ("platform/99999", "platform/0", "nowhere/1", "0123456789abcdef"):
        assert "hint: tollgate " in home.tollgate("explain", name, expect=1).err

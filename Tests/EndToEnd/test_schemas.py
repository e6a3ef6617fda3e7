"""Every record that the other tests' gateways wrote, and every example policy, fits its published schema."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from harness import logs
from harness.home import Home
from harness.paths import CORPORA, POLICIES, ROOT, SCHEMAS
from jsonschema import Draft202012Validator


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / name).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def kinds_of(log: Path) -> Counter[str]:
    """How many records of each kind a log has, each of which fits the schema."""
    check = validator("decision-event.v1.schema.json")
    kinds: Counter[str] = Counter()
    for record in logs.salvage(log) if (log / "DAMAGED").exists() else logs.records(log):
        error = next(check.iter_errors(record), None)
        assert error is None, f"{log}, seq {record.get('seq')}: {error.message} at {error.json_path}"
        kinds[record["kind"]] += 1
    return kinds


@pytest.mark.last
def test_every_record_fits_the_schema(tmp_path_factory: pytest.TempPathFactory, say) -> None:
    left = Path(os.environ.get("TOLLGATE_TESTS_LEFT") or tmp_path_factory.getbasetemp())
    found = sorted(segments.parent for segments in left.rglob("seg"))
    kinds: Counter[str] = Counter()
    with ProcessPoolExecutor() as pool:
        for counted in pool.map(kinds_of, found):
            kinds += counted
    assert {"decision", "outcome", "control"} <= set(kinds)
    say(f"schema: {sum(kinds.values())} records of {len(found)} logs hold: {dict(kinds)}")


@pytest.mark.parametrize("policy", sorted(POLICIES.glob("*.json")), ids=lambda path: path.stem)
def test_every_example_policy_fits_the_schema(policy: Path) -> None:
    errors = [error.message for error in validator("policy.v1.schema.json").iter_errors(json.loads(policy.read_text()))]
    assert errors == []


@pytest.mark.parametrize(
    "document",
    [
        {"version": "2", "default": "deny"},
        {"version": "1"},
        {"version": "1", "default": "maybe"},
        {"version": "1", "default": "deny", "tool": {}},
        {"version": "1", "default": "deny", "tools": {"t": {"limits": [{"counter": "c", "window": "week", "max": 1}]}}},
        {
            "version": "1",
            "default": "deny",
            "tools": {"t": {"deny_if": [{"conditions": [{"path": "args.a", "op": "like"}]}]}},
        },
    ],
)
def test_the_policy_schema_refuses_what_the_checker_refuses(document: dict) -> None:
    assert list(validator("policy.v1.schema.json").iter_errors(document))


def corpus() -> list[dict[str, Any]]:
    """Policies, good and bad: `accepted` is the engine's word, `beyond_schema` why a schema cannot say the same."""
    files = sorted((CORPORA / "policies").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def fits(check: Draft202012Validator, text: str) -> bool:
    """Whether the schema accepts a document; what Python does not take for JSON, it does not."""
    try:
        return check.is_valid(json.loads(text))
    except ValueError:
        return False


def test_the_policy_schema_accepts_what_the_engine_accepts(home: Home, say) -> None:
    check = validator("policy.v1.schema.json")
    asked: Counter[str] = Counter()
    for line in corpus():
        file = home.work / "policy.json"
        file.write_bytes(line["document"].encode())
        done = home.tollgate("policy", "check", "--json", file, expect=None)
        verdict = json.loads(done.out)
        assert verdict["ok"] is line["accepted"] and done.code == (0 if line["accepted"] else 2), line
        assert verdict["ok"] is not bool(verdict["errors"])
        reason = line.get("beyond_schema")
        assert not (reason and line["accepted"]), "the schema may say less than the engine, never more"
        # `text` is about the JSON itself, of which a reader of Python's tolerance may see nothing wrong.
        if reason != "text":
            assert fits(check, line["document"]) is (line["accepted"] or reason is not None), line
        asked["accepted" if line["accepted"] else reason or "refused by both"] += 1
    assert asked["accepted"] >= 100 and asked["refused by both"] >= 100
    say(f"policy schema and engine: {sum(asked.values())} documents, {dict(asked)}")


def test_what_the_policy_schema_cannot_say_is_on_the_page() -> None:
    page = (ROOT / "docs" / "POLICY.md").read_text()
    listed = page.partition("What a schema cannot say")[2].partition("\n\n")[2].partition("\n\n")[0]
    on_page = set(re.findall(r"^- `(\w+)`:", listed, re.MULTILINE))
    assert on_page == {line["beyond_schema"] for line in corpus() if "beyond_schema" in line}


def test_the_record_schema_refuses_what_is_no_record() -> None:
    check = validator("decision-event.v1.schema.json")
    assert list(check.iter_errors({"v": 1, "seq": -1, "ts": "2026-11-22T00:00:00.000000Z", "kind": "decision"}))
    assert list(check.iter_errors({"v": 1, "seq": 0, "ts": "yesterday", "kind": "control", "event": "log_open"}))

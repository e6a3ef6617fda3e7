"""Every record that the other tests' gateways wrote, and every example policy, fits its published schema."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from harness import logs
from harness.paths import POLICIES, SCHEMAS
from jsonschema import Draft202012Validator


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / name).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.last
def test_every_record_fits_the_schema(tmp_path_factory: pytest.TempPathFactory, say) -> None:
    check = validator("decision-event.v1.schema.json")
    kinds: Counter[str] = Counter()
    logs_read = 0
    for segments in sorted(tmp_path_factory.getbasetemp().rglob("seg")):
        log = segments.parent
        logs_read += 1
        found = logs.salvage(log) if (log / "DAMAGED").exists() else logs.records(log)
        for record in found:
            error = next(check.iter_errors(record), None)
            assert error is None, f"{log}, seq {record.get('seq')}: {error.message} at {error.json_path}"
            kinds[record["kind"]] += 1
    assert {"decision", "outcome", "control"} <= set(kinds)
    say(f"schema: {sum(kinds.values())} records of {logs_read} logs hold: {dict(kinds)}")


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


def test_the_record_schema_refuses_what_is_no_record() -> None:
    check = validator("decision-event.v1.schema.json")
    assert list(check.iter_errors({"v": 1, "seq": -1, "ts": "2026-11-22T00:00:00.000000Z", "kind": "decision"}))
    assert list(check.iter_errors({"v": 1, "seq": 0, "ts": "yesterday", "kind": "control", "event": "log_open"}))

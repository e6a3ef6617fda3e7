"""`log export`: each form read by what reads it elsewhere."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from google.protobuf import json_format
from harness import logs, situations
from harness.home import Home
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest


@pytest.fixture
def log(home: Home) -> Path:
    """A log with allowed and denied calls, outcomes and control records."""
    log = situations.written_log(home)
    policy = home.write("policy.json", {"version": "1", "default": "deny", "tools": {"echo": {}}})
    with home.client(*home.recorder(), log=log, policy=policy, agent='=ci,"1"') as client:
        client.handshake()
        for tool in ("echo", "delete_cluster", "echo"):
            client.call(tool, {"n": 1})
        assert client.close() == 0, client.error_text()
    return log


def test_lines_are_the_logs_own_and_times_cut_them(home: Home, log: Path) -> None:
    out = home.tollgate("log", "export", "--log", log).out
    assert out.encode().splitlines() == logs.lines(log)
    found = logs.records(log)
    since, until = found[3]["ts"], found[-2]["ts"]
    part = home.tollgate("log", "export", "--log", log, "--since", since, "--until", until).out.splitlines()
    assert [json.loads(line) for line in part] == [one for one in found if since <= one["ts"] < until]


def test_rows_hold_the_records_fields(home: Home, log: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(home.tollgate("log", "export", "--format", "csv", "--log", log).out)))
    found = logs.records(log)
    assert len(rows) == len(found)
    for row, record in zip(rows, found, strict=True):
        for key, value in row.items():
            if key in record and not isinstance(record[key], (list, dict, bool)):
                assert value == str(record[key]), (key, value, record)
            elif key not in record:
                assert value == "", (key, value, record)
    assert any(row["agent"] == '=ci,"1"' for row in rows)


def test_opentelemetrys_own_reader_takes_the_log_records(home: Home, log: Path) -> None:
    out = home.tollgate("log", "export", "--format", "otlp-json", "--log", log).out
    requests = [json_format.Parse(line, ExportLogsServiceRequest()) for line in out.splitlines()]
    exported = [
        one for request in requests for resource in request.resource_logs for scope in resource.scope_logs
        for one in scope.log_records
    ]  # fmt: skip
    found = logs.records(log)
    assert len(exported) == len(found)
    for one, record in zip(exported, found, strict=True):
        attributes = {a.key: a.value.string_value or a.value.int_value for a in one.attributes}
        assert attributes["log.record.uid"] == f"{log.name}/{record['seq']}"
        assert one.event_name == f"tollgate.{record['kind']}"
        assert one.time_unix_nano % 1000 == 0 and one.severity_number in (9, 13)
        if record["kind"] == "decision":
            assert attributes["tollgate.decision"] == record["decision"]
            assert attributes.get("gen_ai.tool.name") == record.get("tool")
    assert {one.severity_text for one in exported} == {"INFO", "WARN"}


def test_ocsf_events_have_what_their_class_requires(home: Home, log: Path) -> None:
    out = home.tollgate("log", "export", "--format", "ocsf", "--log", log).out
    events = [json.loads(line) for line in out.splitlines()]
    decisions = logs.decisions(logs.records(log))
    assert len(events) == len(decisions)
    for event, decision in zip(events, decisions, strict=True):
        required = {"activity_id", "actor", "api", "category_uid", "class_uid", "metadata", "severity_id", "time"}
        assert required | {"src_endpoint", "type_uid"} <= event.keys()
        assert (event["class_uid"], event["category_uid"]) == (6003, 6)
        assert event["type_uid"] == 600300 + event["activity_id"]
        assert event["metadata"]["uid"] == f"{log.name}/{decision['seq']}"
        assert event["api"]["operation"] == decision.get("tool", decision["method"])
        passes = decision["decision"] == "allow" or decision["mode"] == "shadow"
        assert event["action_id"] == event["disposition_id"] == (1 if passes else 2)
    assert {event["action_id"] for event in events} == {1, 2}

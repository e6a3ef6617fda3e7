"""Loads a log's segments into DuckDB, all columns, and asks the weekly questions: JSON on standard output.

    duck.py SEGMENTS_GLOB DATABASE WEEK_START

CPU is this process's own, so that Python's start and the import are left out.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from datetime import datetime

import duckdb

TEXT = (
    "gateway agent grant identity on_behalf_of peer session client server transport protocol method rpc_id trace tool "
    "tool_digest risk arg_digest decision mode reason rule message policy policy_digest limit_counter facts round "
    "outcome reservation result_digest event"
).split()
NUMBERS = (
    "v seq of arg_keys_other arg_bytes limit_window_s limit_max limit_used retry_after_ms cost n decide_us code wait_us "
    "upstream_us gateway_us result_bytes"
).split()
COLUMNS = (
    {"kind": "VARCHAR", "ts": "TIMESTAMP", "unlisted": "BOOLEAN", "arg_keys": "VARCHAR[]", "args": "VARCHAR[]"}
    | dict.fromkeys(TEXT, "VARCHAR")
    | dict.fromkeys(NUMBERS, "BIGINT")
)

TOOL = "CASE WHEN unlisted THEN '(unlisted)' ELSE tool END AS tool"
CALLS = "kind = 'decision' AND method = 'tools/call' AND n IS NULL AND of IS NULL"
QUESTIONS = {
    "rates": f"""
        SELECT coalesce(agent, '') AS agent, server, {TOOL}, date_trunc('hour', ts) AS hour, count(*) AS n,
            count(*) FILTER (decision = 'throttle' AND mode = 'enforce') AS throttled
        FROM ev WHERE {CALLS} AND ts >= $week AND ts < $week + INTERVAL 7 DAY
        GROUP BY ALL ORDER BY n DESC, agent, server, tool, hour LIMIT 50""",
    "denials": f"""
        SELECT coalesce(agent, '') AS agent, server, {TOOL}, coalesce(rule, '') AS rule, decision, count(*) AS n
        FROM ev WHERE {CALLS} AND decision <> 'allow' AND ts >= $week AND ts < $week + INTERVAL 7 DAY
        GROUP BY ALL ORDER BY n DESC, agent, server, tool, rule, decision LIMIT 20""",
    "movers": f"""
        SELECT coalesce(agent, '') AS agent, server, {TOOL}, count(*) FILTER (ts >= $week) AS now, count(*) FILTER (ts < $week) AS before
        FROM ev WHERE {CALLS} AND ts >= $week - INTERVAL 7 DAY AND ts < $week + INTERVAL 7 DAY
        GROUP BY ALL ORDER BY now - before DESC, agent, server, tool LIMIT 20""",
}


def cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def main() -> None:
    segments, path, week = sys.argv[1:4]
    start_of_week = datetime.fromisoformat(week)
    connection = duckdb.connect(path)
    connection.execute("SET threads = 2")
    connection.execute("SET preserve_insertion_order = false")
    start, clock = cpu(), time.monotonic()
    connection.execute(
        f"CREATE TABLE ev AS SELECT * FROM read_json('{segments}', format = 'newline_delimited', columns = {COLUMNS})"
    )
    connection.execute("CHECKPOINT")
    found = {"cpu_s": cpu() - start, "wall_s": time.monotonic() - clock, "questions": {}, "answers": {}}
    found["records"] = connection.execute("SELECT count(*) FROM ev").fetchone()[0]
    for name, sql in QUESTIONS.items():
        times = []
        for _ in range(3):
            start = cpu()
            rows = connection.execute(sql, {"week": start_of_week}).fetchall()
            times.append(cpu() - start)
        found["questions"][name] = min(times)
        found["answers"][name] = [[value if isinstance(value, int) else str(value) for value in row] for row in rows]
    connection.close()
    found["bytes"] = os.path.getsize(path)
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()

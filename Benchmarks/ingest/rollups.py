"""The weekly questions, asked of a warehouse's roll-ups or of its raw rows: the same answers as DuckDB's over the log."""

from __future__ import annotations

import resource
import sqlite3
from datetime import datetime, timezone

DAY = 86_400
NAMES = """
    JOIN actor AS a ON a.id = caller
    JOIN tool AS t ON t.id = base"""


def questions(hours: str, days: str) -> dict[str, str]:
    """The questions of sources with start, actor, tool, verdict and n, by hour and by day."""
    joined = "JOIN actor ON actor.id = r.actor JOIN tool ON tool.id = r.tool JOIN verdict ON verdict.id = r.verdict"
    pair = "actor.agent_id AS caller, tool.tool_id AS base"
    return {
        "rates": f"""
            SELECT a.agent, t.server, t.tool, hour, n, throttled FROM (
                SELECT {pair}, r.hour, sum(r.n) AS n,
                    sum(CASE WHEN verdict.decision = 'throttle' AND verdict.mode = 'enforce' THEN r.n ELSE 0 END) AS throttled
                FROM {hours} AS r {joined} WHERE r.hour >= :week AND r.hour < :week + 7 * {DAY}
                GROUP BY actor.agent_id, tool.tool_id, r.hour) {NAMES}
            ORDER BY n DESC, a.agent, t.server, t.tool, hour LIMIT 50""",
        "denials": f"""
            SELECT a.agent, t.server, t.tool, rule, decision, n FROM (
                SELECT {pair}, verdict.rule, verdict.decision, sum(r.n) AS n
                FROM {days} AS r {joined}
                WHERE r.day >= :week AND r.day < :week + 7 * {DAY} AND verdict.decision <> 'allow'
                GROUP BY actor.agent_id, tool.tool_id, verdict.rule, verdict.decision) {NAMES}
            ORDER BY n DESC, a.agent, t.server, t.tool, rule, decision LIMIT 20""",
        "movers": f"""
            SELECT a.agent, t.server, t.tool, now, before FROM (
                SELECT {pair}, sum(CASE WHEN r.day >= :week THEN r.n ELSE 0 END) AS now,
                    sum(CASE WHEN r.day < :week THEN r.n ELSE 0 END) AS before
                FROM {days} AS r JOIN actor ON actor.id = r.actor JOIN tool ON tool.id = r.tool
                WHERE r.day >= :week - 7 * {DAY} AND r.day < :week + 7 * {DAY}
                GROUP BY actor.agent_id, tool.tool_id) {NAMES}
            ORDER BY now - before DESC, a.agent, t.server, t.tool LIMIT 20""",
    }


ROLLUPS = questions("rollup_hour", "rollup_day")
"""From the roll-ups, as the reports ask."""

ROWS = questions(
    *(
        f"(SELECT ts_us / {unit * 1_000_000} * {unit} AS {name}, actor, tool, verdict, 1 AS n FROM call)"
        for name, unit in (("hour", 3600), ("day", DAY))
    )
)
"""The same, recounted from the rows of `call`."""


def cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def ask(path: str, week: datetime, questions: dict[str, str], rounds: int = 3) -> tuple[dict, dict]:
    """Least CPU seconds of each question, and its answer with hours as DuckDB prints them."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    times, answers = {}, {}
    for name, sql in questions.items():
        spent = []
        for _ in range(rounds):
            start = cpu()
            rows = connection.execute(sql, {"week": int(week.timestamp())}).fetchall()
            spent.append(cpu() - start)
        times[name] = min(spent)
        answers[name] = [list(row) for row in rows]
    for row in answers["rates"]:
        row[3] = datetime.fromtimestamp(row[3], timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    connection.close()
    return times, answers

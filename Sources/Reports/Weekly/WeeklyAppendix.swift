import Events
import Terminal

/// What the words mean and how each figure can be asked for again.
struct WeeklyAppendix {
    let report: WeeklyReport

    var section: Section {
        let queries = ReportQueries(from: report.period.from.timestamp, to: report.period.to.timestamp).all
        return Section(
            id: "appendix", title: "Definitions and queries",
            lead: "The queries run on the warehouse as it is, with any SQLite tool: sqlite3 -readonly warehouse.sqlite",
            blocks: [.definitions(WeeklyAppendix.definitions)]
                + queries.map { .code(id: "q-\($0.id)", caption: Prose(stringLiteral: $0.title), text: $0.sql) },
            isReference: true)
    }

    static let definitions: [(term: String, meaning: Prose)] = [
        ("Call", "A decided tools/call; where it was held for a person, the hold and its end are one call."),
        (
            "Denied, throttled",
            "Enforced refusals: by a rule, or by a limit. In shadow mode nothing is refused; those count as calls that passed."
        ),
        (
            "Stopped",
            "Denied plus throttled. Its interval is Wilson's, 95 %: where the true share lies given how few calls there are."
        ),
        (
            "Errors",
            "Forwarded calls that ended in a tool error, a protocol or HTTP error, a timeout, or a server that was down or overloaded."
        ),
        ("Active hour", "A UTC hour in which the agent made at least one call."),
        (
            "Most in a minute",
            "The busiest clock minute. “Most in 60 s”, in incidents, is any 60 seconds in a row and so can be higher."
        ),
        (
            "Change",
            "Against the week before, or the same span of it where the week is not over; no percentage on a base below 20 calls."
        ),
        (
            "Runaway",
            "An episode that fires a detector rule of severity page. Findings on one agent and tool within 60 minutes are one incident."
        ),
        ("Usual", "The pair's own calls per active minute in the four weeks before."),
        ("Coverage", "Records loaded, of those loaded, rejected, missing and known to be lost."),
        ("p95", "The duration that 95 of 100 calls stayed below, upstream time only, exact to 9 %."),
    ]
}

/// The SQL behind the figures, on the warehouse's views.
///
/// A test runs every one and compares.
struct ReportQueries {
    struct Query: Sendable {
        let id: String
        let title: String
        let sql: String
    }

    private let from: Timestamp
    private let to: Timestamp
    private static let stopped = "mode = 'enforce' AND decision IN ('deny', 'throttle')"

    init(from: Timestamp, to: Timestamp) {
        self.from = from
        self.to = to
    }

    private var within: String { "time >= '\(from)' AND time < '\(to)'" }

    var all: [Query] {
        [
            Query(
                id: "days", title: "Calls per day",
                sql: """
                    SELECT substr(time, 1, 10) AS day, count(*) AS calls,
                      sum(\(ReportQueries.stopped)) AS stopped
                    FROM calls WHERE \(within) GROUP BY day ORDER BY day;
                    """),
            Query(
                id: "agents", title: "Agents",
                sql: """
                    SELECT agent, count(*) AS calls, count(DISTINCT substr(time, 1, 13)) AS active_hours,
                      sum(mode = 'enforce' AND decision = 'deny') AS denied,
                      sum(mode = 'enforce' AND decision = 'throttle') AS throttled,
                      count(DISTINCT server || '/' || tool) AS tools
                    FROM calls WHERE \(within) GROUP BY agent ORDER BY calls DESC, agent;
                    """),
            Query(
                id: "peaks", title: "Each agent's busiest minute",
                sql: """
                    SELECT agent, max(calls) AS calls, minute FROM (
                      SELECT agent, substr(time, 1, 16) AS minute, count(*) AS calls
                      FROM calls WHERE \(within) GROUP BY agent, minute ORDER BY minute)
                    GROUP BY agent ORDER BY calls DESC, agent;
                    """),
            stops("rule", "denials-by-rule", "Stopped calls by rule", "rule, reason, decision, mode"),
            stops("reason", "denials-by-reason", "Stopped calls by reason", "reason"),
            stops("tool", "denials-by-tool", "Stopped calls by tool", "server, tool"),
            stops("agent", "denials-by-agent", "Stopped calls by agent", "agent"),
            Query(
                id: "persistent", title: "The same call, stopped again and again",
                sql: """
                    SELECT agent, server, tool, arg_digest, count(*) AS times, min(time) AS first, max(time) AS last
                    FROM calls WHERE \(ReportQueries.stopped) AND \(within)
                    GROUP BY agent, server, tool, arg_digest HAVING times > 5 ORDER BY times DESC;
                    """),
            Query(
                id: "near-misses", title: "Near misses",
                sql: """
                    SELECT agent, server, tool, limit_counter, limit_max, max(limit_used) AS highest, count(*) AS calls
                    FROM calls WHERE NOT (\(ReportQueries.stopped)) AND limit_used >= 0.8 * limit_max AND \(within)
                    GROUP BY agent, server, tool, limit_counter, limit_max ORDER BY calls DESC;
                    """),
            Query(
                id: "high-risk", title: "High-risk tools by agent and day",
                sql: """
                    SELECT server, tool, agent, substr(time, 1, 10) AS day, count(*) AS calls
                    FROM calls WHERE risk IN ('execute', 'destructive', 'financial') AND \(within)
                    GROUP BY server, tool, agent, day ORDER BY server, tool, agent, day;
                    """),
            Query(
                id: "hours", title: "Hours of the week (weekday 0 is Sunday)",
                sql: """
                    SELECT strftime('%w', time) AS weekday, substr(time, 12, 2) AS hour, count(*) AS calls
                    FROM calls WHERE \(within) GROUP BY weekday, hour ORDER BY weekday, hour;
                    """),
            Query(
                id: "alerts", title: "Alerts",
                sql: "SELECT * FROM alerts WHERE raised >= '\(from)' AND raised < '\(to)' ORDER BY raised;"),
            Query(id: "coverage", title: "Coverage", sql: "SELECT * FROM coverage ORDER BY log;"),
        ]
    }

    private func stops(_ name: String, _ id: String, _ title: String, _ columns: String) -> Query {
        let condition = name == "rule" ? "decision IN ('deny', 'throttle')" : ReportQueries.stopped
        return Query(
            id: id, title: title,
            sql: """
                SELECT \(columns), count(*) AS calls
                FROM calls WHERE \(condition) AND \(within)
                GROUP BY \(columns) ORDER BY calls DESC;
                """)
    }
}

import Events
import Warehouse

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
    /// The weeks before begin here.
    private let before: Timestamp
    private let zone: ReportZone
    private static let stopped = "mode = 'enforce' AND decision IN ('deny', 'throttle')"

    init(_ period: PeriodFigures) {
        from = period.from.timestamp
        to = period.to.timestamp
        zone = period.zone
        let whole = Period(from: from, to: to)
        before = zone.period(whole, daysEarlier: 7).from
    }

    /// A call's time on the local clock, as far as one offset serves the whole period.
    private var clock: String {
        let seconds = zone.offsetSeconds(from)
        return seconds == 0 ? "time" : "datetime(time, '\(seconds) seconds')"
    }

    private var lastWeekEnd: Timestamp { zone.period(Period(from: from, to: to), daysEarlier: 7).to }

    private var within: String { "time >= '\(from)' AND time < '\(to)'" }

    var all: [Query] {
        [
            Query(
                id: "days", title: "Calls per day",
                sql: """
                    SELECT substr(\(clock), 1, 10) AS day, count(*) AS calls,
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
                    SELECT server, tool, agent, substr(\(clock), 1, 10) AS day, count(*) AS calls
                    FROM calls WHERE risk IN ('execute', 'destructive', 'financial') AND \(within)
                    GROUP BY server, tool, agent, day ORDER BY server, tool, agent, day;
                    """),
            Query(
                id: "hours", title: "Hours of the week (weekday 0 is Sunday)",
                sql: """
                    SELECT strftime('%w', \(clock)) AS weekday, substr(\(clock), 12, 2) AS hour, count(*) AS calls,
                      sum(\(ReportQueries.stopped)) AS stopped
                    FROM calls WHERE \(within) GROUP BY weekday, hour ORDER BY weekday, hour;
                    """),
            Query(
                id: "movers", title: "Movers: this week's calls beside those of the same span of last week",
                sql: """
                    SELECT agent, server, tool, sum(time >= '\(from)') AS calls, sum(time < '\(from)') AS previous
                    FROM calls WHERE \(within)
                      OR (time >= '\(before)' AND time < '\(lastWeekEnd)')
                    GROUP BY agent, server, tool ORDER BY calls - previous DESC;
                    """),
            Query(
                id: "first-uses", title: "First uses",
                sql: """
                    SELECT agent, server, tool, min(time) AS first
                    FROM calls GROUP BY agent, server, tool HAVING first >= '\(from)' AND first < '\(to)'
                    ORDER BY agent, first;
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

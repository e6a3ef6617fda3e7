import Events
import GRDB

/// Requests other than calls, and refusals that were counted by the second.
struct OtherRequests {
    var reason: String
    var agent: String?
    var server: String
    var method: String
    var n: Int
    var isRefused: Bool
    var isCoalesced: Bool

    /// Reads whole hours from `request_hour`, the period's edges from rows, coalesced refusals from their records.
    static func read(_ db: Database, _ period: Period, _ names: NameTables) throws -> [OtherRequests] {
        let from = period.from.microseconds
        let to = period.to.microseconds
        guard from < to else { return [] }
        var parts: [String] = []
        func rows(_ from: Int64, _ to: Int64) -> String {
            """
            SELECT request.actor, request.tool, request.verdict, request.n
            \(CallRows.source(from, to, of: "request"))
            """
        }
        let firstHour = Clock.firstStart(of: Clock.hour, from: from)
        let lastHour = Clock.start(of: Clock.hour, holding: to)
        if firstHour > lastHour {
            parts = [rows(from, to)]
        } else {
            if from < firstHour * Clock.second { parts.append(rows(from, firstHour * Clock.second)) }
            parts.append(
                """
                SELECT actor, tool, verdict, n FROM request_hour WHERE hour >= \(firstHour) AND hour < \(lastHour)
                """)
            if lastHour * Clock.second < to { parts.append(rows(lastHour * Clock.second, to)) }
        }
        var requests: [OtherRequests] = []
        let union = parts.joined(separator: "\nUNION ALL ")
        try db.forEachRow("SELECT actor, tool, verdict, sum(n) FROM (\(union)) GROUP BY 1, 2, 3") { row in
            let tool = names.tools[row.integer(1)]
            let verdict = names.verdicts[row.integer(2)]
            let isStop = verdict?.decision == .deny || verdict?.decision == .throttle
            requests.append(
                OtherRequests(
                    reason: verdict?.reason.rawValue ?? "", agent: names.actors[row.integer(0)]?.agent,
                    server: tool?.name.server ?? "", method: tool?.method ?? "-", n: row.count(3),
                    isRefused: isStop && verdict?.mode == .enforce, isCoalesced: false))
        }
        let coalesced = """
            SELECT coalesce(reason, ''), agent, coalesce(server, ''), sum(coalesce(n, 1)) FROM control_event
            WHERE event = 'refused' AND ts_us >= \(from) AND ts_us < \(to) GROUP BY 1, 2, 3
            """
        try db.forEachRow(coalesced) { row in
            requests.append(
                OtherRequests(
                    reason: row.text(0), agent: row.name(1), server: row.text(2), method: "-", n: row.count(3),
                    isRefused: true, isCoalesced: true))
        }
        return requests
    }
}

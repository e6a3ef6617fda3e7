import Events
import Foundation
import Terminal

/// What `tollgate top --json` prints.
struct TopJSON: Encodable {
    struct Alert: Encodable {
        var id: String
        var state: String
        var severity: String
        var rule: String
        var agent: String?
        var server: String?
        var tool: String?
        var start: String
        var summary: String
    }

    struct Row: Encodable {
        var agent: String?
        var server: String?
        var tool: String?
        var method: String?
        var callsLastMinute: Int
        var usualPerMinute: Double?
        var timesUsual: Double?
        var calls: Int
        var denied: Int
        var throttled: Int
        var errors: Int
        var p95Microseconds: Int64?
        var newest: String
        var newestRefusal: String?

        enum CodingKeys: String, CodingKey {
            case agent, server, tool, method, calls, denied, throttled, errors, newest
            case callsLastMinute = "calls_last_minute"
            case usualPerMinute = "usual_per_minute"
            case timesUsual = "times_usual"
            case p95Microseconds = "p95_us"
            case newestRefusal = "newest_refusal"
        }
    }

    var at: String
    var minutes: Int
    var alerts: [Alert]
    var rows: [Row]

    init(_ rows: [TopRow], _ alerts: TopAlerts, _ now: Timestamp, minutes: Int) {
        at = now.description
        self.minutes = minutes
        self.alerts = alerts.open.map { alert in
            Alert(
                id: alert.id, state: alert.state, severity: alert.severity, rule: alert.rule, agent: alert.agent,
                server: alert.server, tool: alert.tool, start: Timestamp(microseconds: alert.start).description,
                summary: alert.summary)
        }
        self.rows = rows.map { row in
            let called = row.subject.tool
            return Row(
                agent: row.subject.agent, server: called?.server, tool: called?.isTool == true ? called?.name : nil,
                method: called?.isTool == false ? called?.name : nil, callsLastMinute: row.lastMinute,
                usualPerMinute: row.usual, timesUsual: row.times, calls: row.counts.calls, denied: row.counts.denied,
                throttled: row.counts.throttled, errors: row.counts.errors, p95Microseconds: row.p95,
                newest: row.newest.description, newestRefusal: row.why.isEmpty ? nil : row.why)
        }
    }

    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

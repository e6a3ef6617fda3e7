public import Events
import GRDB

/// An alert as its newest transition left it.
public struct AlertSummary: Sendable, Hashable {
    /// The alert's id, the same in every replay.
    public var id: String
    /// The detector's rule.
    public var rule: String
    /// `page`, `warn` or `info`.
    public var severity: String
    /// `pending`, `firing`, `resolved`, `acknowledged`, `silenced` or `inhibited`.
    public var state: String
    /// The agent it is about.
    public var agent: String?
    /// The tool's server.
    public var server: String?
    /// The tool it is about.
    public var tool: String?
    /// When the incident began, by the detector's estimate.
    public var start: Timestamp
    /// When it ended.
    public var end: Timestamp?
    /// Its first transition.
    public var raised: Timestamp
    /// Its newest transition.
    public var updated: Timestamp
    /// What happened, in a sentence.
    public var summary: String
    /// Calls of the incident.
    public var attempts: Int?
    /// Those denied.
    public var denied: Int?
    /// Those with the same arguments.
    public var same: Int?
    /// The most within the rule's window.
    public var maximum: Int?
    /// The rule's threshold.
    public var threshold: Int?
    /// The incident's first record.
    public var firstRecord: String?
    /// The incident's last record.
    public var lastRecord: String?
    /// Every transition, in order.
    public var transitions: [AlertTransition]
}

/// A change of an alert's state.
public struct AlertTransition: Sendable, Hashable {
    /// When.
    public var at: Timestamp
    /// The state it went to.
    public var state: String
    /// Its severity from then on.
    public var severity: String
    /// Who did it, where a person did.
    public var by: String?
    /// Why, where it was said.
    public var reason: String?
    /// The record that tells it.
    public var record: RecordName
}

extension WarehouseStore {
    /// The alerts that began before the period's end and had not ended before its beginning, and those that were raised in
    /// it, by a watch that looked later; newest first.
    ///
    /// - Throws: `WarehouseError`.
    public func alerts(in period: Period) throws(WarehouseError) -> [AlertSummary] {
        try ask { db in
            try alerts(
                db,
                where: "(start_us < ?1 AND coalesce(end_us, ?2) >= ?3 OR raised_us >= ?3 AND raised_us < ?1)",
                [period.to.microseconds, Int64.max, period.from.microseconds])
        }
    }

    /// One alert by its id.
    ///
    /// - Throws: `WarehouseError`.
    public func alert(_ id: String) throws(WarehouseError) -> AlertSummary? {
        try ask { db in try alerts(db, where: "id = ?", [id]).first }
    }

    private func alerts(
        _ db: Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [AlertSummary] {
        let names = try self.names.read(db)
        var transitions: [String: [AlertTransition]] = [:]
        let sql = """
            SELECT alert, ts_us, state, severity, who, reason, id FROM alert_transition
            WHERE alert IN (SELECT id FROM alert WHERE \(condition)) ORDER BY ts_us, id
            """
        try db.forEachRow(sql, arguments) { row in
            transitions[row.text(0), default: []].append(
                AlertTransition(
                    at: Timestamp(microseconds: row.integer(1)), state: row.text(2), severity: row.text(3),
                    by: row.optionalText(4), reason: row.optionalText(5), record: names.record(row.integer(6))))
        }
        var alerts: [AlertSummary] = []
        let columns = """
            id, rule, severity, state, agent, server, tool, start_us, end_us, raised_us, updated_us, summary, attempts,
            denied, same, maximum, threshold, first_record, last_record
            """
        try db.forEachRow("SELECT \(columns) FROM alert WHERE \(condition) ORDER BY start_us DESC, id", arguments) {
            row in
            alerts.append(
                AlertSummary(
                    id: row.text(0), rule: row.text(1), severity: row.text(2), state: row.text(3),
                    agent: row.optionalText(4), server: row.optionalText(5), tool: row.optionalText(6),
                    start: Timestamp(microseconds: row.integer(7)),
                    end: row.optionalInteger(8).map(Timestamp.init(microseconds:)),
                    raised: Timestamp(microseconds: row.integer(9)), updated: Timestamp(microseconds: row.integer(10)),
                    summary: row.text(11), attempts: row.optionalInteger(12).map(Int.init),
                    denied: row.optionalInteger(13).map(Int.init), same: row.optionalInteger(14).map(Int.init),
                    maximum: row.optionalInteger(15).map(Int.init), threshold: row.optionalInteger(16).map(Int.init),
                    firstRecord: row.optionalText(17), lastRecord: row.optionalText(18),
                    transitions: transitions[row.text(0)] ?? []))
        }
        return alerts
    }
}

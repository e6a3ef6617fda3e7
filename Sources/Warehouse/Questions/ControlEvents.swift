public import Events
import GRDB

/// A control record other than an alert.
public struct ControlEventRow: Sendable, Equatable {
    /// The record.
    public var record: RecordName
    /// When.
    public var at: Timestamp
    /// What it tells.
    public var control: Control
}

extension WarehouseStore {
    /// Control records, in order of time.
    ///
    /// - Parameter events: which ones; none means all but alerts.
    /// - Throws: `WarehouseError`.
    public func controlEvents(
        in period: Period, of events: [ControlEvent] = []
    ) throws(WarehouseError) -> [ControlEventRow] {
        try ask { db in
            let names = try self.names.read(db)
            var rows: [ControlEventRow] = []
            let words = events.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            let sql = """
                SELECT id, ts_us, event, fields FROM control_event
                WHERE ts_us >= ? AND ts_us < ?\(events.isEmpty ? "" : " AND event IN (\(words))") ORDER BY ts_us, id
                """
            try db.forEachRow(sql, [period.from.microseconds, period.to.microseconds]) { row in
                let at = Timestamp(microseconds: row.integer(1))
                guard let control = control(row.text(2), fields: row.text(3), at: at) else { return }
                rows.append(ControlEventRow(record: names.record(row.integer(0)), at: at, control: control))
            }
            return rows
        }
    }

    /// The fields as the record had them: read by the record's own decoder.
    private func control(_ event: String, fields: String, at timestamp: Timestamp) -> Control? {
        let rest = fields == "{}" ? "}" : "," + fields.dropFirst()
        let line = "{\"v\":1,\"seq\":0,\"ts\":\"\(timestamp)\",\"kind\":\"control\",\"event\":\"\(event)\"\(rest)"
        guard case .control(let control)? = try? Record(line: line).body else { return nil }
        return control
    }
}

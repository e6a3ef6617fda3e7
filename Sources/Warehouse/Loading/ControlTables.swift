import Events

/// Writes what control records tell: alerts into `alert` and `alert_transition`, all others into `control_event`, and
/// gaps into `gap` too.
final class ControlTables {
    private let insertEvent: SQLiteStatement
    private let insertGap: SQLiteStatement
    private let insertTransition: SQLiteStatement
    private let upsertAlert: SQLiteStatement
    private let raiseAlert: SQLiteStatement
    private let setDurability: SQLiteStatement
    private var text = LineBuffer(capacity: 4096)

    init(_ connection: SQLiteConnection) throws(WarehouseError) {
        insertEvent = try connection.prepare(
            """
            INSERT INTO control_event (id, ts_us, event, agent, server, tool, reason, n, fields)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        insertGap = try connection.prepare(
            """
            INSERT INTO gap (log, kind, first_seq, last_seq, from_us, to_us, n, reason, record)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        insertTransition = try connection.prepare(
            "INSERT INTO alert_transition (id, alert, ts_us, state, severity, who, reason) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        let late = ["attempts", "denied", "same", "maximum", "threshold", "first_record", "last_record", "end_us"]
        upsertAlert = try connection.prepare(
            """
            INSERT INTO alert (id, rule, severity, state, agent, server, tool, start_us, end_us, raised_us, updated_us,
                record, summary, attempts, denied, same, maximum, threshold, first_record, last_record)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
            ON CONFLICT DO UPDATE SET severity = excluded.severity, state = excluded.state,
                updated_us = excluded.updated_us, record = excluded.record,
                summary = CASE excluded.summary WHEN '' THEN summary ELSE excluded.summary END,
                \(late.map { "\($0) = coalesce(excluded.\($0), \($0))" }.joined(separator: ", "))
            WHERE (excluded.updated_us, excluded.record) >= (updated_us, record)
            """)
        raiseAlert = try connection.prepare(
            "UPDATE alert SET raised_us = min(raised_us, ?2), start_us = min(start_us, ?3) WHERE id = ?1")
        setDurability = try connection.prepare("UPDATE log SET durability = ?2 WHERE id = ?1")
    }

    /// Writes one control record; gives the reason where it cannot be loaded.
    func load(_ control: Control, id: Int64, at timestamp: Int64) throws(WarehouseError) -> String? {
        // A silence is written like an alert, and is none: it stays among the events.
        if control.event == .alert, control.text(.rule) != "alert_silence" {
            return try loadAlert(control, id: id, at: timestamp)
        }
        insertEvent.bind(1, id)
        insertEvent.bind(2, timestamp)
        insertEvent.bind(3, control.event.rawValue)
        insertEvent.bind(4, control.text(.agent))
        insertEvent.bind(5, control.text(.server))
        insertEvent.bind(6, control.text(.tool))
        insertEvent.bind(7, control.text(.reason))
        insertEvent.bind(8, control.number(.n).map { Bound.count(Int($0)) })
        insertEvent.bind(9, fields(control))
        try insertEvent.run()
        switch control.event {
        case .gap: try loadGap(control, id: id)
        case .logOpen:
            setDurability.bind(1, RecordID.log(id))
            setDurability.bind(2, control.text(.durability))
            try setDurability.run()
        default: break
        }
        return nil
    }

    /// Notes seqs that the log does not hold.
    func addMissing(log: Int64, _ seqs: Range<UInt64>, reason: String) throws(WarehouseError) {
        try addGap(
            log: log, kind: "missing", first: Int64(clamping: seqs.lowerBound),
            last: Int64(clamping: seqs.upperBound) - 1, from: nil, to: nil, n: Int64(seqs.count), reason: reason,
            record: nil)
    }

    private func loadGap(_ control: Control, id: Int64) throws(WarehouseError) {
        // Records that were there once: what of them was not loaded is noted as missing already.
        if control[.firstSeq] != nil { return }
        // `from` and `to` are seqs, or times where the lost events never had one.
        let first = control.number(.from)
        let last = control.number(.to)
        let counted = first.flatMap { first in last.map { max(0, $0 - first + 1) } }
        try addGap(
            log: RecordID.log(id), kind: "recorded", first: first, last: last, from: moment(control, .from),
            to: moment(control, .to), n: Bound.count(Int(control.number(.n) ?? counted ?? 0)),
            reason: control.text(.reason) ?? "", record: id)
    }

    private func addGap(
        log: Int64, kind: String, first: Int64?, last: Int64?, from: Int64?, to: Int64?, n: Int64, reason: String,
        record: Int64?
    ) throws(WarehouseError) {
        insertGap.bind(1, log)
        insertGap.bind(2, kind)
        insertGap.bind(3, first)
        insertGap.bind(4, last)
        insertGap.bind(5, from)
        insertGap.bind(6, to)
        insertGap.bind(7, n)
        insertGap.bind(8, reason)
        insertGap.bind(9, record)
        try insertGap.run()
    }

    private func loadAlert(_ control: Control, id: Int64, at timestamp: Int64) throws(WarehouseError) -> String? {
        guard let alert = control.text(.id), let rule = control.text(.rule), let state = control.text(.state) else {
            return "alert without id, rule or state"
        }
        let severity = control.text(.severity) ?? ""
        insertTransition.bind(1, id)
        insertTransition.bind(2, alert)
        insertTransition.bind(3, timestamp)
        insertTransition.bind(4, state)
        insertTransition.bind(5, severity)
        insertTransition.bind(6, control.text(.by))
        insertTransition.bind(7, control.text(.reason))
        try insertTransition.run()
        let start = moment(control, .start) ?? control.number(.start) ?? timestamp
        upsertAlert.bind(1, alert)
        upsertAlert.bind(2, rule)
        upsertAlert.bind(3, severity)
        upsertAlert.bind(4, state)
        upsertAlert.bind(5, control.text(.agent))
        upsertAlert.bind(6, control.text(.server))
        upsertAlert.bind(7, control.text(.tool))
        upsertAlert.bind(8, start)
        upsertAlert.bind(9, moment(control, .end) ?? control.number(.end))
        upsertAlert.bind(10, timestamp)
        upsertAlert.bind(11, id)
        upsertAlert.bind(12, control.text(.summary) ?? "")
        for (index, key) in [Control.Key.attempts, .denied, .same, .maximum, .threshold].enumerated() {
            upsertAlert.bind(Int32(13 + index), control.number(key))
        }
        upsertAlert.bind(18, record(control, .firstRecord))
        upsertAlert.bind(19, record(control, .lastRecord))
        try upsertAlert.run()
        raiseAlert.bind(1, alert)
        raiseAlert.bind(2, timestamp)
        raiseAlert.bind(3, start)
        try raiseAlert.run()
        return nil
    }

    private func moment(_ control: Control, _ key: Control.Key) -> Int64? {
        control.text(key).flatMap { Timestamp(text: $0)?.microseconds }
    }

    private func record(_ control: Control, _ key: Control.Key) -> String? {
        control.text(key) ?? control.number(key).map(String.init)
    }

    /// The record's fields as one JSON object.
    private func fields(_ control: Control) -> String {
        text.truncate(to: 0)
        text.append(UInt8(ascii: "{"))
        for (index, field) in control.fields.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text.append(json: field.key.rawValue, maximum: TextBound.name)
            text.append(UInt8(ascii: ":"))
            switch field.value {
            case .integer(let number): text.append(decimal: number)
            case .string(let value): text.append(json: value, maximum: TextBound.text)
            }
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text.bytes, as: UTF8.self)
    }
}

import Detection
public import Events

extension AlertTransition {
    /// The step as one JSON object without a newline: a line of the file sink, the command sink's standard input.
    ///
    /// `ts` is when it happened, `start` the first call, `last_seen` the last one so far, `resolved` when it was over.
    /// Times are RFC 3339 in UTC, records `<log>/<seq>`; no argument or result is in it.
    public var json: [UInt8] {
        var line = LineBuffer(capacity: 1024)
        append(to: &line)
        return withExtendedLifetime(line) { [UInt8]($0.bytes) }
    }

    /// Appends the JSON object to a buffer.
    public func append(to line: inout LineBuffer) {
        let finding = alert.finding
        line.append("{\"v\":1,\"ts\":\"")
        line.append(at)
        line.append("\"")
        line.field(",\"id\":", alert.id)
        line.field(",\"state\":", alert.state.rawValue)
        line.field(",\"cause\":", cause.rawValue)
        line.field(",\"rule\":", finding.rule.rawValue)
        line.field(",\"severity\":", finding.severity.rawValue)
        line.field(",\"agent\":", finding.agent)
        line.field(",\"server\":", finding.server)
        line.field(",\"tool\":", finding.tool)
        line.field(",\"start\":\"", alert.start)
        line.field(",\"detected\":\"", finding.detected)
        line.field(",\"last_seen\":\"", finding.lastSeen)
        if let resolved = alert.resolvedAt {
            line.field(",\"end\":\"", finding.lastSeen)
            line.field(",\"resolved\":\"", resolved)
        }
        line.field(",\"attempts\":", finding.attempts)
        line.field(",\"denied\":", finding.denied)
        line.field(",\"same\":", finding.same)
        line.field(",\"peak_per_minute\":", finding.peakPerMinute)
        line.field(",\"threshold\":", finding.threshold)
        if finding.resultUnchanged { line.append(",\"result_unchanged\":true") }
        line.field(",\"first_record\":", finding.firstRecord.description)
        line.field(",\"last_record\":", finding.lastRecord.description)
        line.field(",\"summary\":", finding.summary)
        if let share = evidence["denied_share"] { line.field(",\"denied_share\":", share) }
        if let command = evidence["command"] { line.field(",\"command\":", command) }
        if let brake { line.field(",\"brake\":", brake) }
        if let head { line.field(",\"head\":", head) }
        line.append("}")
    }

    /// The step in one line for people; names can neither end the line nor steer a terminal.
    public var line: String {
        let finding = alert.finding
        let time = at.description.prefix(19)
        let head = "\(time)Z \(finding.severity.rawValue.uppercased()) \(alert.state.rawValue) \(finding.rule.rawValue)"
        let text =
            "\(head): \(finding.agent) → \(finding.server)/\(finding.tool): \(finding.summary)"
            + (brake.map { "; brake \($0)" } ?? "") + " [\(alert.id)]"
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isHarmless ? $0 : "\u{FFFD}" }))
    }
}

extension Unicode.Scalar {
    /// Whether it can neither end a line nor steer a terminal.
    var isHarmless: Bool {
        switch properties.generalCategory {
        // Format characters include those that turn the writing direction.
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }
}

extension LineBuffer {
    fileprivate mutating func field(_ key: StaticString, _ value: String) {
        append(key)
        append(json: value, maximum: TextBound.text)
    }

    fileprivate mutating func field(_ key: StaticString, _ value: Timestamp) {
        append(key)
        append(value)
        append("\"")
    }

    fileprivate mutating func field(_ key: StaticString, _ value: Int) {
        append(key)
        append(decimal: Int64(value))
    }
}

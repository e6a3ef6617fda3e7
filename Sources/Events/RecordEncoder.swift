// Records to bytes, by hand: the order of the calls below is the order of the keys on disk.

extension LineBuffer {
    /// Appends one record as a line, newline included.
    ///
    /// A record that would pass `Record.maximumBytes` is written without its optional lists, which are the only
    /// unbounded parts once every text is cut.
    public mutating func append(_ record: Record) {
        append(record.body, seq: record.seq, timestamp: record.timestamp)
    }

    /// Appends a record as a line, from its parts.
    ///
    /// `consuming`, because each copy of a decision counts up twenty texts' references.
    public mutating func append(_ body: consuming Record.Body, seq: UInt64, timestamp: Timestamp) {
        switch consume body {
        case .decision(var decision): append(&decision, seq: seq, timestamp: timestamp)
        case .outcome(let outcome): append(outcome, seq: seq, timestamp: timestamp)
        case .control(let control):
            begin(seq, timestamp)
            append(control)
            append("}\n")
        }
    }

    /// Appends a decision as a line, as it would be appended as a record.
    ///
    /// For the call path: `inout` only because forty fields would be copied else; nothing is changed.
    public mutating func append(_ decision: inout Decision, seq: UInt64, timestamp: Timestamp) {
        let start = count
        begin(seq, timestamp)
        append(decision)
        append("}\n")
        guard count - start > Record.maximumBytes else { return }
        truncate(to: start)
        var shorter = decision
        shorter.argumentKeysOther = (decision.argumentKeysOther ?? 0) + (decision.argumentKeys?.count ?? 0)
        shorter.argumentKeys = nil
        shorter.recordedArguments = nil
        begin(seq, timestamp)
        append(shorter)
        append("}\n")
    }

    /// Appends an outcome as a line, as it would be appended as a record.
    public mutating func append(_ outcome: Outcome, seq: UInt64, timestamp: Timestamp) {
        begin(seq, timestamp)
        append(outcome)
        append("}\n")
    }

    private mutating func begin(_ seq: UInt64, _ timestamp: Timestamp) {
        append("{\"v\":1,\"seq\":")
        append(decimal: seq)
        append(",\"ts\":\"")
        append(timestamp)
    }

    private mutating func append(_ decision: Decision) {
        append("\",\"kind\":\"decision\"")
        field(",\"gateway\":", decision.gateway)
        field(",\"agent\":", decision.agent)
        field(",\"grant\":", decision.grant)
        word(",\"identity\":\"", decision.identity.rawValue)
        field(",\"on_behalf_of\":", decision.onBehalfOf)
        field(",\"peer\":", decision.peer)
        field(",\"session\":", decision.session)
        field(",\"client\":", decision.client)
        field(",\"server\":", decision.server)
        word(",\"transport\":\"", decision.transport.rawValue)
        field(",\"protocol\":", decision.protocolRevision)
        field(",\"method\":", decision.method)
        field(",\"rpc_id\":", decision.rpcID)
        field(",\"trace\":", decision.trace)
        field(",\"tool\":", decision.tool)
        field(",\"tool_digest\":\"", decision.toolDigest)
        if decision.unlisted { append(",\"unlisted\":true") }
        word(",\"risk\":\"", decision.risk?.rawValue)
        list(",\"arg_keys\":[", decision.argumentKeys, maximum: TextBound.name)
        field(",\"arg_keys_other\":", decision.argumentKeysOther)
        field(",\"arg_digest\":\"", decision.argumentDigest)
        field(",\"arg_bytes\":", decision.argumentBytes)
        list(",\"args\":[", decision.recordedArguments, maximum: TextBound.argument)
        word(",\"decision\":\"", decision.verdict.rawValue)
        field(",\"of\":", decision.of.map { Int(clamping: $0) })
        word(",\"mode\":\"", decision.mode.rawValue)
        word(",\"reason\":\"", decision.reason.rawValue)
        field(",\"rule\":", decision.rule, maximum: TextBound.text)
        field(",\"message\":", decision.message, maximum: TextBound.text)
        field(",\"policy\":", decision.policy)
        field(",\"policy_digest\":\"", decision.policyDigest)
        if let limit = decision.limit {
            field(",\"limit_counter\":", limit.counter)
            field(",\"limit_window_s\":", limit.windowSeconds)
            field(",\"limit_max\":", limit.maximum)
            field(",\"limit_used\":", limit.used)
        }
        field(",\"retry_after_ms\":", decision.retryAfterMilliseconds)
        field(",\"cost\":", decision.cost)
        field(",\"facts\":", decision.facts, maximum: TextBound.text)
        field(",\"round\":", decision.round)
        field(",\"n\":", decision.coalesced)
        field(",\"decide_us\":", decision.decideMicroseconds)
    }

    private mutating func append(_ outcome: Outcome) {
        append("\",\"kind\":\"outcome\",\"of\":")
        append(decimal: outcome.of)
        field(",\"agent\":", outcome.agent)
        field(",\"server\":", outcome.server)
        field(",\"tool\":", outcome.tool)
        field(",\"method\":", outcome.method)
        word(",\"outcome\":\"", outcome.ending.rawValue)
        field(",\"code\":", outcome.code)
        word(",\"reservation\":\"", outcome.reservation?.rawValue)
        field(",\"wait_us\":", outcome.waitMicroseconds)
        field(",\"upstream_us\":", outcome.upstreamMicroseconds)
        field(",\"gateway_us\":", outcome.gatewayMicroseconds)
        field(",\"result_bytes\":", outcome.resultBytes)
        field(",\"result_digest\":\"", outcome.resultDigest)
    }

    private mutating func append(_ control: Control) {
        append("\",\"kind\":\"control\"")
        word(",\"event\":\"", control.event.rawValue)
        for (key, value) in control.fields {
            append(",\"")
            append(raw: key.rawValue)
            append("\":")
            switch value {
            case .integer(let number): append(decimal: number)
            case .string(let text): append(json: text, maximum: TextBound.text)
            }
        }
    }

    @inline(__always)
    private mutating func field(_ key: StaticString, _ value: String?, maximum: Int = TextBound.name) {
        guard let value else { return }
        append(key)
        append(json: value, maximum: maximum)
    }

    @inline(__always)
    private mutating func field(_ key: StaticString, _ value: Int?) {
        guard let value else { return }
        append(key)
        append(decimal: Int64(value))
    }

    @inline(__always)
    private mutating func field(_ key: StaticString, _ value: Digest64?) {
        guard let value else { return }
        append(key)
        append(value)
        append(UInt8(ascii: "\""))
    }

    /// A word of a closed vocabulary: it needs no escaping.
    @inline(__always)
    private mutating func word(_ key: StaticString, _ value: String?) {
        guard let value else { return }
        append(key)
        append(raw: value)
        append(UInt8(ascii: "\""))
    }

    private mutating func list(_ key: StaticString, _ values: [String]?, maximum: Int) {
        guard let values else { return }
        append(key)
        for (index, value) in values.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(json: value, maximum: maximum)
        }
        append(UInt8(ascii: "]"))
    }
}

/// The most bytes of UTF-8 that a text keeps on disk; a longer one is cut (`LineBuffer.append(json:maximum:)`).
public enum TextBound {
    /// Names, ids, labels.
    public static let name = 128
    /// A recorded argument, `path=value`.
    public static let argument = 256
    /// Rule ids, messages, summaries.
    public static let text = 1024
}

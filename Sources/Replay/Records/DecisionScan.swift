import Events

/// Reads decisions' lines for their verdicts alone: who called what, what was decided and from which facts.
///
/// A tenth of the time that decoding takes, which makes up most of a replay's. Only lines as tollgate writes them, keys in
/// their order and nothing escaped; all others are decoded. What a verdict does not hang on (client, arguments, digests
/// of the tool) is left out.
struct DecisionScan {
    private var days = DayText()
    private var texts = TextCache()
    private var verdicts = VerdictCache()

    /// The time and the verdict of a decision's line; nil for any other line, and for one that is to be decoded.
    mutating func read(_ bytes: UnsafeRawBufferPointer) -> (time: Timestamp, decision: Decision)? {
        var line = LineCursor(bytes)
        guard line.skip("{\"v\":1,\"seq\":"), line.number() != nil, line.skip(",\"ts\":\""),
            let moment = line.moment(&days), line.skip(",\"kind\":\"decision\""),
            let call = CallSlices(&line), let verdict = VerdictSlices(&line), line.isAtEnd,
            var decision = verdicts.decision(verdict, line)
        else { return nil }
        decision.agent = text(call.agent, line)
        decision.grant = text(call.grant, line)
        decision.session = text(call.session, line)
        decision.server = text(call.server, line) ?? ""
        decision.transport = call.transport
        decision.tool = text(call.tool, line)
        decision.limit?.used = verdict.used.map { Int($0) } ?? 0
        decision.retryAfterMilliseconds = verdict.retry.map { Int($0) }
        decision.cost = verdict.cost.map { Int($0) }
        decision.facts = text(verdict.facts, line)
        return (Timestamp(microseconds: moment), decision)
    }

    private mutating func text(_ slice: LineCursor.Slice?, _ line: LineCursor) -> String? {
        slice.map { texts.text(line[$0]) }
    }
}

/// Who called what, as places in a line; the order of the keys below is that of the record.
private struct CallSlices {
    var agent: LineCursor.Slice?
    var grant: LineCursor.Slice?
    var session: LineCursor.Slice?
    var server: LineCursor.Slice?
    var transport = Transport.http
    var tool: LineCursor.Slice?

    init?(_ line: inout LineCursor) {
        var rest: LineCursor.Slice?
        var number: Int64?
        guard line.text(after: ",\"gateway\":\"", &rest), line.text(after: ",\"agent\":\"", &agent),
            line.text(after: ",\"grant\":\"", &grant), line.text(after: ",\"identity\":\"", &rest),
            line.text(after: ",\"on_behalf_of\":\"", &rest), line.text(after: ",\"peer\":\"", &rest),
            line.text(after: ",\"session\":\"", &session), line.text(after: ",\"client\":\"", &rest),
            line.text(after: ",\"server\":\"", &server), line.skip(",\"transport\":\"")
        else { return nil }
        if line.skip("stdio\"") { transport = .stdio } else if !line.skip("http\"") { return nil }
        guard line.text(after: ",\"protocol\":\"", &rest), line.text(after: ",\"method\":\"", &rest),
            line.text(after: ",\"rpc_id\":\"", &rest), line.text(after: ",\"trace\":\"", &rest),
            line.text(after: ",\"tool\":\"", &tool), !line.skip(",\"tool_digest\":\"") || line.digest() != nil
        else { return nil }
        _ = line.skip(",\"unlisted\":true")
        guard line.text(after: ",\"risk\":\"", &rest), !line.skip(",\"arg_keys\":[") || line.list(),
            line.number(after: ",\"arg_keys_other\":", &number),
            !line.skip(",\"arg_digest\":\"") || line.digest() != nil,
            line.number(after: ",\"arg_bytes\":", &number), !line.skip(",\"args\":[") || line.list(), server != nil
        else { return nil }
    }
}

/// What was decided, as places in a line.
struct VerdictSlices {
    /// From `decision` to the end of `limit_max`, or of the last key before it that is there: what every call that a rule
    /// decides alike has alike.
    var alike: LineCursor.Slice = 0..<0
    var used: Int64?
    var retry: Int64?
    var cost: Int64?
    var facts: LineCursor.Slice?

    /// Nil for a verdict that ends a hold, which names another record.
    fileprivate init?(_ line: inout LineCursor) {
        var rest: LineCursor.Slice?
        var number: Int64?
        let start = line.position
        guard line.skip(",\"decision\":\""), line.text() != nil, line.skip(",\"mode\":\""), line.text() != nil,
            line.text(after: ",\"reason\":\"", &rest), line.text(after: ",\"rule\":\"", &rest),
            line.text(after: ",\"message\":\"", &rest), line.text(after: ",\"policy\":\"", &rest),
            line.text(after: ",\"policy_digest\":\"", &rest)
        else { return nil }
        if line.skip(",\"limit_counter\":\"") {
            guard line.text() != nil, line.number(after: ",\"limit_window_s\":", &number),
                line.number(after: ",\"limit_max\":", &number)
            else { return nil }
            alike = start..<line.position
            guard line.number(after: ",\"limit_used\":", &used), used != nil else { return nil }
        } else {
            alike = start..<line.position
        }
        guard line.number(after: ",\"retry_after_ms\":", &retry), line.number(after: ",\"cost\":", &cost),
            line.text(after: ",\"facts\":\"", &facts), line.text(after: ",\"round\":\"", &rest),
            line.number(after: ",\"n\":", &number), line.number(after: ",\"decide_us\":", &number), line.skip("}")
        else { return nil }
    }
}

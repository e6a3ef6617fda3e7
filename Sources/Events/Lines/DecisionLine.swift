/// A decision's line in the writer's own form: texts as places in the line, numbers as numbers.
///
/// The closed words in it (`identity`, `risk`, `decision`, `mode`, `reason`) are not judged: whoever goes by them looks them
/// up whole, among those that a record that was decoded had.
package struct DecisionLine {
    /// A text's place in the line.
    package typealias Slice = Range<Int>

    /// The record's position in the log.
    package private(set) var seq: UInt64 = 0
    /// Microseconds since 1970.
    package private(set) var timestamp: Int64 = 0
    /// Who called.
    package private(set) var agent: Slice?
    /// The credential's id.
    package private(set) var grant: Slice?
    /// How the caller was identified.
    package private(set) var identity: Slice = 0..<0
    /// The protocol session.
    package private(set) var session: Slice?
    /// The client's label.
    package private(set) var client: Slice?
    /// The upstream.
    package private(set) var server: Slice = 0..<0
    /// Between agent and gateway.
    package private(set) var transport = Transport.http
    /// The JSON-RPC method.
    package private(set) var method: Slice = 0..<0
    /// The tool.
    package private(set) var tool: Slice?
    /// Whether the server never listed the tool.
    package private(set) var isUnlisted = false
    /// The tool's class of harm.
    package private(set) var risk: Slice?
    /// Digest of the arguments, its bits.
    package private(set) var argumentDigest: Int64?
    /// Bytes of the arguments.
    package private(set) var argumentBytes: Int64?
    /// From the value of `decision` to the end of `limit_max`, or of the last key before it that is there: what all calls
    /// have alike that a rule decides alike.
    package private(set) var verdict: Slice = 0..<0
    /// What the limit's window held; nil where no limit is named.
    package private(set) var limitUsed: Int64?
    /// Milliseconds after which the call may be tried again.
    package private(set) var retryAfterMilliseconds: Int64?
    /// What a limit with `increment_from` reserved.
    package private(set) var cost: Int64?
    /// What the looks at the tool's conditions found.
    package private(set) var facts: Slice?
    /// Microseconds spent deciding.
    package private(set) var decideMicroseconds: Int64?

    /// A line without anything.
    init() {}

    /// Reads the rest of a line, its `kind` already passed: the order of the lines below is that of the keys.
    ///
    /// False for what ends a hold or stands for many alike, and for all that the cursor does not know. Read into what is
    /// there already: a value of this size that is handed on costs a copy each time.
    mutating func read(_ line: inout LineCursor, seq: UInt64, timestamp: Int64) -> Bool {
        self = DecisionLine()
        self.seq = seq
        self.timestamp = timestamp
        return readCaller(&line) && readTool(&line) && readVerdict(&line) && readRest(&line)
    }

    private mutating func readCaller(_ line: inout LineCursor) -> Bool {
        var rest: Slice?
        guard line.skip(",\"gateway\":\""), line.text() != nil, line.text(after: ",\"agent\":\"", &agent),
            line.text(after: ",\"grant\":\"", &grant), line.skip(",\"identity\":\""), let identity = line.text(),
            line.text(after: ",\"on_behalf_of\":\"", &rest), line.text(after: ",\"peer\":\"", &rest),
            line.text(after: ",\"session\":\"", &session), line.text(after: ",\"client\":\"", &client),
            line.skip(",\"server\":\""), let server = line.text(), line.skip(",\"transport\":\"")
        else { return false }
        if line.skip("stdio\"") { transport = .stdio } else if !line.skip("http\"") { return false }
        guard line.text(after: ",\"protocol\":\"", &rest), line.skip(",\"method\":\""), let method = line.text()
        else { return false }
        (self.identity, self.server, self.method) = (identity, server, method)
        return line.text(after: ",\"rpc_id\":\"", &rest) && line.text(after: ",\"trace\":\"", &rest)
    }

    private mutating func readTool(_ line: inout LineCursor) -> Bool {
        var number: Int64?
        guard line.text(after: ",\"tool\":\"", &tool), line.digest(after: ",\"tool_digest\":\"", &number) else {
            return false
        }
        isUnlisted = line.skip(",\"unlisted\":true")
        return line.text(after: ",\"risk\":\"", &risk) && (!line.skip(",\"arg_keys\":[") || line.list())
            && line.number(after: ",\"arg_keys_other\":", &number)
            && line.digest(after: ",\"arg_digest\":\"", &argumentDigest)
            && line.number(after: ",\"arg_bytes\":", &argumentBytes) && (!line.skip(",\"args\":[") || line.list())
    }

    private mutating func readVerdict(_ line: inout LineCursor) -> Bool {
        var rest: Slice?
        var number: Int64?
        guard line.skip(",\"decision\":\"") else { return false }
        let start = line.position
        guard line.text() != nil, line.skip(",\"mode\":\""), line.text() != nil, line.skip(",\"reason\":\""),
            line.text() != nil, line.text(after: ",\"rule\":\"", &rest), line.text(after: ",\"message\":\"", &rest),
            line.text(after: ",\"policy\":\"", &rest), line.digest(after: ",\"policy_digest\":\"", &number)
        else { return false }
        guard line.skip(",\"limit_counter\":\"") else {
            verdict = start..<line.position
            return true
        }
        guard line.text() != nil, line.skip(",\"limit_window_s\":"), line.number() != nil,
            line.skip(",\"limit_max\":"), line.number() != nil
        else { return false }
        verdict = start..<line.position
        return line.number(after: ",\"limit_used\":", &limitUsed) && limitUsed != nil
    }

    private mutating func readRest(_ line: inout LineCursor) -> Bool {
        var rest: Slice?
        return line.number(after: ",\"retry_after_ms\":", &retryAfterMilliseconds)
            && line.number(after: ",\"cost\":", &cost) && line.text(after: ",\"facts\":\"", &facts)
            && line.text(after: ",\"round\":\"", &rest) && line.number(after: ",\"decide_us\":", &decideMicroseconds)
            && line.skip("}") && line.isAtEnd
    }
}

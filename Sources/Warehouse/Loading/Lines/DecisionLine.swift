import Events

/// What the warehouse keeps of a decision's line, as places in the line and as numbers.
struct DecisionLine {
    typealias Slice = LineCursor.Slice

    var seq: UInt64 = 0
    var timestamp: Int64 = 0
    var agent: Slice?
    var grant: Slice?
    var identity: Slice = 0..<0
    var session: Slice?
    var client: Slice?
    var server: Slice = 0..<0
    var method: Slice = 0..<0
    var tool: Slice?
    var isUnlisted = false
    var risk: Slice?
    var argumentDigest: Int64?
    var argumentBytes: Int64?
    /// From the value of `decision` to the end of `limit_max`, or of the last key before it that is there.
    var verdict: Slice = 0..<0
    var limitUsed: Int64?
    var retryAfterMilliseconds: Int64?
    var decideMicroseconds: Int64?

    /// Reads the rest of a line, its `kind` already passed: the order of the lines below is that of the keys.
    ///
    /// False for what ends a hold or stands for many alike, and for all that the cursor does not know. Read into what is
    /// there already: a value of this size that is handed on costs a copy each time.
    mutating func read(_ line: inout LineCursor, seq: UInt64, timestamp: Int64) -> Bool {
        self = DecisionLine()
        self.seq = seq
        self.timestamp = timestamp
        guard line.skip(",\"gateway\":\""), line.text() != nil else { return false }
        if line.skip(",\"agent\":\"") {
            guard let text = line.text() else { return false }
            agent = text
        }
        if line.skip(",\"grant\":\"") {
            guard let text = line.text() else { return false }
            grant = text
        }
        guard line.skip(",\"identity\":\""), let identity = line.text() else { return false }
        self.identity = identity
        if line.skip(",\"on_behalf_of\":\""), line.text() == nil { return false }
        if line.skip(",\"peer\":\""), line.text() == nil { return false }
        if line.skip(",\"session\":\"") {
            guard let text = line.text() else { return false }
            session = text
        }
        if line.skip(",\"client\":\"") {
            guard let text = line.text() else { return false }
            client = text
        }
        guard line.skip(",\"server\":\""), let server = line.text(), line.skip(",\"transport\":\""),
            line.skip("stdio\"") || line.skip("http\"")
        else { return false }
        self.server = server
        if line.skip(",\"protocol\":\""), line.text() == nil { return false }
        guard line.skip(",\"method\":\""), let method = line.text() else { return false }
        self.method = method
        if line.skip(",\"rpc_id\":\""), line.text() == nil { return false }
        if line.skip(",\"trace\":\""), line.text() == nil { return false }
        return readTool(&line) && readVerdict(&line) && readRest(&line)
    }

    private mutating func readTool(_ line: inout LineCursor) -> Bool {
        if line.skip(",\"tool\":\"") {
            guard let text = line.text() else { return false }
            tool = text
        }
        if line.skip(",\"tool_digest\":\""), line.digest() == nil { return false }
        isUnlisted = line.skip(",\"unlisted\":true")
        if line.skip(",\"risk\":\"") {
            guard let text = line.text() else { return false }
            risk = text
        }
        if line.skip(",\"arg_keys\":["), !line.list() { return false }
        if line.skip(",\"arg_keys_other\":"), line.number() == nil { return false }
        if line.skip(",\"arg_digest\":\"") {
            guard let digest = line.digest() else { return false }
            argumentDigest = digest
        }
        if line.skip(",\"arg_bytes\":") {
            guard let number = line.number() else { return false }
            argumentBytes = number
        }
        return !line.skip(",\"args\":[") || line.list()
    }

    private mutating func readVerdict(_ line: inout LineCursor) -> Bool {
        guard line.skip(",\"decision\":\"") else { return false }
        let start = line.position
        guard line.text() != nil, line.skip(",\"mode\":\""), line.text() != nil, line.skip(",\"reason\":\""),
            line.text() != nil
        else { return false }
        if line.skip(",\"rule\":\""), line.text() == nil { return false }
        if line.skip(",\"message\":\""), line.text() == nil { return false }
        if line.skip(",\"policy\":\""), line.text() == nil { return false }
        if line.skip(",\"policy_digest\":\""), line.digest() == nil { return false }
        if line.skip(",\"limit_counter\":\"") {
            guard line.text() != nil, line.skip(",\"limit_window_s\":"), line.number() != nil,
                line.skip(",\"limit_max\":"), line.number() != nil
            else { return false }
            verdict = start..<line.position
            guard line.skip(",\"limit_used\":"), let used = line.number() else { return false }
            limitUsed = used
        } else {
            verdict = start..<line.position
        }
        return true
    }

    private mutating func readRest(_ line: inout LineCursor) -> Bool {
        if line.skip(",\"retry_after_ms\":") {
            guard let number = line.number() else { return false }
            retryAfterMilliseconds = number
        }
        if line.skip(",\"cost\":"), line.number() == nil { return false }
        if line.skip(",\"facts\":\""), line.text() == nil { return false }
        if line.skip(",\"round\":\""), line.text() == nil { return false }
        if line.skip(",\"decide_us\":") {
            guard let number = line.number() else { return false }
            decideMicroseconds = number
        }
        return line.skip("}") && line.isAtEnd
    }
}

/// A decision against a call, with what its caller needs to act on it.
public struct Denial: Sendable {
    /// The limit that was hit.
    public struct Limit: Sendable {
        /// The counter's name in the policy.
        public var counter: String
        /// The window's length in seconds.
        public var windowSeconds: Int
        /// What the window allows.
        public var maximum: Int
        /// What it has been used for.
        public var used: Int

        /// Makes a limit's state.
        public init(counter: String, windowSeconds: Int, maximum: Int, used: Int) {
            self.counter = counter
            self.windowSeconds = windowSeconds
            self.maximum = maximum
            self.used = used
        }
    }

    /// The sentence a model reads, such as `[POLICY DENIED] …`.
    public var text: String
    /// The record's name, `<log>/<seq>`; nil where nothing could be recorded.
    public var record: String?
    /// The decision as the record spells it: `deny`, `throttle` or `hold`.
    public var decision: String
    /// The reason as the record spells it.
    public var reason: String?
    /// The id of the rule that decided.
    public var rule: String
    /// In how many milliseconds the same call would pass, where that can be told.
    public var retryAfterMilliseconds: Int?
    /// The limit that was hit, if one was.
    public var limit: Limit?

    /// Makes a denial.
    public init(
        text: String, record: String?, decision: String, reason: String? = nil, rule: String,
        retryAfterMilliseconds: Int? = nil, limit: Limit? = nil
    ) {
        self.text = text
        self.record = record
        self.decision = decision
        self.reason = reason
        self.rule = rule
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.limit = limit
    }
}

/// Writes the gateway's own answers: one line of JSON without a line feed, appended to a buffer that can be reused.
public enum AnswerWriter {
    /// Appends a denial as the result of a tool call, which a model can read and reason about.
    ///
    /// - Parameter id: the request's id token as it was sent.
    public static func append(
        _ denial: Denial, id: [UInt8], era: ProtocolEra, to buffer: inout [UInt8]
    ) {
        begin(id: id, in: &buffer)
        buffer.append(literal: ",\"result\":{\"content\":[{\"type\":\"text\",\"text\":")
        buffer.append(quoted: denial.text)
        buffer.append(literal: "}],\"isError\":true,")
        if era == .stateless { buffer.append(literal: "\"resultType\":\"complete\",") }
        buffer.append(literal: "\"_meta\":{\"tollgate/decision\":{")
        if let record = denial.record {
            buffer.append(literal: "\"record\":")
            buffer.append(quoted: record)
            buffer.append(literal: ",")
        }
        buffer.append(literal: "\"decision\":")
        buffer.append(quoted: denial.decision)
        if let reason = denial.reason {
            buffer.append(literal: ",\"reason\":")
            buffer.append(quoted: reason)
        }
        buffer.append(literal: ",\"rule\":")
        buffer.append(quoted: denial.rule)
        if let milliseconds = denial.retryAfterMilliseconds {
            buffer.append(literal: ",\"retry_after_ms\":")
            buffer.append(decimal: milliseconds)
        }
        if let limit = denial.limit {
            buffer.append(literal: ",\"limit\":{\"counter\":")
            buffer.append(quoted: limit.counter)
            buffer.append(literal: ",\"window_s\":")
            buffer.append(decimal: limit.windowSeconds)
            buffer.append(literal: ",\"max\":")
            buffer.append(decimal: limit.maximum)
            buffer.append(literal: ",\"used\":")
            buffer.append(decimal: limit.used)
            buffer.append(literal: "}")
        }
        buffer.append(literal: "}}}}")
    }

    /// Appends a JSON-RPC error.
    ///
    /// - Parameters:
    ///   - id: the request's id token as it was sent, or nil where it cannot be told.
    ///   - message: constant text or the policy's, never anything of a call's arguments.
    ///   - record: the name of the record of this refusal, where there is one.
    public static func append(
        error code: RPCErrorCode, message: String, id: [UInt8]?, record: String? = nil,
        to buffer: inout [UInt8]
    ) {
        begin(id: id, in: &buffer)
        buffer.append(literal: ",\"error\":{\"code\":")
        buffer.append(decimal: code.value)
        buffer.append(literal: ",\"message\":")
        buffer.append(quoted: message)
        if let record {
            buffer.append(literal: ",\"data\":{\"tollgate/decision\":{\"record\":")
            buffer.append(quoted: record)
            buffer.append(literal: "}}")
        }
        buffer.append(literal: "}}")
    }

    /// Appends a notification of progress.
    ///
    /// - Parameters:
    ///   - progress: grows from one to the next.
    ///   - token: the progress token as the client sent it.
    public static func append(progress: Int, token: [UInt8], text: String, to buffer: inout [UInt8]) {
        buffer.append(
            literal: "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":")
        buffer.append(contentsOf: token)
        buffer.append(literal: ",\"progress\":")
        buffer.append(decimal: progress)
        buffer.append(literal: ",\"message\":")
        buffer.append(quoted: text)
        buffer.append(literal: "}}")
    }

    /// Appends the answer to a message that was not forwarded; nothing when nobody waits for one.
    ///
    /// - Parameter message: the message that was refused.
    /// - Returns: whether there is an answer.
    public static func append(
        _ refusal: EnvelopeRefusal, message: UnsafeRawBufferPointer, record: String? = nil, to buffer: inout [UInt8]
    ) -> Bool {
        let id: [UInt8]?
        switch refusal.answer {
        case .none: return false
        case .unknown: id = nil
        case .request(let place): id = Array(message[place.range])
        }
        append(error: refusal.code, message: refusal.description, id: id, record: record, to: &buffer)
        return true
    }

    private static func begin(id: [UInt8]?, in buffer: inout [UInt8]) {
        buffer.reserveCapacity(buffer.count + 640)
        buffer.append(literal: "{\"jsonrpc\":\"2.0\",\"id\":")
        if let id { buffer.append(contentsOf: id) } else { buffer.append(literal: "null") }
    }
}

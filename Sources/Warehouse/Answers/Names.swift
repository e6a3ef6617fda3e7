public import Events

/// A tool of a server; its class of harm is part of it, since a policy may change that.
public struct ToolName: Sendable, Hashable, Comparable {
    /// The server's configured name.
    public var server: String
    /// The tool, `(unlisted)` for all that the server never listed.
    public var tool: String
    /// The class of harm it was called under.
    public var risk: Risk?

    /// Names a tool.
    public init(server: String, tool: String, risk: Risk?) {
        self.server = server
        self.tool = tool
        self.risk = risk
    }

    /// By server, then tool.
    public static func < (a: ToolName, b: ToolName) -> Bool {
        (a.server, a.tool, a.risk?.rawValue ?? "") < (b.server, b.tool, b.risk?.rawValue ?? "")
    }
}

/// What a record is cited by: `<log>/<seq>`.
public struct RecordName: Sendable, Hashable, CustomStringConvertible {
    /// The log's folder name.
    public var log: String
    /// The record's position in it.
    public var seq: UInt64

    /// Names a record.
    public init(log: String, seq: UInt64) {
        self.log = log
        self.seq = seq
    }

    /// `<log>/<seq>`.
    public var description: String { "\(log)/\(seq)" }
}

/// The busiest minute of a period; of equals, the earliest.
public struct PeakMinute: Sendable, Hashable {
    /// Calls in it.
    public var calls: Int
    /// Its start.
    public var minute: Timestamp

    /// Makes a peak.
    public init(calls: Int, minute: Timestamp) {
        self.calls = calls
        self.minute = minute
    }
}

/// The busiest UTC hour of a period; of equals, the earliest.
public struct PeakHour: Sendable, Hashable {
    /// Calls in it.
    public var calls: Int
    /// Its start.
    public var hour: Timestamp

    /// Makes a peak.
    public init(calls: Int, hour: Timestamp) {
        self.calls = calls
        self.hour = hour
    }
}

/// Upstream durations: percentiles within 12 % (`LatencyBucket`).
public struct Latency: Sendable, Hashable {
    /// Calls with a known duration.
    public var n: Int
    /// The median, in microseconds.
    public var p50: Int64
    /// The 95th percentile, in microseconds.
    public var p95: Int64
    /// The 99th percentile, in microseconds.
    public var p99: Int64

    /// Makes a summary.
    public init(n: Int, p50: Int64, p95: Int64, p99: Int64) {
        self.n = n
        self.p50 = p50
        self.p95 = p95
        self.p99 = p99
    }
}

/// Which calls a question is about.
public struct CallFilter: Sendable, Hashable {
    /// Only this agent's; `""` for callers that were not resolved.
    public var agent: String?
    /// Only this server's.
    public var server: String?
    /// Only this tool's.
    public var tool: String?
    /// Only tools of this class.
    public var risk: Risk?

    /// Every call.
    public static let all = CallFilter()

    /// Makes a filter; nil lets everything through.
    public init(agent: String? = nil, server: String? = nil, tool: String? = nil, risk: Risk? = nil) {
        self.agent = agent
        self.server = server
        self.tool = tool
        self.risk = risk
    }
}

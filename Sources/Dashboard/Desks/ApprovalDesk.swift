public import Events
import StrictJSON

/// Where calls wait for a person: the gateways that run.
///
/// Its methods block, and are called on threads that may.
public protocol ApprovalDesk: Sendable {
    /// The calls that wait and the approvals that wait for their call, the oldest first.
    ///
    /// - Throws: `DeskRefusal` where no gateway answers.
    func waiting() throws -> [WaitingCall]

    /// Decides about a call; the record names the operating system's user under whom this process runs.
    ///
    /// - Parameters:
    ///   - id: the call's whole id.
    ///   - message: at most 500 characters; it stands in the log, and a refused caller is told.
    /// - Throws: `DeskRefusal` where it does not wait any more, or its gateway cannot record the decision.
    func decide(_ id: String, approves: Bool, message: String?) throws
}

/// A call that waits for a person: all that may be known of it.
///
/// Of its arguments that is the names, and the values that the policy lets into the log.
public struct WaitingCall: Sendable, Equatable {
    /// Its id: that of its first record.
    public var id: String
    /// The tool.
    public var tool: String
    /// The server.
    public var server: String
    /// Since when.
    public var since: Timestamp
    /// Seconds until it ends by itself.
    public var secondsLeft: Int
    /// Whether its caller holds the request open; else it has been told to call again.
    public var callerWaits: Bool
    /// The rule that holds it.
    public var rule: String
    /// Why, in the policy's words.
    public var reason: String
    /// Who calls, nil where that is not known.
    public var agent: String?
    /// The grant.
    public var grant: String?
    /// The client's own name.
    public var client: String?
    /// The class of harm.
    public var risk: String?
    /// The arguments' names.
    public var argumentKeys: [String] = []
    /// How many more there are.
    public var otherKeys = 0
    /// The values that are recorded, each as `path=value`.
    public var recorded: [String] = []
    /// Bytes of all arguments.
    public var argumentBytes: Int?
    /// Who has approved it; its caller has not called again yet.
    public var approvedBy: String?

    /// Makes one.
    public init(
        id: String, tool: String, server: String, since: Timestamp, secondsLeft: Int, callerWaits: Bool, rule: String,
        reason: String
    ) {
        self.id = id
        self.tool = tool
        self.server = server
        self.since = since
        self.secondsLeft = secondsLeft
        self.callerWaits = callerWaits
        self.rule = rule
        self.reason = reason
    }
}

extension WaitingCall {
    /// The call for programs.
    var json: String {
        let texts: [(String, String?)] = [
            ("id", id), ("tool", tool), ("server", server), ("agent", agent), ("grant", grant), ("client", client),
            ("risk", risk), ("since", since.description), ("rule", rule), ("reason", reason),
            ("approved_by", approvedBy),
        ]
        let list = { (texts: [String]) in "[" + texts.map { JSONString.of($0) }.joined(separator: ",") + "]" }
        var parts = texts.compactMap { name, value in value.map { "\"\(name)\":\(JSONString.of($0))" } }
        parts += [
            "\"ends_in_s\":\(secondsLeft)", "\"caller_waits\":\(callerWaits)", "\"arg_keys\":\(list(argumentKeys))",
            "\"arg_keys_other\":\(otherKeys)", "\"args\":\(list(recorded))",
        ]
        if let argumentBytes { parts.append("\"arg_bytes\":\(argumentBytes)") }
        return "{\(parts.joined(separator: ","))}"
    }
}

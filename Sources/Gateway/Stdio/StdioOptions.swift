public import MCP
public import Policy

/// How `tollgate run` is set up.
public struct StdioOptions: Sendable {
    /// The server's command.
    public var command: [String]
    /// The server's name in records.
    public var server: String
    /// This gateway's name in records.
    public var gateway: String
    /// Who calls; nil makes a name of `user` and the client's own.
    public var agent: String?
    /// The operating system's user.
    public var user: String
    /// The policy; nil observes: all passes and is recorded.
    public var policy: CompiledPolicy?
    /// The folder of keys, outside of every log.
    public var stateFolder: String
    /// The bounds of a client's message.
    public var limits = EnvelopeLimits()
    /// The most bytes of a server's message that is read; larger ones pass unread.
    public var maximumAnswerBytes = 64 << 20
    /// The most bytes that may wait for the server before the client's connection is read no further.
    public var queueBytes = 8 << 20
    /// Milliseconds that a call waits for its record's commit before it is denied.
    public var commitMilliseconds = 2000
    /// How long a request is held open that waits for a person, before its caller has to call again: clients give up at 60 s.
    public var approvalPatience = Duration.seconds(50)
    /// What becomes of calls that cannot be recorded; the log has to be opened with its `hold`.
    public var failPolicy = FailPolicy()
    /// Milliseconds between closing the server's input and SIGTERM, and between that and SIGKILL.
    ///
    /// Clients wait about two seconds before they end us in the same way, and then nobody would end the server.
    public var graceMilliseconds = 1500

    /// Makes options from what has no default.
    public init(command: [String], server: String, gateway: String, user: String, stateFolder: String) {
        self.command = command
        self.server = server
        self.gateway = gateway
        self.user = user
        self.stateFolder = stateFolder
    }
}

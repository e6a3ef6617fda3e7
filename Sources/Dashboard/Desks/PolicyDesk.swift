public import AuditLog
public import Events
public import Policy

/// The policies that can be looked at, and where there is a file to write, changed.
///
/// Its methods block, and are called on threads that may.
public protocol PolicyDesk: Sendable {
    /// All policies, by name.
    ///
    /// - Throws: `DeskRefusal`.
    func policies() throws -> [PolicyCard]

    /// A policy's text as its file has it now.
    ///
    /// - Throws: `DeskRefusal`.
    func text(of card: PolicyCard) throws -> PolicyBytes

    /// Reads what is, or is to be, a policy's text.
    func check(_ bytes: [UInt8], as card: PolicyCard) -> PolicyReading

    /// The tools that servers have listed since their gateway runs; none where that cannot be told.
    func listedTools(of card: PolicyCard) -> [ListedTool]

    /// Puts a checked text in the place of the one that was looked at.
    ///
    /// - Parameter base: the `digest` of the text that was looked at.
    /// - Returns: the digest by which the gateway decides now, nil where none runs; and why it does not take its files over.
    /// - Throws: `DeskRefusal`, a conflict where the file is another by now; then nothing is written.
    func save(_ bytes: [UInt8], as card: PolicyCard, over base: String) throws -> (digest: Digest64?, refusal: String?)
}

/// A policy's text, and what tells it from others.
public struct PolicyBytes: Sendable {
    /// The text.
    public var bytes: [UInt8]
    /// SHA-256 of the text, in hex.
    public var digest: String

    /// Makes one.
    public init(bytes: [UInt8], digest: String) {
        self.bytes = bytes
        self.digest = digest
    }
}

/// A policy as the list of them shows it.
public struct PolicyCard: Sendable {
    /// Who is decided about by it.
    public struct User: Sendable {
        /// The grant's id.
        public var grant: String
        /// Who calls with it.
        public var agent: String
        /// The servers it opens; `["*"]` for all.
        public var servers: [String]

        /// Makes one.
        public init(grant: String, agent: String, servers: [String]) {
            self.grant = grant
            self.agent = agent
            self.servers = servers
        }
    }

    /// What an address names it by.
    public var id: String
    /// What it is called on pages.
    public var name: String
    /// Its name in records.
    public var policy: String
    /// Its file.
    public var file: String
    /// Whether the file is the policy's source: a copy that a log keeps is not written.
    public var isWritable: Bool
    /// Whether the file is YAML.
    public var isYAML = false
    /// The digest by which a gateway decides; nil where none runs.
    public var inForce: Digest64?
    /// The mode in force.
    public var mode: Mode?
    /// The grants that name it; nil where policies are not chosen by grants.
    public var users: [User]?
    /// Logs with calls that it decided.
    public var logs: [LogDirectory]
    /// Why the gateway does not work by its files; nil where it does.
    public var refusal: String?

    /// Makes one.
    public init(id: String, name: String, file: String, isWritable: Bool, logs: [LogDirectory]) {
        self.id = id
        self.name = name
        policy = name
        self.file = file
        self.isWritable = isWritable
        self.logs = logs
    }

    /// The servers whose calls it decides; nil for all.
    var servers: Set<String>? {
        guard let users, !users.isEmpty, !users.contains(where: { $0.servers.contains("*") }) else { return nil }
        return Set(users.flatMap(\.servers))
    }

    /// Whether it would have made a recorded decision: by the grants that name it now, else by its name or digest.
    func decides(_ decision: Decision) -> Bool {
        if let users { return users.contains { $0.grant == decision.grant } }
        return decision.policy == policy || inForce.map { decision.policyDigest == $0 } ?? false
    }
}

/// A tool that a server has listed.
public struct ListedTool: Sendable {
    /// The server.
    public var server: String
    /// The tool.
    public var tool: String
    /// The class of harm that its definition says.
    public var risk: Risk
    /// Whether its definition is another than it was.
    public var hasChanged: Bool

    /// Makes one.
    public init(server: String, tool: String, risk: Risk, hasChanged: Bool) {
        self.server = server
        self.tool = tool
        self.risk = risk
        self.hasChanged = hasChanged
    }
}

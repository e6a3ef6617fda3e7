public import Events

/// What the bearer of a token may do: as which agent, at which servers, under which policy.
public struct Grant: Sendable, Equatable {
    /// What ``servers`` holds for all servers.
    public static let everyServer = "*"

    /// The grant's name in records and commands.
    public var id: String
    /// Who calls with it.
    public var agent: String
    /// The servers it opens; `["*"]` for all.
    public var servers: [String]
    /// The policy's name; nil denies every call for want of one.
    public var policy: String?
    /// The SHA-256 of its token, 32 bytes.
    public var tokenSHA256: [UInt8]
    /// When it ends; nil for never.
    public var expires: Timestamp?
    /// What a person wrote about it.
    public var note: String?

    /// Makes a grant from its parts, which are not checked.
    public init(
        id: String, agent: String, servers: [String], policy: String? = nil, tokenSHA256: [UInt8],
        expires: Timestamp? = nil, note: String? = nil
    ) {
        self.id = id
        self.agent = agent
        self.servers = servers
        self.policy = policy
        self.tokenSHA256 = tokenSHA256
        self.expires = expires
        self.note = note
    }

    /// Whether the grant opens a server.
    public func opens(server: String) -> Bool {
        servers.contains { $0 == server || $0 == Grant.everyServer }
    }
}

/// A token that no longer opens anything, kept so that its use can be told from a stranger's.
public struct RevokedGrant: Sendable, Equatable {
    /// The grant it belonged to.
    public var id: String
    /// The SHA-256 of the token, 32 bytes.
    public var tokenSHA256: [UInt8]
    /// Since when.
    public var at: Timestamp

    /// Makes one.
    public init(id: String, tokenSHA256: [UInt8], at: Timestamp) {
        self.id = id
        self.tokenSHA256 = tokenSHA256
        self.at = at
    }
}

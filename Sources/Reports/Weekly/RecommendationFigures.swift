import Events

/// One thing to change, with what speaks for it and what it would have done.
struct RecommendationFigures: Sendable, Equatable, Encodable {
    enum Kind: String, Sendable, Encodable {
        /// One credential, several agents.
        case credentialShared = "credential_shared"
        /// A tool of harm without a limit.
        case limitMissing = "limit_missing"
        /// A limit that ordinary work runs into.
        case limitTight = "limit_tight"
        /// A limit that would stop nothing.
        case limitLoose = "limit_loose"
        /// Granted, and not used.
        case toolUnused = "tool_unused"
    }

    var kind: Kind
    /// The tool's server, the tool; absent for a credential.
    var server: String?
    var tool: String?
    /// The grant, for a credential; the policy's name, for a tool that was granted.
    var grant: String?
    /// What to do, in a sentence.
    var advice: String
    /// What speaks for it.
    var evidence: String
    /// What it would have done in the last 28 days; absent where that cannot be told.
    var effect: EffectFigures?
    /// The limit proposed, calls a minute.
    var maximum: Int?
    /// A fragment of a policy.
    var policy: String?
}

/// What a proposal would have done.
struct EffectFigures: Sendable, Equatable, Encodable {
    var from: Moment
    var to: Moment
    /// The tool's calls of that time.
    var calls: Int
    /// Those that were stopped.
    var stopped: Int
    /// Those that passed and would have been stopped.
    var newlyStopped: Int
    /// Those that a limit stopped and that would have passed; absent where nothing is loosened.
    var newlyPassed: Int?
    /// Agents with a call that would have been stopped.
    var agents: [String]
}

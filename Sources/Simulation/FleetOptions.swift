public import Events

/// What happens in the simulated weeks beside ordinary work.
public enum Scenario: String, Sendable, CaseIterable {
    /// Nothing.
    case quiet
    /// One agent runs away on `build_and_push_image_to_ecr` in the fourth week.
    case runaway
    /// The same, and incidents of every other kind.
    case fleet
}

/// What to simulate.
public struct FleetOptions: Sendable {
    /// Equal seeds give equal records.
    public var seed: UInt64
    /// What happens beside ordinary work.
    public var scenario = Scenario.runaway
    /// How many `tools/call` decisions to make.
    public var calls = 50_000
    /// When the four weeks begin, a Monday at midnight: by default 2026-10-26T00:00:00Z.
    public var start = Timestamp(microseconds: 1_792_972_800_000_000)
    /// The gateway's name in the records.
    public var gateway = "gw-1"
    /// The first record's `seq`.
    public var startingSeq: UInt64 = 0
    /// Digest of the normal form of `FleetPolicy.json`, for the records; whoever can compute it hands it in.
    public var policyDigest = Digest64(0x7E11_6A7E_F1EE_7001)

    /// The defaults for a seed.
    public init(seed: UInt64) {
        self.seed = seed
    }
}

/// Something that went wrong on purpose: a label for judging detectors.
public struct Incident: Sendable, Equatable {
    /// What kind of wrong.
    public enum Kind: String, Sendable, CaseIterable {
        /// A fast loop of builds that ignores the limit.
        case runaway
        /// A model that repeats one call a few times a minute.
        case modelLoop = "model_loop"
        /// A near-identical loop: one tool, slightly different arguments each time.
        case variedLoop = "varied_loop"
        /// Denied calls over and over.
        case denialStorm = "denial_storm"
        /// Far more calls than ever, for a minute or two.
        case burst
        /// One build every few minutes, for hours.
        case slowBuilds = "slow_builds"
        /// A poll that does not end.
        case endlessPoll = "endless_poll"
    }

    /// What kind.
    public var kind: Kind
    /// Who does it.
    public var agent: String
    /// The upstream's name.
    public var server: String
    /// The tool.
    public var tool: String
    /// The first call's time.
    public var start: Timestamp
    /// No call after this.
    public var end: Timestamp
}

import Events

/// A session of one agent: a small machine that makes one step at a time.
struct FleetSession: Sendable {
    /// What the session is for.
    enum Purpose: Sendable, Equatable {
        /// Ordinary work: several tools, thinking between calls.
        case work
        /// One tool over many files.
        case bulk
        /// The same question at equal distances until the answer changes.
        case poll
        /// Something wrong on purpose.
        case incident(Int)
        /// Somebody without a token, from outside.
        case intruder
    }

    let agent: Int
    let purpose: Purpose
    var random: Randomness
    /// The protocol session with the server last called, for the eras that have sessions.
    private(set) var id: String?
    private var server = ""
    private let name: UInt64?
    /// Calls still to be made, the current one's retries not counted.
    var remaining: Int
    /// Requests that open the session, still to be sent.
    var greetings: [String]
    var tool = 0
    /// What stands for the current call's arguments.
    var arguments: UInt64 = 0
    /// Retries made of the current call.
    var retries = 0
    var requests = 0
    private static let remembered = 4

    /// What was read lately; a session reads some of it again.
    private var recent: [(tool: Int, arguments: UInt64)] = []

    init(agent: Int, purpose: Purpose, remaining: Int, random: Randomness, hasSessions: Bool) {
        self.agent = agent
        self.purpose = purpose
        self.remaining = remaining
        self.random = random
        let name = self.random.next()
        self.name = hasSessions && purpose != .intruder ? name : nil
        greetings = purpose == .intruder ? [] : hasSessions ? ["tools/list", "initialize"] : ["tools/list"]
    }

    /// Turns to a server; each has a protocol session of its own.
    mutating func connect(to server: String) {
        requests += 1
        guard let name, server != self.server else { return }
        self.server = server
        let own = server.utf8.reduce(name) { mixed($0 &+ UInt64($1)) }
        id = Digest64(name).description + Digest64(own).description
    }

    /// Chooses the next call of ordinary work: often the same tool again, seldom arguments of a moment ago.
    mutating func chooseCall(of who: FleetAgent) {
        retries = 0
        if recent.count == Self.remembered, random.chance(0.06) {
            (tool, arguments) = recent[random.below(recent.count)]
            return
        }
        if arguments == 0 || !random.chance(0.3) { tool = who.pickTool(&random) }
        arguments = random.next()
        guard ToolCatalog.tools[tool].risk == .read else { return }
        if recent.count == Self.remembered { recent.removeFirst() }
        recent.append((tool, arguments))
    }

    /// Other arguments for the same tool, which the first call chooses.
    mutating func chooseArguments(of who: FleetAgent) {
        retries = 0
        if arguments == 0 { tool = who.pickTool(&random) }
        arguments = random.next()
    }
}

/// What an incident's session does.
struct IncidentPlan: Sendable {
    let incident: Incident
    let agent: Int
    let tool: Int
    /// Microseconds from the fleet's start.
    let start: Int64
    let end: Int64
    /// Mean gap between calls, in microseconds, and the deviation of its logarithm.
    let gap: Double
    let sigma: Double
    /// The share of calls with the very same arguments.
    let same: Double

    var calls: Int { Int(Double(end - start) / gap) }
}

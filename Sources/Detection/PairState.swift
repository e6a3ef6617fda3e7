import Events

/// Who calls what, the key of a pair's state.
///
/// A tool is one server's, so the pair is a triple of names.
struct PairName: Hashable, Sendable {
    var agent: String
    var server: String
    var tool: String
}

/// What the digests of one pair say about one call.
struct PairSighting: BitwiseCopyable {
    /// The same arguments came in the last 30 minutes.
    var isRepeated = false
    /// It is part of a poll.
    var isPoll = false
}

/// Whether identical calls are polling.
enum PollingDeclaration: UInt8 {
    case undeclared, declared, never
}

/// Everything the rules remember about one agent and one tool: fixed size, at most 512 bytes (a test holds it to that).
struct PairState: BitwiseCopyable {
    /// The first and the last call's time, in microseconds since the epoch.
    let firstSeen: Int64
    var lastSeen: Int64
    /// All calls, and those refused.
    private(set) var attempts: UInt32 = 0
    private(set) var refused: UInt32 = 0
    /// When the last throttled call was, and from when on it may be tried again.
    private(set) var throttledAt: Int64 = 0
    private var waitMilliseconds: UInt32 = 0
    /// Index of the tool's state, and of the agent's.
    let toolIndex: UInt32
    let agentIndex: UInt32
    /// Index of the state for what few pairs ever have, from 1; 0 while there is none.
    var trouble: UInt32 = 0
    /// The log being read, as a number.
    var log: UInt16 = 0
    /// One bit for each rule with a raised finding.
    var raised: UInt16 = 0
    /// What was declared.
    private(set) var polling: PollingDeclaration
    private(set) var retries: UInt8?
    /// How many times the usual load is expected; 1 where nothing was declared.
    private(set) var expected: UInt8
    /// Endings in a row that failed, and that brought the same result.
    private(set) var failures: UInt8 = 0
    private(set) var unchangedResults: UInt8 = 0
    private var lastResult: UInt32 = 0

    var loop = LoopTable()
    /// What `loop` saw of the call that is being looked at.
    var sighting = PairSighting()

    var minute = SlidingMinute()
    var pace = LearnedPace()
    var burst = EpisodeOrigin()
    var declaredPerMinute: UInt32 = 0

    var surge = SurgeState()

    var hours = SlidingHours()
    /// Calls of a grave tool a minute and more apart with nothing else between, and the most of this episode.
    var alone: UInt8 = 0
    var mostAlone: UInt8 = 0
    /// Where `budget` and the slow `run` began.
    var slowStart = EpisodeOrigin()
    /// Declared; 0 where it is not.
    private(set) var declaredBudget: UInt32 = 0

    init(firstSeen: Int64, toolIndex: UInt32, agentIndex: UInt32, declared: PairDeclaration) {
        self.firstSeen = firstSeen
        lastSeen = firstSeen
        self.toolIndex = toolIndex
        self.agentIndex = agentIndex
        polling = declared.polling
        retries = declared.retries
        declaredBudget = declared.budget
        expected = declared.expected
    }

    /// Takes over what is declared now.
    mutating func apply(_ declared: PairDeclaration) {
        polling = declared.polling
        retries = declared.retries
        declaredBudget = declared.budget
        expected = declared.expected
    }

    /// Counts a call, after the rules have read it.
    mutating func note(_ call: CallEvent, at time: Int64) {
        lastSeen = time
        attempts &+= UInt32(clamping: call.attempts)
        if call.isRefused { refused &+= UInt32(clamping: call.attempts) }
        if call.verdict == .throttle, call.mode == .enforce, let wait = call.retryAfterMilliseconds {
            throttledAt = time
            // 49 days at most.
            waitMilliseconds = UInt32(clamping: wait)
        }
    }

    /// Counts an ending.
    mutating func note(_ ending: CallEnding) {
        if let failed = ending.failed {
            failures = failed ? UInt8(clamping: Int(failures) + 1) : 0
        }
        guard let result = ending.result else { return }
        // Half of the digest: a result is taken for another's once in four billion.
        let digest = UInt32(truncatingIfNeeded: result.value)
        unchangedResults = digest == lastResult ? UInt8(clamping: Int(unchangedResults) + 1) : 0
        lastResult = digest
    }

    /// Whether the last throttled call's `retry_after` is over, less a hundredth of a second for clocks.
    func hasWaited(until time: Int64) -> Bool {
        throttledAt != 0 && time - throttledAt >= Int64(waitMilliseconds) * 1000 - 10_000
    }

    /// An episode that begins with this call.
    func origin(of call: CallEvent, at time: Int64) -> EpisodeOrigin {
        EpisodeOrigin(
            start: time, record: PackedReference(log: log, seq: call.record.seq), attemptsBefore: attempts,
            refusedBefore: refused)
    }
}

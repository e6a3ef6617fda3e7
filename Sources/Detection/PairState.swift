import Events

/// Who calls what, the key of a pair's state.
///
/// A tool is one server's, so the pair is a triple of names.
struct PairName: Hashable, Sendable {
    var agent: String
    var server: String
    var tool: String
}

/// Whether identical calls are polling.
enum PollingDeclaration: UInt8 {
    case undeclared, declared, never
}

/// Everything the rules remember about one agent and one tool: fixed size, at most 512 bytes (a test holds it to that).
struct PairState: BitwiseCopyable {
    /// A year, in milliseconds: more than any limit's window.
    private static let longestWait = 31_622_400_000

    /// The first and the last call's time, in microseconds since the epoch.
    let firstSeen: Int64
    var lastSeen: Int64
    /// All calls, and those refused.
    private(set) var attempts: UInt32 = 0
    private(set) var refused: UInt32 = 0
    /// When the last throttled call was, and from when on it may be tried again.
    private(set) var throttledAt: Int64 = 0
    private var waitUntil: Int64 = 0
    /// Index of the tool's state.
    let toolIndex: UInt32
    /// The log being read, as a number.
    var log: UInt16 = 0
    /// One bit for each rule with a raised finding.
    var raised: UInt16 = 0
    /// What was declared.
    let polling: PollingDeclaration
    let retries: UInt8?
    /// Endings in a row that failed, and that brought the same result.
    private(set) var failures: UInt8 = 0
    private(set) var unchangedResults: UInt8 = 0
    private var lastResult: UInt64 = 0

    var loop = LoopTable()

    var minute = SlidingMinute()
    var pace = LearnedPace()
    var burst = EpisodeOrigin()
    var declaredPerMinute: UInt32 = 0

    init(firstSeen: Int64, toolIndex: UInt32, polling: PollingDeclaration, retries: UInt8?) {
        self.firstSeen = firstSeen
        lastSeen = firstSeen
        self.toolIndex = toolIndex
        self.polling = polling
        self.retries = retries
    }

    /// Counts a call, after the rules have read it.
    mutating func note(_ call: CallEvent, at time: Int64) {
        lastSeen = time
        attempts &+= UInt32(clamping: call.attempts)
        if call.isRefused { refused &+= UInt32(clamping: call.attempts) }
        if call.verdict == .throttle, call.mode == .enforce, let wait = call.retryAfterMilliseconds {
            throttledAt = time
            waitUntil = time + Int64(min(max(wait, 0), Self.longestWait)) * 1000
        }
    }

    /// Counts an ending.
    mutating func note(_ ending: CallEnding) {
        if let failed = ending.failed {
            failures = failed ? UInt8(clamping: Int(failures) + 1) : 0
        }
        guard let result = ending.result else { return }
        unchangedResults = result.value == lastResult ? UInt8(clamping: Int(unchangedResults) + 1) : 0
        lastResult = result.value
    }

    /// Whether the last throttled call's `retry_after` is over, less a hundredth of a second for clocks.
    func hasWaited(until time: Int64) -> Bool {
        throttledAt != 0 && time >= waitUntil - 10_000
    }

    /// An episode that begins with this call.
    func origin(of call: CallEvent, at time: Int64) -> EpisodeOrigin {
        EpisodeOrigin(
            start: time, record: PackedReference(log: log, seq: call.record.seq), attemptsBefore: attempts,
            refusedBefore: refused)
    }
}

/// What all agents' calls of one tool teach.
struct ToolState {
    var repeats = RepeatHistogram()
    /// How many pairs use it; without any its place is free.
    var pairs = 0
}

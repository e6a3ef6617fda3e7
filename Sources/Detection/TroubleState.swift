/// What few pairs ever need: denials, polls, waits not waited for.
struct TroubleState: BitwiseCopyable {
    var denials = DenialState()
    var poll = PollStreak()
    /// Throttled calls repeated too early, in a row, and where that began.
    var defied: UInt16 = 0
    var defiedAt: Int64 = 0
    var defiance = EpisodeOrigin()
}

/// A pair's identical calls at a poll's rhythm, whatever their arguments.
struct PollStreak: BitwiseCopyable {
    /// A pause longer than this ends a streak, in microseconds.
    static let pause: Int64 = 900_000_000

    var last: Int64 = 0
    var origin = EpisodeOrigin()
}

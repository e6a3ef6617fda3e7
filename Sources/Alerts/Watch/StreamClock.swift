import Events

/// The time of the followed logs' calls while none come: what tells that something has been calm for long enough.
///
/// Of calls that are being made it is the clock's, a little late. A log that is filled with calls of the past has a time of its
/// own: it goes on from its newest record as the clock does, or the pause between two pieces of an import would end whatever
/// goes on in it, and a replay would tell something else.
struct StreamClock {
    /// Calls still on their way are no older than this, in microseconds: findings are cleared by the clock this much late.
    static let slack: Int64 = 30_000_000

    /// How far the newest record was behind the clock when it was read, in microseconds; 0 for calls that are being made.
    private var lag: Int64 = 0
    /// Whether what is read was made long before it was read.
    private(set) var isOfThePast: Bool

    init(isOfThePast: Bool = false) {
        self.isOfThePast = isOfThePast
    }

    /// Records have been read.
    ///
    /// - Parameters:
    ///   - newest: the newest one's time; nil where nothing was there. Whatever comes then has just been written, of whatever
    ///     time it is, also for a watch that is stopped in the midst of it and goes on.
    ///   - isHistory: whether they were there before anybody watched. They say nothing about when they were written, so it
    ///     stays as it was: what is old and over is not told as if it had just happened.
    mutating func note(_ newest: Timestamp?, at now: Timestamp, isHistory: Bool) {
        guard let newest else {
            isOfThePast = true
            return
        }
        guard isOfThePast || !isHistory else { return }
        let behind = now.since(newest)
        // A watch that starts late reads calls of its absence; only a log of the past stays one.
        isOfThePast = behind > Self.slack
        lag = isOfThePast ? behind : 0
    }

    /// No call still to come is older than this.
    func time(at now: Timestamp) -> Timestamp {
        now.advanced(by: -lag - Self.slack)
    }
}

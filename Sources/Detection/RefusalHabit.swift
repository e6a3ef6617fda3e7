/// In how many of its hours a tool has calls refused, and whether that has stopped since its definition changed.
///
/// Counted by hours of the clock in which the tool was called at all: an agent that is refused a hundred times at once says no
/// more about a rule than one that is refused once.
struct RefusalHabit: BitwiseCopyable {
    private static let halvedAt: Float = 2000

    private var hour: Int64 = 0
    private(set) var activeHours: Float = 0
    private(set) var refusedHours: Float = 0
    /// −ln of how improbable the hours without a refusal since the change are.
    private(set) var surprise: Float = 0
    /// The share of active hours with a refusal, as it was at the change.
    private var share: Float = 0
    /// The change.
    private(set) var origin = EpisodeOrigin()
    /// Whether a call was refused in the hour that is going on.
    private var refused = false
    /// Whether nothing was refused since the change.
    private(set) var isWatched = false
    /// Whether that was told.
    var isTold = false

    /// Notes a call.
    mutating func note(isRefused: Bool, at time: Int64) {
        let now = time / HourlyHabits.hour
        if now > hour {
            if hour > 0 { close() }
            hour = now
        }
        guard isRefused else { return }
        refused = true
        isWatched = false
        surprise = 0
    }

    /// The tool's definition changed; nothing comes of it before `learned` hours with a refusal are known.
    mutating func change(_ origin: EpisodeOrigin, learned: Int) {
        isWatched = refusedHours >= Float(learned)
        surprise = 0
        // Never surer than that one hour in 25 is different.
        share = min(refusedHours / (activeHours + 1), 0.96)
        self.origin = origin
    }

    private mutating func close() {
        activeHours += 1
        if refused {
            refusedHours += 1
        } else if isWatched {
            surprise -= NaturalLogarithm.of(1 - share)
        }
        refused = false
        guard activeHours >= Self.halvedAt else { return }
        activeHours /= 2
        refusedHours /= 2
    }
}

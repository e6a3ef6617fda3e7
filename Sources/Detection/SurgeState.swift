/// What the rule `surge` remembers about one agent and tool.
struct SurgeState: BitwiseCopyable {
    /// The CUSUM.
    var level: Float = 0
    /// Calls, and active seconds, both fading by half in ten active hours.
    var calls: Float = 0
    var activeSeconds: Float = 0
    /// Calls learned from, and denials in a row; both stop at 255.
    var learned: UInt8 = 0
    var denialsInARow: UInt8 = 0
    /// The pace, in calls per second, when the CUSUM last left zero.
    var usual: Float = 0
    /// The last call that fed it, in microseconds since the epoch.
    var last: Int64 = 0
    /// The call at which the CUSUM last left zero: the estimate of the start.
    var origin = EpisodeOrigin()

    /// Calls per second while active, at least `floor`.
    func rate(floor: Float) -> Float {
        activeSeconds > 0 ? max(calls / activeSeconds, floor) : floor
    }
}

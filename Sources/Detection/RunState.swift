/// An agent's consecutive calls of one tool.
struct RunState: BitwiseCopyable {
    /// A pause longer than this ends a run, in microseconds.
    static let pause: Int64 = 600_000_000

    var length: UInt32 = 0
    /// How many of its calls came at a model's pace, walked through a list, repeated arguments, were throttled.
    var paced: UInt32 = 0
    var paging: UInt32 = 0
    var repeated: UInt32 = 0
    var throttled: UInt32 = 0
    var origin = EpisodeOrigin()
}

/// How much may go on unrecorded for a while, in memory alone, while the disk takes no records.
public struct LogHold: Sendable, Equatable {
    /// Calls in one episode.
    public var events: Int
    /// Milliseconds from the episode's beginning.
    public var milliseconds: Int

    /// Takes both bounds; whichever is reached first holds.
    public init(events: Int, milliseconds: Int) {
        self.events = events
        self.milliseconds = milliseconds
    }
}

public import Events

/// The busiest minute of a period; of equals, the earliest.
public struct PeakMinute: Sendable, Hashable {
    /// Calls in it.
    public var calls: Int
    /// Its start.
    public var minute: Timestamp

    /// Makes a peak.
    public init(calls: Int, minute: Timestamp) {
        self.calls = calls
        self.minute = minute
    }
}

/// The busiest UTC hour of a period; of equals, the earliest.
public struct PeakHour: Sendable, Hashable {
    /// Calls in it.
    public var calls: Int
    /// Its start.
    public var hour: Timestamp

    /// Makes a peak.
    public init(calls: Int, hour: Timestamp) {
        self.calls = calls
        self.hour = hour
    }
}

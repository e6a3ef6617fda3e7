/// When a failed delivery is tried again.
public struct RetrySchedule: Sendable {
    /// The pause after the first failure, in milliseconds; it doubles each time.
    public var firstMilliseconds: Int
    /// The longest pause, in milliseconds.
    public var longestMilliseconds: Int
    /// A message so old is given up, in milliseconds.
    public var patienceMilliseconds: Int

    /// Makes a schedule.
    public init(firstMilliseconds: Int, longestMilliseconds: Int, patienceMilliseconds: Int) {
        self.firstMilliseconds = firstMilliseconds
        self.longestMilliseconds = longestMilliseconds
        self.patienceMilliseconds = patienceMilliseconds
    }

    /// One second, two, four and so on up to five minutes, for a day.
    public static let standard = RetrySchedule(
        firstMilliseconds: 1000, longestMilliseconds: 300_000, patienceMilliseconds: 86_400_000)

    /// The pause after an attempt, counted from 1: between half and all of what doubling gives, so that many watches do
    /// not come back at once, and never less than the receiver asked for.
    ///
    /// - Parameter jitter: a random number from 0 to 1.
    func pause(after attempt: Int, retryAfterMilliseconds: Int?, jitter: Double) -> Int {
        let full = min(longestMilliseconds, firstMilliseconds << min(max(attempt - 1, 0), 20))
        let own = full / 2 + Int(Double(full - full / 2) * min(max(jitter, 0), 1))
        return max(own, retryAfterMilliseconds ?? 0)
    }
}

/// What a sink did not do.
public struct SinkReport: Sendable, CustomStringConvertible {
    /// The sink's name.
    public var sink: String
    /// The ids of the alerts.
    public var alerts: [String]
    /// Which attempt this was, from 1; 0 for a refresh.
    public var attempt: Int
    /// Why it failed.
    public var error: SinkError
    /// Milliseconds until it is tried again; nil where it was given up.
    public var retryMilliseconds: Int?

    /// One line, and the error's hint.
    public var description: String {
        let next =
            retryMilliseconds.map { "again in \($0) ms" } ?? "given up; tollgate alerts resend \(alerts.first ?? "ID")"
        let what = alerts.isEmpty ? "what fires" : "alert \(alerts.joined(separator: ", "))"
        return "\(what) not delivered to \(sink) (attempt \(attempt), \(next)): \(error)"
    }
}

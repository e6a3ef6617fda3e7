public import Events

/// A sign of life: an alert that always fires, for a dead man's switch that pages somebody when it is missing.
///
/// It never waits in the outbox and is never tried again: one that comes late would say what is not so.
public struct Heartbeat: Sendable {
    /// The rule's name, the same in every sink.
    public static let rule = "TollgateWatchdog"

    /// After how long without a turn of the watch's loop no heartbeat is sent, in microseconds: two minutes.
    public static let patienceMicroseconds: Int64 = 120_000_000

    /// How often, in microseconds.
    public let everyMicroseconds: Int64
    /// When the watch began.
    public let start: Timestamp
    private var last: Timestamp?

    /// Begins.
    public init(everyMicroseconds: Int64, start: Timestamp) {
        self.everyMicroseconds = everyMicroseconds
        self.start = start
    }

    /// The heartbeat that is due now, when the watch's loop has come round; nil where it is too early.
    public mutating func pass(_ now: Timestamp) -> AlertNotice? {
        // A clock that was put back must not keep it away.
        if let last, (0..<everyMicroseconds).contains(now.since(last)) { return nil }
        last = now
        return notice(now)
    }

    private func notice(_ now: Timestamp) -> AlertNotice {
        let id = String(AlertNotice.digest([Self.rule]).prefix(16))
        let summary = "tollgate watches; page somebody when this alert is missing"
        let fields = [
            ("id", id), ("state", "firing"), ("cause", "heartbeat"), ("rule", Self.rule), ("severity", "none"),
            ("start", start.description), ("summary", summary),
        ]
        return AlertNotice(
            key: AlertNotice.digest([id, "\(now.microseconds)"]), id: id, rule: Self.rule, severity: "none",
            isFiring: true, cause: "heartbeat", at: now, start: start, summary: summary, evidence: ["id": id],
            json: NoticeText.json(now, fields), line: NoticeText.line(now, "HEARTBEAT \(summary) [\(id)]"))
    }
}

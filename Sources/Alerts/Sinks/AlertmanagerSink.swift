import Events
import Foundation
import Glibc

/// Posts alerts to an Alertmanager (API version 2), which groups, silences and routes them by its own rules.
///
/// An Alertmanager forgets what it is not told of again: what fires is sent every minute, with an end three minutes
/// ahead, so that it resolves there by itself when tollgate is gone. The same message holds the heartbeat.
public struct AlertmanagerSink: AlertSink {
    private static let leaseMicroseconds: Int64 = 180_000_000

    private let address: SinkAddress
    private let alerts: SinkAddress
    private let refreshes: Int
    private let timeLimit: Int

    /// Makes a sink.
    ///
    /// - Parameter address: the Alertmanager's own URL; `/api/v2/alerts` is added.
    public init(
        address: SinkAddress, refreshMilliseconds: Int = 60_000, timeLimitMilliseconds: Int = 10_000
    ) throws(SinkError) {
        guard !address.target.contains("?") else {
            throw SinkError(
                .usage, "an Alertmanager's URL has no query: /api/v2/alerts is added to it",
                hint: "tollgate watch --sink alertmanager:http://127.0.0.1:9093")
        }
        self.address = address
        alerts = try address.appending("/api/v2/alerts")
        refreshes = refreshMilliseconds
        timeLimit = timeLimitMilliseconds
    }

    /// `alertmanager:`, its host and port, and a digest of the rest.
    public var name: String { "alertmanager:\(address.name)" }

    /// Every minute.
    public var refreshMilliseconds: Int? { refreshes }

    /// Looks whether the address may be used.
    public func check() throws(SinkError) {
        do throws(SinkError) {
            _ = try address.resolve()
        } catch  where error.code == .network {}
    }

    /// Posts the message's alerts.
    public func deliver(_ delivery: AlertDelivery) throws(SinkError) {
        try post(delivery.notices.map { Self.entry($0, now: Self.now) }, key: delivery.key)
    }

    /// Posts what still fires, and the heartbeat, whose absence says that tollgate watches no more.
    public func refresh(_ firing: [AlertNotice], isWatching: Bool) throws(SinkError) {
        let now = Self.now
        let heartbeat = Entry(
            labels: ["alertname": Heartbeat.rule, "severity": "none"],
            annotations: ["summary": "tollgate watches; page somebody when this alert is missing"],
            startsAt: HTTPTime.text(now), endsAt: HTTPTime.text(now + Self.leaseMicroseconds))
        let entries = firing.map { Self.entry($0, now: now) } + (isWatching ? [heartbeat] : [])
        if !entries.isEmpty { try post(entries, key: nil) }
    }

    struct Entry: Encodable {
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        var endsAt: String
    }

    static func entry(_ notice: AlertNotice, now: Int64) -> Entry {
        Entry(
            labels: notice.labels, annotations: notice.annotations, startsAt: HTTPTime.text(notice.start),
            endsAt: HTTPTime.text(notice.isFiring ? now + leaseMicroseconds : max(notice.end ?? now, notice.start)))
    }

    private static var now: Int64 { Int64(time(nil)) * 1_000_000 }

    private func post(_ entries: [Entry], key: String?) throws(SinkError) {
        let headers = key.map { [("Idempotency-Key", $0)] } ?? []
        try HTTPPost(address: alerts, timeLimitMilliseconds: timeLimit).send(
            try WebhookPayload.encode(entries), headers: headers)
    }
}

/// Times as receivers over HTTP want them.
enum HTTPTime {
    /// RFC 3339 in UTC.
    static func text(_ microseconds: Int64) -> String {
        Timestamp(microseconds: microseconds).description
    }
}

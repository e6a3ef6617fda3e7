import Foundation
import Glibc

/// Posts a message for each group of alerts, in the form of Alertmanager's webhooks (payload version 4).
///
/// `schemas/alert-webhook.v1.schema.json` is the contract. The header `Idempotency-Key` is the same in every attempt;
/// with a secret, `WebhookSignature` says who sent it.
public struct WebhookSink: AlertSink {
    private let address: SinkAddress
    private let signature: WebhookSignature?
    private let timeLimit: Int

    /// Makes a sink.
    public init(address: SinkAddress, signature: WebhookSignature?, timeLimitMilliseconds: Int = 10_000) {
        self.address = address
        self.signature = signature
        timeLimit = timeLimitMilliseconds
    }

    /// `webhook:`, the receiver's host and port, and a digest of the rest.
    public var name: String { "webhook:\(address.name)" }

    /// A message holds all alerts of its group.
    public var gathers: Bool { true }

    /// Looks whether the address may be used; a name that cannot be resolved now may be later.
    public func check() throws(SinkError) {
        do throws(SinkError) {
            _ = try address.resolve()
        } catch  where error.code == .network {}
    }

    /// Posts the message.
    public func deliver(_ delivery: AlertDelivery) throws(SinkError) {
        let body = try WebhookPayload(delivery).bytes()
        var headers = [("Idempotency-Key", delivery.key)]
        if let signature {
            headers.append((WebhookSignature.header, signature.value(of: body, seconds: Int64(time(nil)))))
        }
        try HTTPPost(address: address, timeLimitMilliseconds: timeLimit).send(body, headers: headers)
    }
}

/// The body of a webhook.
struct WebhookPayload: Encodable {
    struct Entry: Encodable {
        var status: String
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        /// Alertmanager writes the year 1 where an alert still fires.
        var endsAt: String
        var generatorURL = ""
        var fingerprint: String
    }

    var version = "4"
    var groupKey: String
    var truncatedAlerts = 0
    var status: String
    var receiver = "tollgate"
    var groupLabels: [String: String]
    var commonLabels: [String: String]
    var commonAnnotations: [String: String]
    var externalURL = ""
    var alerts: [Entry]

    init(_ delivery: AlertDelivery) {
        alerts = delivery.notices.map { notice in
            Entry(
                status: notice.isFiring ? "firing" : "resolved", labels: notice.labels, annotations: notice.annotations,
                startsAt: HTTPTime.text(notice.start), endsAt: notice.end.map(HTTPTime.text) ?? "0001-01-01T00:00:00Z",
                fingerprint: notice.id)
        }
        groupKey = delivery.lane
        status = delivery.notices.contains(where: \.isFiring) ? "firing" : "resolved"
        groupLabels = delivery.notices.first.map(AlertGroup.labels) ?? [:]
        commonLabels = Self.common(alerts.map(\.labels))
        commonAnnotations = Self.common(alerts.map(\.annotations))
    }

    func bytes() throws(SinkError) -> [UInt8] {
        try Self.encode(self)
    }

    /// The same value gives the same bytes.
    static func encode(_ value: some Encodable) throws(SinkError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            throw SinkError(.usage, "an alert cannot be written as JSON")
        }
        return Array(data)
    }

    private static func common(_ all: [[String: String]]) -> [String: String] {
        guard let first = all.first else { return [:] }
        return first.filter { name, value in all.allSatisfy { $0[name] == value } }
    }
}

extension AlertNotice {
    /// The evidence and what happened, for people.
    var annotations: [String: String] {
        evidence.merging(["summary": summary, "cause": cause]) { _, mine in mine }
    }
}

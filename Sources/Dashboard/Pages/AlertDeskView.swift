import Alerts
import Events
import Foundation
import Hummingbird
import StrictJSON

/// The watch's outbox, as the pages ask it.
struct AlertDeskView: Sendable {
    private static let patience = Duration.seconds(3)
    private let site: Site

    init(_ site: Site) {
        self.site = site
    }

    /// How all alerts stand, the newest change last; none where no watch has run yet.
    func standings() throws -> [AlertStanding] {
        try outbox()?.standings() ?? []
    }

    /// The silences that hold.
    func silences() throws -> [Silence] {
        try outbox()?.silences(now: site.settings.now()) ?? []
    }

    /// One alert and what became of its messages.
    func alert(_ id: String) throws -> (standing: AlertStanding, deliveries: [QueuedDelivery])? {
        guard let outbox = try outbox(), let standing = try outbox.standings().last(where: { $0.notice.id == id })
        else { return nil }
        return (standing, try outbox.deliveries(of: id))
    }

    /// Leaves a request and waits for the watch's answer for a little; nil where it has not come, since no watch runs now.
    func ask(_ request: DeskRequest) throws -> DeskAnswer? {
        guard let outbox = try outbox() else {
            throw PageError(.conflict, "No watch has run here, so there is nothing to act on.", hint: "tollgate watch")
        }
        let number = try outbox.ask(request, who: site.settings.user, now: site.settings.now())
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if let answer = try outbox.answer(to: number) { return answer }
            usleep(20_000)
        }
        return nil
    }

    /// All of it for programs.
    func json() throws -> String {
        let list = try standings().map { standing -> String in
            let notice = standing.notice
            let fields: [(String, String?)] = [
                ("id", notice.id), ("state", standing.state), ("severity", notice.severity), ("rule", notice.rule),
                ("agent", notice.agent), ("server", notice.server), ("tool", notice.tool),
                ("start", Timestamp(microseconds: notice.start).description),
                ("end", notice.end.map { Timestamp(microseconds: $0).description }), ("summary", notice.summary),
                ("by", standing.who), ("reason", standing.reason),
            ]
            let parts = fields.compactMap { name, value in value.map { "\"\(name)\":\(JSONString.of($0))" } }
            return "{\(parts.joined(separator: ","))}"
        }
        return "{\"alerts\":[\(list.joined(separator: ","))]}\n"
    }

    private func outbox() throws -> Outbox? {
        guard FileManager.default.fileExists(atPath: site.settings.outbox) else { return nil }
        return try Outbox(existing: site.settings.outbox)
    }
}

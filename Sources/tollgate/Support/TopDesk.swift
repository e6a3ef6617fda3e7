import Alerts
import AuditLog
import Events
import Foundation
import Terminal

/// What `top` has to do with a watch: which alerts are open, and asking it for silences.
struct TopDesk {
    private let watchLog: LogDirectory
    private var outbox: Outbox?
    private var looked: Timestamp?
    private var alerts = TopAlerts()
    /// A request that the watch has not answered yet.
    private var asked: (number: Int64, until: Timestamp)?

    /// How long a watch has for its answer, in microseconds: as `tollgate alerts` has it.
    private static let patience: Int64 = 3_000_000

    init(watchLog: LogDirectory) {
        self.watchLog = watchLog
    }

    /// The open alerts, looked up once a second.
    mutating func alerts(at now: Timestamp) -> TopAlerts {
        guard looked.map({ now.since($0) >= 900_000 }) ?? true else { return alerts }
        looked = now
        do {
            alerts.open = try opened().openStandings().map(TopAlert.init)
            alerts.trouble =
                watchLog.hasWriter ? nil : "no watch runs: alerts as the last one left them (tollgate watch)"
        } catch {
            alerts.trouble = isThere ? error.message : "no watch has run here: nothing raises alerts (tollgate watch)"
        }
        return alerts
    }

    /// Leaves a request for a silence; `answer` says what has become of it.
    ///
    /// - Throws: `Failure`, `OutboxError`.
    mutating func ask(for silence: TopSilence, _ now: Timestamp) throws {
        let given: [(AlertMatcher.Field, String?)] = [
            (.agent, silence.agent), (.server, silence.server), (.tool, silence.tool),
        ]
        let request = try DeskRequest.silence(
            given.compactMap { field, pattern in pattern.map { AlertMatcher(field, $0) } }, length: silence.duration,
            reason: silence.reason, factor: nil)
        asked = (try opened().ask(request, who: Places.user, now: now), now.advanced(by: TopDesk.patience))
    }

    /// What the watch has said, once it has, or that it has not; nil as long as nothing is to be said.
    ///
    /// - Throws: `Failure` with its refusal, `OutboxError`.
    mutating func answer(at now: Timestamp) throws -> (text: String, isDone: Bool)? {
        guard let request = asked else { return nil }
        guard let answer = try opened().answer(to: request.number) else {
            guard now >= request.until else { return nil }
            asked = nil
            return ("no watch has answered yet: it is done when one runs (tollgate watch)", false)
        }
        asked = nil
        looked = nil
        guard let done = answer.done else { throw Failure(answer.refusal ?? "refused", status: 1) }
        return ("silenced: \(done)", true)
    }

    private var isThere: Bool { FileManager.default.fileExists(atPath: Places.outbox(of: watchLog)) }

    private mutating func opened() throws(OutboxError) -> Outbox {
        if let outbox, isThere { return outbox }
        let opened = try Outbox(existing: Places.outbox(of: watchLog))
        outbox = opened
        return opened
    }
}

extension TopAlert {
    init(_ standing: AlertStanding) {
        let notice = standing.notice
        self.init(
            id: notice.id, state: standing.state, severity: notice.severity, rule: notice.rule, agent: notice.agent,
            server: notice.server, tool: notice.tool, start: notice.start, summary: notice.summary)
    }
}

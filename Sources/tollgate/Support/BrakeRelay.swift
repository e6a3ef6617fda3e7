import Alerts
import AuditLog
import Detection
import Events
import Gateway

/// Has gateways put on the brakes that firing pages are to put on where policies say so.
///
/// Only gateways whose logs have the page's calls are asked: this process's own directly, all others over their control
/// sockets. Whether a brake is put on, and for how long, is the gateway's policy's to say.
final class BrakeRelay {
    /// A page that is no older is of now.
    private static let freshMicroseconds: Int64 = 60_000_000
    private static let patienceMilliseconds = 6000

    private let own: (log: String, desk: BrakeDesk)?
    private let logs: () throws -> [LogDirectory]
    private var said: [String: String] = [:]
    /// Pages of the time before this watch, which matter only if they still fire.
    private var late: [(step: AlertTransition, summary: String?)] = []

    /// - Parameters:
    ///   - own: this process's gateway, by its log.
    ///   - logs: all logs that are followed.
    init(own: (log: String, desk: BrakeDesk)? = nil, logs: @escaping () throws -> [LogDirectory]) {
        self.own = own
        self.logs = logs
    }

    /// Takes an alert's step as it is recorded.
    func consider(_ control: Control, now: Timestamp) {
        guard let step = AlertTransition(control: control) else { return }
        said[step.alert.id] = nil
        guard step.to == .firing, step.alert.finding.severity == .page else { return }
        let summary = control.text(.summary)
        if now.since(step.at) <= BrakeRelay.freshMicroseconds {
            said[step.alert.id] = brake(step, summary)
        } else {
            late.append((step, summary))
        }
    }

    /// Everything that was there has been read: what was found late, and still fires, is braked now.
    func settle(firing: [Alert]) {
        guard !late.isEmpty else { return }
        let ids = Set(firing.map(\.id))
        for (step, summary) in late where ids.contains(step.alert.id) {
            Console.error("tollgate: alert \(step.alert.id): brake \(brake(step, summary))\n")
        }
        late = []
    }

    /// What a page says of its brake.
    func words(for step: AlertTransition) -> String? {
        said[step.alert.id]
    }

    private func brake(_ step: AlertTransition, _ summary: String?) -> String {
        let finding = step.alert.finding
        let names = [finding.lastRecord.log, finding.firstRecord.log]
        let found = ((try? logs()) ?? []).filter { names.contains($0.name) }
        let request = ControlRequest(
            .brake,
            [
                ("agent", .text(finding.agent)), ("server", .text(finding.server)), ("tool", .text(finding.tool)),
                ("rule", .text(finding.rule.rawValue)), ("alert", .text(step.alert.id)),
                ("why", .text(summary ?? finding.summary)),
            ])
        let answers = found.map { ask(request, $0) }
        // Of several gateways, one that brakes is the news.
        return answers.first { $0.hasPrefix("on") } ?? answers.first ?? "not on: its log is not followed"
    }

    private func ask(_ request: ControlRequest, _ log: LogDirectory) -> String {
        do throws(ControlError) {
            let reply: ControlReply
            if let own, own.log == log.path, let answer = own.desk.answer(request) {
                reply = answer
            } else {
                reply = try ControlClient.send(
                    request, log: log.path, milliseconds: BrakeRelay.patienceMilliseconds)
            }
            if let refusal = reply.refusal { return "not on: \(refusal.error)" }
            guard let brake = reply["brake"] else {
                return "not on: \(reply["why"]?.text ?? "the gateway did not say why")"
            }
            let until = (brake["until"]?.text ?? "").prefix(19)
            let isShadow = reply["shadow"]?.flag ?? false
            return "on until \(until)Z (\(brake["action"]?.text ?? "")\(isShadow ? ", shadow: calls pass" : ""))"
        } catch {
            return error.code == .notRunning
                ? "not on: no gateway runs on the log \(log.name)" : "not on: \(error.message)"
        }
    }
}

import Dashboard
import Events
import Foundation
import Gateway

/// The calls that wait at the gateways of some logs, asked over their control sockets as `tollgate approvals` does: the kernel says
/// who asks, and the gateway records it.
struct RunningGateways: ApprovalDesk {
    /// The logs of gateways that may run, absolute.
    let logs: @Sendable () -> [String]

    func waiting() throws -> [WaitingCall] {
        let replies = try each(ControlRequest(.approvals))
        guard !replies.isEmpty else {
            throw DeskRefusal("No gateway runs here, so no call waits.", hint: "tollgate serve --config FILE")
        }
        return replies.flatMap { _, reply in (reply["approvals"]?.list ?? []).compactMap { WaitingCall($0) } }
            .sorted { ($0.since, $0.id) < ($1.since, $1.id) }
    }

    func decide(_ id: String, approves: Bool, message: String?) throws {
        var refusal: ControlReply.Refusal?
        for (log, reply) in try each(ControlRequest(.approvals)) {
            guard reply["approvals"]?.list?.contains(where: { $0["id"]?.text == id }) ?? false else { continue }
            var fields: [(name: String, value: ControlValue)] = [("id", .text(id))]
            if let message { fields.append(("message", .text(message))) }
            let answer = try ask(ControlRequest(approves ? .approve : .deny, fields), log)
            if answer?.isDone ?? false { return }
            refusal = answer?.refusal
        }
        throw DeskRefusal(
            refusal?.error ?? "No call waits under \(id): it is decided, is over, or never was.",
            hint: refusal?.hint ?? "tollgate approvals list", isConflict: true)
    }

    /// The replies of all that run; older ones that do not know the request are left out.
    func each(_ request: ControlRequest) throws -> [(log: String, reply: ControlReply)] {
        try logs().compactMap { log in
            guard let reply = try ask(request, log), reply.isDone else { return nil }
            return (log, reply)
        }
    }

    /// The reply of the gateway of a log; nil where none runs.
    private func ask(_ request: ControlRequest, _ log: String) throws -> ControlReply? {
        do throws(ControlError) {
            return try ControlClient.send(request, log: log)
        } catch {
            guard error.code != .notRunning else { return nil }
            throw DeskRefusal(error.message, hint: error.hint)
        }
    }
}

extension RunningGateways {
    /// The tools that they have listed since they run; none of those that cannot be asked.
    func listedTools() -> [ListedTool] {
        let replies = (try? each(ControlRequest(.tools))) ?? []
        return replies.flatMap { _, reply in
            (reply["tools"]?.list ?? []).compactMap { OfferedTool($0) }.map { tool in
                ListedTool(
                    server: tool.server, tool: tool.tool, risk: tool.risk, hasChanged: tool.definition == .changed)
            }
        }
    }
}

extension WaitingCall {
    /// Reads a call from a gateway's reply; nil where it is none.
    fileprivate init?(_ value: ControlValue) {
        guard let id = value["id"]?.text, let tool = value["tool"]?.text, let server = value["server"]?.text,
            let since = value["since"]?.text.flatMap({ Timestamp(text: $0) })
        else { return nil }
        self.init(
            id: id, tool: tool, server: server, since: since, secondsLeft: value["ends_in_s"]?.integer ?? 0,
            callerWaits: value["caller_waits"]?.flag ?? false, rule: value["rule"]?.text ?? "",
            reason: value["reason"]?.text ?? "")
        agent = value["agent"]?.text
        grant = value["grant"]?.text
        client = value["client"]?.text
        risk = value["risk"]?.text
        argumentKeys = (value["arg_keys"]?.list ?? []).compactMap(\.text)
        otherKeys = value["arg_keys_other"]?.integer ?? 0
        recorded = (value["args"]?.list ?? []).compactMap(\.text)
        argumentBytes = value["arg_bytes"]?.integer
        approvedBy = value["approved_by"]?.text
    }
}

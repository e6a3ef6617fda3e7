import AuditLog
import Events
import Policy

/// What people ask of the desk, over the control socket.
extension ApprovalDesk {
    /// Answers a request; nil where it is about something else.
    func answer(_ request: ControlRequest) -> ControlReply? {
        switch request.action {
        case .approvals: list()
        case .approve: decide(request, approves: true)
        case .deny: decide(request, approves: false)
        default: nil
        }
    }

    /// All that wait, the oldest first.
    private func list() -> ControlReply {
        let calls = state.withLock { $0.calls.values.sorted { $0.id < $1.id } }
        return .done([("approvals", .list(calls.map(describe)))])
    }

    /// What a person has to know to decide: never an argument's value, but those that the policy lets into the log.
    private func describe(_ call: HeldCall) -> ControlValue {
        let decision = call.decision
        var fields: [(name: String, value: ControlValue)] = [
            ("id", .text(name(call))), ("tool", .text(call.key.tool)), ("server", .text(call.key.server)),
            ("since", .text(call.began.description)),
            ("ends_in_s", .integer(max(0, Int((call.deadline - .now) / .seconds(1))))),
            ("caller_waits", .flag(call.waiter != nil)), ("rule", .text(call.need.rule)),
            ("reason", .text(call.need.message)),
        ]
        if let agent = decision.agent { fields.append(("agent", .text(agent))) }
        if let grant = decision.grant { fields.append(("grant", .text(grant))) }
        if let client = decision.client { fields.append(("client", .text(client))) }
        if let risk = decision.risk { fields.append(("risk", .text(risk.rawValue))) }
        if let keys = decision.argumentKeys { fields.append(("arg_keys", .list(keys.map { .text($0) }))) }
        if let others = decision.argumentKeysOther { fields.append(("arg_keys_other", .integer(others))) }
        if let values = decision.recordedArguments { fields.append(("args", .list(values.map { .text($0) }))) }
        if let bytes = decision.argumentBytes { fields.append(("arg_bytes", .integer(bytes))) }
        if case .approved(let by) = call.state { fields.append(("approved_by", .text(by))) }
        return .object(fields)
    }

    /// The name by which people know a held call: that of its first record.
    func name(_ call: HeldCall) -> String { "\(log.name)/\(call.id)" }

    private func decide(_ request: ControlRequest, approves: Bool) -> ControlReply {
        let hint = "tollgate approvals list"
        guard request["message"]?.text?.count ?? 0 <= 500 else {
            return .refused("a message may have 500 characters", hint: hint)
        }
        guard let text = request["id"]?.text, let id = UInt64(text.split(separator: "/").last ?? "") else {
            return .refused("an approval is named by its id, such as \(log.name)/12", hint: hint)
        }
        let taken = state.withLock { state -> HeldCall? in
            guard let call = state.calls[id], call.deadline > .now else { return nil }
            // An approval that nobody has used yet can be taken back.
            guard call.state == .pending || !approves && !call.approver.isEmpty else { return nil }
            // Of another log there may be a call of the same number.
            guard text == String(id) || text == name(call) else { return nil }
            state.calls[id]?.state = .deciding
            return call
        }
        guard let call = taken else {
            return .refused("no call waits under \(text): it is decided, is over, or never was", hint: hint)
        }
        let user = request.user ?? "?"
        switch record(call, by: user, approves: approves, message: request["message"]?.text) {
        case .durable: break
        case .timedOut, .held:
            // The record may come yet: what it says must not be said again, and nothing goes on without it.
            let gone = state.withLock { $0.calls.removeValue(forKey: id) }
            if let gone { end(gone, .approvalExpired, "The decision about it could not be recorded in time.") }
            return .refused("the audit log could not be written in time, so the call is ended", hint: "tollgate doctor")
        case .failed, nil:
            state.withLock { state in
                state.calls[id]?.state = call.state
                state.changes += 1
            }
            state.wakeAll()
            return .refused("the audit log cannot be written, so nothing was decided", hint: "tollgate doctor")
        }
        guard approves ? approve(id, by: user) : deny(id, by: user, message: request["message"]?.text) else {
            return .refused("the gateway is ending, and all that waited with it", hint: hint)
        }
        return .done([("id", .text(name(call))), ("state", .text(approves ? "approved" : "denied"))])
    }

    /// Records who decided what, durable before anything comes of it.
    private func record(_ call: HeldCall, by user: String, approves: Bool, message: String?) -> CommitResult? {
        let decision = call.decision
        let control = Control(.approvalDecided).with(.agent, decision.agent).with(.grant, decision.grant)
            .with(.server, call.key.server).with(.tool, call.key.tool).with(.id, name(call))
            .with(.rule, call.need.rule).with(.state, approves ? "approved" : "denied")
            .with(.start, call.began.description).with(.reason, message).with(.by, user)
        let ticket = log.append(isUrgent: true) { _, _ in .control(control) }
        return ticket.map { log.waitUntilDurable($0, milliseconds: 5000) }
    }

    /// Lets a call go on whose caller waits, or its next one; false where it is gone.
    private func approve(_ id: UInt64, by user: String) -> Bool {
        let call = state.withLock { state -> HeldCall? in
            state.changes += 1
            state.calls[id]?.state = .approved(by: user)
            guard let call = state.calls[id] else { return nil }
            if call.waiter != nil { state.calls[id] = nil }
            return call
        }
        state.wakeAll()
        if let call { call.waiter?.notify(.approved(call)) }
        return call != nil
    }

    private func deny(_ id: UInt64, by user: String, message: String?) -> Bool {
        let call = state.withLock { $0.calls.removeValue(forKey: id) }
        let words = message.map { " \($0)" } ?? ""
        if let call { end(call, .approvalDenied, "Refused by \(user).\(words)") }
        return call != nil
    }
}

import AuditLog
import Events
import Policy

/// What a watch and people ask of the desk, over the control socket.
extension BrakeDesk {
    private static let hint = "tollgate brake list"

    /// Answers a request; nil where it is about something else.
    public func answer(_ request: ControlRequest) -> ControlReply? {
        switch request.action {
        case .brakes: .done([("brakes", .list(list().map(describe)))])
        case .brake: put(request)
        case .brakeLift: lift(request)
        default: nil
        }
    }

    private func list() -> [StandingBrake] {
        state.withLock { $0.standing.values.sorted { ($0.since, $0.id) < ($1.since, $1.id) } }
    }

    private func describe(_ brake: StandingBrake) -> ControlValue {
        var fields: [(name: String, value: ControlValue)] = [
            ("id", .text(brake.id)), ("agent", .text(brake.key.agent)), ("server", .text(brake.key.server)),
            ("tool", .text(brake.key.tool)), ("rule", .text(brake.rule)), ("action", .text(brake.action)),
            ("since", .text(brake.since.description)), ("until", .text(brake.until.description)),
            ("by", .text(brake.by)), ("policy", .text(brake.policy)),
        ]
        if let alert = brake.alert {
            fields += [("alert", .text(alert)), ("alerts", .list(brake.alerts.map { .text($0) }))]
        }
        if let why = brake.why { fields.append(("why", .text(why))) }
        return .object(fields)
    }

    // MARK: Putting it on

    private func put(_ request: ControlRequest) -> ControlReply {
        func text(_ name: String) -> String? { request[name]?.text.flatMap { $0.isEmpty ? nil : $0 } }
        guard let agent = text("agent"), let server = text("server"), let tool = text("tool") else {
            return .refused("a brake is for an agent, a server and a tool", hint: "tollgate brake put --help")
        }
        guard (text("why") ?? "").count <= 500 else { return .refused("a reason may have 500 characters") }
        let (key, rule) = (BrakeKey(agent: agent, server: server, tool: tool), text("rule") ?? EngagedBrake.manual)
        guard let policies = policies(agent, server) else {
            return .refused(
                "the agent '\(agent)' has no grant for the server '\(server)' here", hint: "tollgate grant list")
        }
        let found = policies.compactMap { policy in policy.brakeAction(for: rule).map { (policy, $0) } }
        guard let (policy, action) = found.max(by: { $0.0.brakeSeconds < $1.0.brakeSeconds }) else {
            let why = policies.isEmpty ? "there is no policy" : "the policy \(names(policies)) has no brake for \(rule)"
            return rule == EngagedBrake.manual
                ? .refused("\(why), and without one no call is stopped", hint: "tollgate run --policy FILE")
                : .done([("state", .text("off")), ("why", .text(why))])
        }
        var seconds = policy.brakeSeconds
        if rule == EngagedBrake.manual {
            let longest = max(EngagedBrake.longestManualSeconds, seconds)
            seconds = request["seconds"]?.integer ?? seconds
            guard (1...longest).contains(seconds) else {
                return .refused(
                    "a person's brake may last from 1 s to \(longest) s; what is to last longer belongs into the policy",
                    hint: "tollgate brake put --for 15m")
            }
        }
        let wanted = StandingBrake(
            key, rule: rule, alert: text("alert"), policy: policy.name, action: action, cooldownSeconds: seconds,
            by: rule == EngagedBrake.manual ? request.user ?? "?" : "watch", why: text("why"))
        switch engage(wanted) {
        case .on(let brake):
            let isShadow = policy.mode(ofTool: tool) == .shadow
            return .done([("state", .text("on")), ("shadow", .flag(isShadow)), ("brake", describe(brake))])
        case .off(let why): return .done([("state", .text("off")), ("why", .text(why))])
        case .refused(let error, let hint): return .refused(error, hint: hint)
        }
    }

    private func names(_ policies: [CompiledPolicy]) -> String {
        policies.map { "'\($0.name)'" }.joined(separator: ", ")
    }

    // MARK: Lifting it

    private func lift(_ request: ControlRequest) -> ControlReply {
        guard (request["why"]?.text ?? "").count <= 500 else { return .refused("a reason may have 500 characters") }
        guard let name = request["id"]?.text else {
            return .refused("a brake is named by its id, or by its alert's", hint: BrakeDesk.hint)
        }
        let (lifted, refusal) = lift(by: request.user ?? "?", because: request["why"]?.text) { brake in
            brake.id == name || brake.alerts.contains(name)
                || brake.id.split(separator: "/").last.map(String.init) == name
        }
        if case .refused(let error, let hint)? = refusal { return .refused(error, hint: hint) }
        guard !lifted.isEmpty else {
            return .refused("no brake is on under \(name): it is lifted, is over, or never was", hint: BrakeDesk.hint)
        }
        return .done([("lifted", .list(lifted.map(describe)))])
    }
}

extension CompiledPolicy {
    /// Seconds that a brake is on which is not put on again.
    fileprivate var brakeSeconds: Int { document.brake?.cooldownSeconds ?? 900 }
}

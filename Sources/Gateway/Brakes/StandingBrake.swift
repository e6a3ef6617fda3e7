import Events
import Policy

/// Which calls a brake stops: those of one agent, of one tool of one server.
struct BrakeKey: Sendable, Hashable {
    let agent: String
    let server: String
    let tool: String
}

/// A brake that is on, with what its record says.
struct StandingBrake: Sendable, Equatable {
    /// The name of its first record, by which people know it.
    var id = ""
    let key: BrakeKey
    /// The detection rule that fired, or `manual`.
    let rule: String
    /// The id of the alert that put it on last; nil where a person did.
    let alert: String?
    /// The ids of all alerts that have put it on.
    var alerts: [String] = []
    /// The policy whose brake it is.
    let policy: String
    /// `throttle` or `deny`.
    let action: String
    /// Seconds of its cool-down.
    let cooldownSeconds: Int
    /// When it was put on first.
    var since = Timestamp(microseconds: 0)
    /// When it lifts itself.
    var until = Timestamp(microseconds: 0)
    /// Who put it on.
    let by: String
    /// What the alert found, or why a person put it on.
    let why: String?

    /// What decisions look at.
    var engaged: EngagedBrake { EngagedBrake(rule: rule, until: until) }

    /// The same brake, put on at `now`, or on for longer where one is on already.
    func begun(at now: Timestamp, after earlier: StandingBrake?) -> StandingBrake {
        var brake = self
        (brake.id, brake.since) = earlier.map { ($0.id, $0.since) } ?? ("", now)
        brake.join(earlier)
        let until = now.advanced(by: Int64(cooldownSeconds) * 1_000_000)
        brake.until = max(until, earlier?.until ?? until)
        return brake
    }

    /// Takes over the alerts of the same brake before it was put on for longer.
    mutating func join(_ earlier: StandingBrake?) {
        alerts = (earlier?.alerts ?? []).filter { $0 != alert } + [alert].compactMap { $0 }
    }

    /// The record of its being put on, or on for longer.
    ///
    /// `start` is since when it is on and `to` until when, `state` what a call gets, `cooldown` in seconds, `id` the alert's,
    /// `first_record` the brake's first record where this is not it.
    var control: Control {
        record(.brake).with(.state, action).with(.to, until.description).with(.reason, alert == nil ? why : nil)
            .with(.firstRecord, id.isEmpty ? nil : id).with(.summary, alert == nil ? nil : why).with(.by, by)
            .with(.cooldown, cooldownSeconds)
    }

    /// The record of its end: lifted by a person, or `expired`.
    func end(by user: String?, because reason: String?) -> Control {
        record(.brakeLifted).with(.state, user == nil ? "expired" : "lifted").with(.reason, reason)
            .with(.firstRecord, id).with(.by, user)
    }

    private func record(_ event: ControlEvent) -> Control {
        Control(event).with(.agent, key.agent).with(.server, key.server).with(.tool, key.tool).with(.policy, policy)
            .with(.id, alert).with(.rule, rule).with(.start, since.description)
    }

    init(
        _ key: BrakeKey, rule: String, alert: String?, policy: String, action: Brake.Action, cooldownSeconds: Int,
        by: String, why: String?
    ) {
        self.key = key
        self.rule = rule
        self.alert = alert
        self.policy = policy
        self.action = action.rawValue
        self.cooldownSeconds = cooldownSeconds
        self.by = by
        self.why = why
    }

    /// Reads it back from its record; nil where that is none.
    ///
    /// - Parameter name: the record's.
    init?(_ control: Control, name: String) {
        guard control.event == .brake, let key = BrakeKey(control), let rule = control.text(.rule),
            let action = control.text(.state), let since = control.text(.start).flatMap({ Timestamp(text: $0) }),
            let until = control.text(.to).flatMap({ Timestamp(text: $0) })
        else { return nil }
        id = control.text(.firstRecord) ?? name
        self.key = key
        self.rule = rule
        alert = control.text(.id)
        policy = control.text(.policy) ?? ""
        self.action = action
        cooldownSeconds = Int(control.number(.cooldown) ?? 0)
        self.since = since
        self.until = until
        by = control.text(.by) ?? ""
        why = control.text(.summary) ?? control.text(.reason)
    }
}

extension BrakeKey {
    /// What a brake's record is about.
    init?(_ control: Control) {
        guard let agent = control.text(.agent), let server = control.text(.server), let tool = control.text(.tool)
        else { return nil }
        self.init(agent: agent, server: server, tool: tool)
    }
}

/// The brakes that a log's records leave on.
struct BrakeHistory: Sendable {
    /// The brakes, whether or not their time is over by now.
    private(set) var standing: [BrakeKey: StandingBrake] = [:]
    /// Alerts whose brakes a person has lifted: they put none on again.
    private(set) var liftedAlerts: Set<String> = []

    /// Takes the log's next record.
    mutating func take(_ control: Control, name: String) {
        if var brake = StandingBrake(control, name: name) {
            brake.join(standing[brake.key])
            standing[brake.key] = brake
        }
        guard control.event == .brakeLifted, let key = BrakeKey(control) else { return }
        let lifted = standing.removeValue(forKey: key)
        guard control.text(.state) == "lifted" else { return }
        liftedAlerts.formUnion(lifted?.alerts ?? [control.text(.id)].compactMap { $0 })
    }
}

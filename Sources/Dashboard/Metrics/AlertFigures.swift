import Events

/// Alerts as their records tell of them: how many are open, and what steps they made.
struct AlertFigures: Sendable {
    /// What an alert is, for counting.
    struct Kind: Sendable, Hashable {
        var rule: String
        var severity: String
        var state: String
    }

    private(set) var steps: [Kind: UInt64] = [:]
    /// How many alerts are open; a kind stays when there are none of it any more.
    private(set) var open: [Kind: Int] = [:]
    private(set) var rules: FirstComers<String>
    private var alerts: [String: Kind] = [:]

    /// A silence is written like an alert, and is none.
    private static let silence = "alert_silence"
    private static let verification = "verification_failed"
    private static let over = "resolved"
    /// Alerts that are told apart at the same time; more are not counted as open.
    private static let mostOpen = 10_000

    init(_ limits: MetricLimits) {
        rules = FirstComers(limits.rules)
    }

    /// Logs that are not what was written or signed.
    var verificationProblems: Int {
        alerts.values.reduce(0) { $0 + ($1.rule == AlertFigures.verification ? 1 : 0) }
    }

    mutating func observe(_ control: Control, _ count: UInt64) {
        guard let id = control.text(.id), let rule = control.text(.rule), rule != AlertFigures.silence,
            let state = control.text(.state)
        else { return }
        let kind = self.kind(rule, control.text(.severity) ?? "", state)
        steps[kind, default: 0] += count
        put(id, state == AlertFigures.over ? nil : kind)
    }

    mutating func takeOver(_ id: String, rule: String, severity: String, state: String) {
        guard alerts[id] == nil, state != AlertFigures.over else { return }
        put(id, kind(rule, severity, state))
    }

    private mutating func kind(_ rule: String, _ severity: String, _ state: String) -> Kind {
        let name = LabelText.of(rule)
        return Kind(
            rule: rules.admits(name, 1) ? name : LabelText.other, severity: LabelText.of(severity),
            state: LabelText.of(state))
    }

    private mutating func put(_ id: String, _ kind: Kind?) {
        if let before = alerts.removeValue(forKey: id) { open[before, default: 1] -= 1 }
        guard let kind, alerts.count < AlertFigures.mostOpen else { return }
        alerts[id] = kind
        open[kind, default: 0] += 1
    }
}

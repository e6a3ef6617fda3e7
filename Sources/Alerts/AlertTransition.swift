import Detection
public import Events

/// An alert's step from one state to another: a row, a `control` record, and what sinks are told.
public struct AlertTransition: Sendable, Equatable {
    /// Why the step was made.
    public enum Cause: String, Sendable, CaseIterable {
        /// A rule fired.
        case raised
        /// Three times as many calls as when people were last told.
        case grew
        /// It became more severe.
        case escalated
        /// The same again within the hour after it was resolved.
        case reopened
        /// Calm for long enough.
        case cleared
    }

    /// Who hears of a step.
    public enum Audience: Sendable {
        /// The log and the sinks.
        case everyone
        /// The log alone: people were told less than an hour ago.
        case record
        /// Nobody: the log has it from an earlier run.
        case nobody
    }

    /// The alert after the step.
    public var alert: Alert
    /// The state before; nil where the alert is new.
    public var from: AlertState?
    /// The state after.
    public var to: AlertState { alert.state }
    /// Why.
    public var cause: Cause
    /// When, in the calls' time.
    public var at: Timestamp
    /// Who hears of it.
    public var audience: Audience
    /// The newest signed head of the log with the calls, as sinks get it: whoever keeps the alert can prove later that the
    /// calls were there.
    public var head: String?
    /// What became of the brake that a page puts on: `on until …`, or `not on: …` and why; nil where none was asked for.
    public var brake: String?

    /// Makes a step.
    public init(alert: Alert, from: AlertState?, cause: Cause, at: Timestamp, audience: Audience = .everyone) {
        self.alert = alert
        self.from = from
        self.cause = cause
        self.at = at
        self.audience = audience
    }
}

extension AlertTransition {
    /// The step as a `control` record.
    ///
    /// `start` and, once resolved, `end` are the first and the last call that made it; `from` and `to` are when it fired
    /// and when it was resolved, all in the calls' time. `reason` is the cause, `maximum` the most calls in 60 s, `n` is 0
    /// where the step is recorded and no sink is told.
    public var control: Control {
        let finding = alert.finding
        let isOver = alert.state == .resolved
        return Control(.alert)
            .with(.agent, finding.agent).with(.server, finding.server).with(.tool, finding.tool)
            .with(.id, alert.id).with(.rule, finding.rule.rawValue).with(.severity, finding.severity.rawValue)
            .with(.state, alert.state.rawValue).with(.start, alert.start.description)
            .with(.end, isOver ? finding.lastSeen.description : nil)
            .with(.from, (alert.firedAt ?? at).description)
            .with(.to, isOver ? at.description : nil)
            .with(.n, audience == .everyone ? nil : 0)
            .with(.reason, cause.rawValue)
            .with(.firstRecord, finding.firstRecord.description).with(.lastRecord, finding.lastRecord.description)
            .with(.attempts, finding.attempts).with(.denied, finding.denied).with(.same, finding.same)
            .with(.maximum, finding.peakPerMinute).with(.threshold, finding.threshold).with(.summary, finding.summary)
    }

    /// Reads a step back from its `control` record; nil when it is none.
    ///
    /// The summary is made anew and may lack what the record does not have.
    public init?(control: Control) {
        guard control.event == .alert, let id = control.text(.id),
            let rule = control.text(.rule).flatMap(RuleName.init),
            let severity = control.text(.severity).flatMap(Severity.init),
            let state = control.text(.state).flatMap(AlertState.init),
            let cause = control.text(.reason).flatMap(Cause.init),
            let agent = control.text(.agent), let server = control.text(.server), let tool = control.text(.tool),
            let start = control.text(.start).flatMap({ Timestamp(text: $0) }),
            let first = control.text(.firstRecord).flatMap({ RecordReference($0) }),
            let fired = control.text(.from).flatMap({ Timestamp(text: $0) })
        else { return nil }
        var finding = Finding(
            rule: rule, severity: severity, agent: agent, server: server, tool: tool, start: start, firstRecord: first)
        finding.detected = fired
        finding.lastSeen = control.text(.end).flatMap { Timestamp(text: $0) } ?? fired
        finding.attempts = Int(control.number(.attempts) ?? 0)
        finding.denied = Int(control.number(.denied) ?? 0)
        finding.same = Int(control.number(.same) ?? 0)
        finding.peakPerMinute = Int(control.number(.maximum) ?? 0)
        finding.threshold = Int(control.number(.threshold) ?? 0)
        finding.lastRecord = control.text(.lastRecord).flatMap { RecordReference($0) } ?? first
        var alert = Alert(finding)
        alert.id = id
        alert.state = state
        alert.firedAt = fired
        alert.resolvedAt = control.text(.to).flatMap { Timestamp(text: $0) }
        self.init(
            alert: alert, from: nil, cause: cause, at: alert.resolvedAt ?? fired,
            audience: control.number(.n) == 0 ? .record : .everyone)
    }
}

public import Detection
public import Events

/// All alerts and their states: changes of findings in, transitions out.
///
/// Time is the findings' own and the one handed in; the same changes give the same transitions. What an earlier run
/// wrote into its log is recalled first, so that nobody is told twice.
public struct AlertBook: Sendable {
    struct Entry: Sendable {
        var alert: Alert
        /// What people were last told, and when.
        var toldAttempts: Int
        var toldAt: Timestamp
        var toldSeverity: Severity
        /// Reopened within the hour, and nobody was told.
        var isQuiet = false
    }

    /// An alert that the log already has.
    struct Recalled: Sendable {
        var transition: AlertTransition
        /// No later finding is this alert, once the time before has been gone through.
        var until: Timestamp?
        var end: Timestamp? { transition.alert.resolvedAt }

        func covers(_ finding: Finding) -> Bool {
            guard finding.detected >= transition.alert.start else { return false }
            return (end ?? until).map { finding.start <= $0 } ?? true
        }
    }

    /// How long a finding must last before people are told, in microseconds.
    public var pendingMicroseconds: Int64 = 0
    /// The same alert again within this is the same alert, in microseconds.
    public var reopenMicroseconds: Int64 = 3_600_000_000
    /// The least time between two messages about a growing alert, in microseconds.
    public var growthMicroseconds: Int64 = 300_000_000

    var entries: [Fingerprint: Entry] = [:]
    var recalled: [Fingerprint: [Recalled]] = [:]
    /// The steps that the log has from after the moment at which this book was kept, by alert, in their order.
    var ahead: [String: [AlertTransition]] = [:]

    /// Makes an empty book.
    public init() {}

    /// The firing alerts, earliest first.
    public var firing: [Alert] {
        entries.values.map(\.alert).filter { $0.state == .firing }.sorted { ($0.start, $0.id) < ($1.start, $1.id) }
    }

    /// Learns what an earlier run told, from its `control` records in their order.
    public mutating func recall(_ transition: AlertTransition) {
        let fingerprint = Fingerprint(transition.alert.finding)
        var list = recalled[fingerprint, default: []]
        if let index = list.lastIndex(where: { $0.transition.alert.id == transition.alert.id }) {
            list[index].transition = transition
        } else {
            list.append(Recalled(transition: transition))
        }
        recalled[fingerprint] = list
    }

    /// Takes back that people were told of an alert which is over: if it comes again, it is news.
    mutating func takeBack(_ alert: Alert) {
        let fingerprint = Fingerprint(alert.finding)
        guard entries[fingerprint]?.alert.id == alert.id else { return }
        entries[fingerprint]?.toldAttempts = 0
        entries[fingerprint]?.toldSeverity = .info
    }

    /// Takes a finding's change.
    public mutating func apply(_ change: FindingChange) -> [AlertTransition] {
        switch change.kind {
        case .raised: raise(change)
        case .continues, .escalated: grow(change)
        case .cleared: clear(change)
        }
    }

    /// Lets time pass: pending alerts fire, resolved ones are forgotten after the hour in which they can reopen.
    public mutating func tick(_ now: Timestamp) -> [AlertTransition] {
        var due: [AlertTransition] = []
        for (fingerprint, var entry) in entries {
            switch entry.alert.state {
            case .pending:
                let at = entry.alert.finding.detected.advanced(by: pendingMicroseconds)
                guard now >= at else { continue }
                due.append(fire(&entry, cause: .raised, at: at))
                entries[fingerprint] = entry
            case .resolved:
                let resolved = entry.alert.resolvedAt ?? now
                if now.since(resolved) > reopenMicroseconds { entries[fingerprint] = nil }
            case .firing: continue
            }
        }
        return due.sorted { ($0.at, $0.alert.id) < ($1.at, $1.alert.id) }
    }

    /// Resolves what an earlier run left firing and these findings do not show any more.
    ///
    /// Called once, when all records of the time before have been seen.
    public mutating func settle(_ now: Timestamp) -> [AlertTransition] {
        var over: [AlertTransition] = []
        for (fingerprint, list) in recalled {
            recalled[fingerprint] = list.map { Recalled(transition: $0.transition, until: $0.until ?? now) }
            for item in list where item.until == nil && item.end == nil {
                guard entries[fingerprint]?.alert.id != item.transition.alert.id else { continue }
                over.append(Self.ending(item.transition, now))
            }
        }
        over += settleAhead(now)
        return over.sorted { ($0.alert.start, $0.alert.id) < ($1.alert.start, $1.alert.id) }
    }

    /// The end of what an earlier run left firing.
    static func ending(_ last: AlertTransition, _ now: Timestamp) -> AlertTransition {
        var transition = last
        transition.alert.state = .resolved
        transition.alert.resolvedAt = now
        transition.from = .firing
        transition.cause = .cleared
        transition.at = now
        return transition
    }

    // MARK: - Steps

    private mutating func raise(_ change: FindingChange) -> [AlertTransition] {
        let fingerprint = Fingerprint(change.finding)
        let finding = change.finding
        if var entry = entries[fingerprint], entry.alert.firedAt != nil, let resolved = entry.alert.resolvedAt,
            finding.detected.since(resolved) <= reopenMicroseconds
        {
            let isWorse = finding.severity > entry.toldSeverity || finding.attempts >= 3 * entry.toldAttempts
            entry.alert.finding = finding
            entry.alert.resolvedAt = nil
            entry.isQuiet = !isWorse
            let transition = fire(&entry, cause: .reopened, at: change.at)
            entries[fingerprint] = entry
            return [transition]
        }
        var alert = Alert(finding)
        if let known = recalled[fingerprint]?.first(where: { $0.covers(finding) }) {
            alert.id = known.transition.alert.id
            alert.start = known.transition.alert.start
        }
        var entry = Entry(
            alert: alert, toldAttempts: finding.attempts, toldAt: change.at, toldSeverity: finding.severity)
        guard pendingMicroseconds == 0 else {
            entries[fingerprint] = entry
            return [announce(entry, from: nil, cause: .raised, at: change.at, audience: .record)]
        }
        let transition = fire(&entry, cause: .raised, at: change.at)
        entries[fingerprint] = entry
        return [transition]
    }

    private mutating func fire(_ entry: inout Entry, cause: AlertTransition.Cause, at: Timestamp) -> AlertTransition {
        let before: AlertState? =
            cause == .reopened ? .resolved : cause == .raised && pendingMicroseconds == 0 ? nil : entry.alert.state
        entry.alert.state = .firing
        if cause != .grew, cause != .escalated { entry.alert.firedAt = at }
        if !entry.isQuiet {
            entry.toldAttempts = entry.alert.finding.attempts
            entry.toldAt = at
            entry.toldSeverity = entry.alert.finding.severity
        }
        return announce(entry, from: before, cause: cause, at: at, audience: entry.isQuiet ? .record : .everyone)
    }

    private mutating func grow(_ change: FindingChange) -> [AlertTransition] {
        let fingerprint = Fingerprint(change.finding)
        guard var entry = entries[fingerprint] else { return [] }
        defer { entries[fingerprint] = entry }
        entry.alert.finding = change.finding
        guard entry.alert.state == .firing else { return [] }
        // Nobody who was told of a warning has to wait to hear that it is worth waking someone.
        let isWorse = change.finding.severity > entry.toldSeverity
        let isLarger =
            change.finding.attempts >= 3 * entry.toldAttempts && change.at.since(entry.toldAt) >= growthMicroseconds
        guard isWorse || isLarger else { return [] }
        entry.isQuiet = false
        return [fire(&entry, cause: isWorse ? .escalated : .grew, at: change.at)]
    }

    private mutating func clear(_ change: FindingChange) -> [AlertTransition] {
        let fingerprint = Fingerprint(change.finding)
        guard var entry = entries[fingerprint], entry.alert.state != .resolved else { return [] }
        let before = entry.alert.state
        entry.alert.finding = change.finding
        entry.alert.state = .resolved
        entry.alert.resolvedAt = change.at
        let isUnheard = before == .pending || entry.isQuiet
        entries[fingerprint] = entry
        return [
            announce(entry, from: before, cause: .cleared, at: change.at, audience: isUnheard ? .record : .everyone)
        ]
    }

    /// A step for whoever does not know it yet.
    private mutating func announce(
        _ entry: Entry, from: AlertState?, cause: AlertTransition.Cause, at: Timestamp,
        audience: AlertTransition.Audience
    ) -> AlertTransition {
        var transition = AlertTransition(alert: entry.alert, from: from, cause: cause, at: at, audience: audience)
        if takeAhead(transition) || isRecalled(transition) { transition.audience = .nobody }
        return transition
    }

    /// Whether the log already has a step, or one after it.
    private func isRecalled(_ transition: AlertTransition) -> Bool {
        guard let list = recalled[Fingerprint(transition.alert.finding)],
            let known = list.first(where: { $0.transition.alert.id == transition.alert.id })
        else { return false }
        return Self.says(known.transition, transition)
    }

    /// Whether a step that the log has says as much as another of the same alert.
    static func says(_ known: AlertTransition, _ transition: AlertTransition) -> Bool {
        if transition.at <= known.at { return true }
        guard known.alert.resolvedAt == nil, transition.to != .resolved else { return false }
        if transition.alert.finding.severity > known.alert.finding.severity { return false }
        return transition.alert.finding.attempts < 3 * known.alert.finding.attempts
    }
}

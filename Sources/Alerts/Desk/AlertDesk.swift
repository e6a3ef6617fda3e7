public import Events

/// Who hears of an alert: what people acknowledged and silenced, and which alert makes another superfluous.
///
/// Steps of alerts in, standings out; its clock is handed in. Nothing is lost by muting: each change of a standing is a
/// record, and what still fires when a silence ends is told then.
public struct AlertDesk: Sendable {
    /// What a step or a moment changed.
    public struct Change: Sendable, Equatable {
        /// How the alert stands now.
        public var standing: AlertStanding
        /// Whether sinks are told of it.
        public var isTold: Bool
        /// Whether the standing is news that the watch's log does not have yet.
        public var isNews: Bool
    }

    /// The rule whose alert about a tool mutes all others about it: a whole fleet has one cause.
    public static let inhibitingRule = "fleet"

    private var standings: [String: AlertStanding]
    /// The silences, those that are over included until they are taken out.
    public private(set) var silences: [Silence]

    /// Takes over how everything stood.
    public init(standings: [AlertStanding] = [], silences: [Silence] = []) {
        self.standings = Dictionary(standings.map { ($0.notice.id, $0) }) { $1 }
        self.silences = silences
    }

    /// How an alert stands; nil where none of that id is known.
    public func standing(of id: String) -> AlertStanding? { standings[id] }

    /// Takes a step that was recorded.
    ///
    /// - Parameter isQuiet: whether people were told of the same less than an hour ago.
    public mutating func take(
        _ notice: AlertNotice, state: String, isQuiet: Bool, now: Timestamp
    ) -> [Change] {
        let before = standings[notice.id]
        guard state == "firing" else { return [rest(notice, state: state, before, isQuiet: isQuiet)] }
        var standing = AlertStanding(notice: notice, state: "firing", isTold: before?.isTold ?? false)
        if let before, before.state == "acknowledged", notice.cause == "grew" {
            standing.state = before.state
            standing.who = before.who
            standing.reason = before.reason
            standings[notice.id] = standing
            return [Change(standing: standing, isTold: false, isNews: false)]
        }
        mute(&standing, now)
        let isTold = standing.state == "firing" && !isQuiet
        standing.isTold = isQuiet ? false : standing.isTold || isTold
        standings[notice.id] = standing
        let isNews = standing.state != "firing" && standing.state != before?.state
        return [Change(standing: standing, isTold: isTold, isNews: isNews)]
    }

    /// Pending or resolved.
    private mutating func rest(
        _ notice: AlertNotice, state: String, _ before: AlertStanding?, isQuiet: Bool
    ) -> Change {
        // The end of what people were told of is told, also while it is muted: they wait for it.
        let isTold = state == "resolved" && (before.map(\.isTold) ?? !isQuiet)
        let standing = AlertStanding(notice: notice, state: state, isTold: isTold)
        standings[notice.id] = state == "resolved" ? nil : standing
        return Change(standing: standing, isTold: isTold, isNews: false)
    }

    /// Lets time pass: silences begin and end, and so do the alerts that mute others.
    public mutating func tick(_ now: Timestamp) -> [Change] {
        silences.removeAll { $0.until <= now.microseconds }
        var changes: [Change] = []
        for id in standings.keys.sorted() {
            guard let before = standings[id], ["firing", "silenced", "inhibited"].contains(before.state) else {
                continue
            }
            var standing = before
            standing.state = "firing"
            standing.who = nil
            standing.reason = nil
            mute(&standing, now)
            guard standing.state != before.state || standing.who != before.who else { continue }
            let isTold = standing.state == "firing"
            if isTold {
                standing.isTold = true
                standing.reason = "unmuted"
                standing.notice = standing.notice.again(cause: "unmuted", now)
            }
            standings[id] = standing
            changes.append(Change(standing: standing, isTold: isTold, isNews: true))
        }
        return changes
    }

    // MARK: - Expected loads

    /// Whether an expected load may mute an alert now, so that its growth is to be looked at between its steps.
    public func isLoadExpected(_ now: Timestamp) -> Bool {
        silences.contains { $0.factor != nil && $0.isActive(now) }
            && standings.values.contains { $0.state == "silenced" }
    }

    /// Whether a silenced alert, as it stands, is muted no more.
    public func exceedsLoad(_ notice: AlertNotice, _ now: Timestamp) -> Bool {
        guard standings[notice.id]?.state == "silenced" else { return false }
        var standing = AlertStanding(notice: notice, state: "firing", isTold: true)
        mute(&standing, now)
        return standing.state == "firing"
    }

    /// Tells of a silenced alert that is muted no more.
    public mutating func exceedLoad(_ notice: AlertNotice) -> Change {
        let standing = AlertStanding(
            notice: notice, state: "firing", isTold: true, reason: "beyond the expected load")
        standings[notice.id] = standing
        return Change(standing: standing, isTold: true, isNews: true)
    }

    // MARK: - Muting

    /// Whether anything mutes an alert now.
    private func mute(_ standing: inout AlertStanding, _ now: Timestamp) {
        let notice = standing.notice
        if let silence = silences.first(where: { $0.isActive(now) && $0.mutes(notice) }) {
            standing.state = "silenced"
            standing.who = silence.by
            standing.reason = "\(silence.id): \(silence.reason)"
            return
        }
        guard notice.rule != Self.inhibitingRule, notice.tool != nil else { return }
        let cause = standings.values.filter { other in
            other.notice.rule == Self.inhibitingRule && other.notice.tool == notice.tool
                && other.notice.server == notice.server
                && ["firing", "acknowledged", "silenced"].contains(other.state)
        }.map(\.notice.id).min()
        guard let cause else { return }
        standing.state = "inhibited"
        standing.who = "alert \(cause)"
        standing.reason = "\(Self.inhibitingRule) alert about the same tool"
    }

    // MARK: - People

    /// Acknowledges an alert: it is not told again while it grows, but when it becomes worse and when it ends.
    ///
    /// - Returns: nil where no alert of that id is open.
    public mutating func acknowledge(_ id: String, by: String, reason: String?) -> Change? {
        guard var standing = standings[id] else { return nil }
        standing.state = "acknowledged"
        standing.who = by
        standing.reason = reason
        standings[id] = standing
        return Change(standing: standing, isTold: false, isNews: true)
    }

    /// Takes a silence up, in place of one of the same id.
    public mutating func add(_ silence: Silence) {
        silences.removeAll { $0.id == silence.id }
        silences.append(silence)
    }

    /// Ends a silence; nil where there is none of that id.
    public mutating func remove(_ id: String) -> Silence? {
        guard let index = silences.firstIndex(where: { $0.id == id }) else { return nil }
        return silences.remove(at: index)
    }
}

extension AlertNotice {
    /// The same once more, as a message of its own.
    func again(cause: String, _ now: Timestamp) -> AlertNotice {
        var notice = self
        notice.cause = cause
        notice.at = now.microseconds
        notice.key = Self.digest([key, cause, "\(now.microseconds)"])
        return notice
    }

    /// A change of standing as a `control` record, which looks like the alert's other records.
    func control(_ standing: AlertStanding) -> Control {
        Control(.alert)
            .with(.agent, agent).with(.server, server).with(.tool, tool).with(.id, id).with(.rule, rule)
            .with(.severity, severity).with(.state, standing.state)
            .with(.start, Timestamp(microseconds: start).description)
            .with(.reason, standing.reason).with(.summary, summary).with(.by, standing.who)
    }
}

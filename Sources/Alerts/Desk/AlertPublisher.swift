import Detection
public import Events

/// The way of every step: first the watch's log, then the outbox with a message for each sink that hears of it.
///
/// For the watch's thread alone.
public final class AlertPublisher {
    private let outbox: Outbox
    private let sinks: [any AlertSink]
    private let append: (Control) throws -> UInt64
    private let clock: () -> Timestamp
    private let wake: () -> Void
    private var desk: AlertDesk

    /// Takes over how everything stood when the last watch ended.
    ///
    /// - Parameters:
    ///   - append: writes a record to the watch's log and returns its seq once it is durable.
    ///   - clock: the present moment.
    ///   - wake: says that there is something new in the outbox; must not block.
    public init(
        outbox: Outbox, sinks: [any AlertSink], append: @escaping (Control) throws -> UInt64,
        clock: @escaping () -> Timestamp, wake: @escaping () -> Void
    ) throws {
        self.outbox = outbox
        self.sinks = sinks
        self.append = append
        self.clock = clock
        self.wake = wake
        desk = AlertDesk(
            standings: try outbox.standings().filter { $0.state != "resolved" },
            silences: try outbox.silences(now: clock()))
    }

    /// Writes a step down and queues it.
    ///
    /// - Parameter adding: adds to what sinks are told, once the step is on record.
    public func publish(
        _ step: AlertTransition, adding: (AlertTransition) -> AlertTransition = { $0 }
    ) throws {
        // First the log: what people were told must be on record, or a restart would tell it again.
        let seq = try append(step.control)
        try take(adding(step), seq: seq)
    }

    /// Writes a step about tollgate itself down and queues it.
    public func publish(_ notice: AlertNotice, state: String) throws {
        let record = notice.control(AlertStanding(notice: notice, state: state, isTold: true, reason: notice.cause))
        let seq = try append(record)
        try settle(desk.take(notice, state: state, isQuiet: false, now: clock()), seq: seq)
    }

    /// Queues the step of a record that an earlier watch wrote and did not come to queue.
    public func recover(_ record: Record) throws {
        guard case .control(let control) = record.body, let step = AlertTransition(control: control) else { return }
        try take(step, seq: record.seq)
    }

    private func take(_ step: AlertTransition, seq: UInt64) throws {
        guard step.audience != .nobody else { return }
        try settle(
            desk.take(
                AlertNotice(step), state: step.to.rawValue, isQuiet: step.audience == .record, now: clock()), seq: seq)
    }

    /// Lets time pass, tells what has gone beyond an expected load, and does what people asked for meanwhile.
    ///
    /// - Parameters:
    ///   - current: the firing alerts as they stand between their steps; asked for while an expected load mutes one.
    ///   - adding: as above.
    public func tick(
        current: () -> [Alert] = { [] }, adding: (AlertTransition) -> AlertTransition = { $0 }
    ) throws {
        try settle(desk.tick(clock()), seq: nil)
        if desk.isLoadExpected(clock()) { try tellExceeded(current(), adding) }
        for open in try outbox.requests() {
            let answer = try handle(open.request, who: open.who, number: open.number, at: open.at)
            try outbox.put(answer, to: open.number)
        }
    }

    private func tellExceeded(_ alerts: [Alert], _ adding: (AlertTransition) -> AlertTransition) throws {
        for alert in alerts {
            let step = AlertTransition(alert: alert, from: .firing, cause: .grew, at: alert.finding.lastSeen)
            guard desk.exceedsLoad(AlertNotice(step), clock()) else { continue }
            try settle([desk.exceedLoad(AlertNotice(adding(step)))], seq: nil)
        }
    }

    private func settle(_ changes: [AlertDesk.Change], seq: UInt64?) throws {
        for change in changes {
            var seq = seq
            if change.isNews { seq = try append(change.standing.notice.control(change.standing)) }
            try outbox.note(change.standing, seq: seq, sinks: change.isTold ? sinks : [], now: clock())
            if change.isTold { wake() }
        }
    }

    // MARK: - Requests

    private func handle(_ request: DeskRequest, who: String, number: Int64, at: Timestamp) throws -> DeskAnswer {
        switch request {
        case .acknowledge(let id, let reason):
            guard let change = desk.acknowledge(id, by: who, reason: reason) else {
                return DeskAnswer(id: id, done: nil, refusal: "no alert \(id) is open")
            }
            try settle([change], seq: nil)
            return DeskAnswer(id: id, done: "acknowledged", refusal: nil)
        case .silence(let matchers, let length, let reason, let factor):
            // The same request has the same id, also when a killed watch had begun with it.
            let id = String(AlertNotice.digest(["\(number)", who, "\(at.microseconds)"]).prefix(16))
            let silence = Silence(
                id: id, matchers: matchers, from: at, until: at.advanced(by: length), by: who, reason: reason,
                factor: factor)
            _ = try append(silence.control(state: "active", by: who, reason: reason))
            try outbox.save(silence)
            desk.add(silence)
            try settle(desk.tick(clock()), seq: nil)
            return DeskAnswer(id: id, done: silence.summary, refusal: nil)
        case .unsilence(let id):
            guard let silence = desk.remove(id) else {
                return DeskAnswer(id: id, done: nil, refusal: "no silence \(id) holds")
            }
            _ = try append(silence.control(state: "ended", by: who, reason: silence.reason))
            try outbox.remove(silence: id)
            try settle(desk.tick(clock()), seq: nil)
            return DeskAnswer(id: id, done: "ended", refusal: nil)
        case .resend(let id): return try resend(id)
        }
    }

    private func resend(_ id: String) throws -> DeskAnswer {
        let now = clock()
        let revived = try outbox.revive(id, now: now)
        if revived > 0 {
            wake()
            return DeskAnswer(id: id, done: "\(revived) dead messages are tried again", refusal: nil)
        }
        guard var standing = try outbox.standings().first(where: { $0.notice.id == id }) else {
            return DeskAnswer(id: id, done: nil, refusal: "there is no alert \(id)")
        }
        standing.notice = standing.notice.again(cause: "resent", now)
        try outbox.note(standing, seq: nil, sinks: sinks, now: now)
        wake()
        return DeskAnswer(id: id, done: "queued for \(sinks.count) sinks", refusal: nil)
    }
}

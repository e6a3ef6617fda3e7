import Events

/// Puts outcomes beside their decisions when past lines are read, so that the duration stands on the call's own line.
///
/// A forwarded decision waits for its outcome until `window` lines have come after it; then it goes without. Order is
/// kept. While following nothing is joined: a decision is shown the moment it is durable.
public struct OutcomeJoin {
    private var waiting: [TailEntry] = []
    private var head = 0
    private var places: [TailRecordID: Int] = [:]
    private var dropped = 0
    private let window: Int

    /// Makes a join that holds at most `window` lines.
    public init(window: Int = 512) {
        self.window = max(window, 1)
    }

    /// Takes one line and gives those that may be shown.
    public mutating func push(_ entry: TailEntry) -> [TailEntry] {
        if case .outcome(let outcome)? = entry.record?.body,
            let place = places.removeValue(forKey: TailRecordID(log: entry.log, seq: outcome.of))
        {
            waiting[place - dropped].outcome = outcome
        } else {
            if let record = entry.record, OutcomeJoin.expectsOutcome(record) {
                places[TailRecordID(log: entry.log, seq: record.seq)] = dropped + waiting.count
            }
            waiting.append(entry)
        }
        var ready: [TailEntry] = []
        while head < waiting.count, waiting.count - head > window || !isOpen(waiting[head]) {
            ready.append(take())
        }
        compact()
        return ready
    }

    /// What still waits, at the end of the log.
    public mutating func finish() -> [TailEntry] {
        var ready: [TailEntry] = []
        while head < waiting.count { ready.append(take()) }
        compact()
        return ready
    }

    private mutating func take() -> TailEntry {
        let entry = waiting[head]
        if let seq = entry.record?.seq { places[TailRecordID(log: entry.log, seq: seq)] = nil }
        head += 1
        return entry
    }

    private mutating func compact() {
        guard head > 1024 || head == waiting.count else { return }
        waiting.removeFirst(head)
        dropped += head
        head = 0
    }

    private func isOpen(_ entry: TailEntry) -> Bool {
        guard let record = entry.record else { return false }
        return places[TailRecordID(log: entry.log, seq: record.seq)] != nil
    }

    private static func expectsOutcome(_ record: Record) -> Bool {
        guard case .decision(let decision) = record.body else { return false }
        return decision.verdict == .allow || decision.mode == .shadow
    }
}

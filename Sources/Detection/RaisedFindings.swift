import Events

/// What a finding is about.
enum FindingSubject: Hashable {
    case pair(Int)
    case tool(Int)
    case agent(Int)
    case everything
}

/// What is counted of whatever a finding is about.
struct Tally {
    var attempts: UInt32
    var refused: UInt32
    var perMinute: Int
    var unchangedResults: UInt8 = 0
    var lastSeen: Int64
    var inhibitedBy: RuleName?
}

/// The findings that are raised, each until its count has been calm for long enough.
struct RaisedFindings: Sendable {
    private struct Key: Hashable {
        var subject: FindingSubject
        var rule: RuleName
    }

    private struct Entry {
        var finding: Finding
        /// The arguments of the call that raised it, and how often they came since.
        var arguments: Digest64?
        var same: Int
        /// The attempts before the finding's first call, and refusals.
        var attemptsBefore: UInt32
        var refusedBefore: UInt32
        var toldAttempts: Int
        /// The order of raising, which breaks ties among equal due times.
        var order: UInt64
    }

    private let calm: Int64
    private var entries: [Key: Entry] = [:]
    private var order: UInt64 = 0
    /// No finding is due before; it may be too early, never too late.
    private var nextDue = Int64.max

    init(calmMicroseconds: Int64) {
        calm = calmMicroseconds
    }

    /// All raised findings, in the order of raising.
    var findings: [Finding] {
        entries.values.sorted { $0.order < $1.order }.map(\.finding)
    }

    /// Raises a finding.
    mutating func raise(_ finding: Finding, of subject: FindingSubject, arguments: Digest64?, origin: EpisodeOrigin) {
        entries[Key(subject: subject, rule: finding.rule)] = Entry(
            finding: finding, arguments: arguments, same: finding.same, attemptsBefore: origin.attemptsBefore,
            refusedBefore: origin.refusedBefore,
            toldAttempts: finding.attempts, order: order)
        order += 1
        guard finding.rule != .silence else { return }
        nextDue = min(nextDue, finding.lastSeen.microseconds + calm)
    }

    /// Takes out a finding that is over with this call.
    mutating func end(_ rule: RuleName, of subject: FindingSubject) -> Finding? {
        entries.removeValue(forKey: Key(subject: subject, rule: rule))?.finding
    }

    /// Counts a call with a raised finding's arguments, whether or not it keeps the finding going.
    mutating func count(_ rule: RuleName, of subject: FindingSubject, _ call: CallEvent) {
        let key = Key(subject: subject, rule: rule)
        guard let entry = entries[key], entry.arguments == call.arguments else { return }
        entries[key]?.same += call.attempts
    }

    /// Counts a call that keeps a finding going; returns it when it has grown graver, or threefold since it was last told.
    mutating func sustain(
        _ rule: RuleName, of subject: FindingSubject, by call: CallEvent, reading: RuleReading, tally: Tally
    ) -> (kind: FindingChange.Kind, finding: Finding)? {
        let key = Key(subject: subject, rule: rule)
        guard var entry = entries[key], reading.sustains(entry.finding.threshold) else { return nil }
        entry.finding.attempts = Int(tally.attempts &- entry.attemptsBefore)
        entry.finding.denied = Int(tally.refused &- entry.refusedBefore)
        entry.finding.same = min(entry.same, entry.finding.attempts)
        entry.finding.peakPerMinute = max(entry.finding.peakPerMinute, tally.perMinute)
        entry.finding.resultUnchanged = entry.finding.resultUnchanged && tally.unchangedResults >= 2
        entry.finding.inhibitedBy = tally.inhibitedBy
        entry.finding.lastSeen = Timestamp(microseconds: tally.lastSeen)
        entry.finding.lastRecord = call.record
        let isGraver = reading.severity.map { $0 > entry.finding.severity } ?? false
        if isGraver, let severity = reading.severity {
            entry.finding.severity = severity
            entry.finding.threshold = reading.threshold
        }
        let grown = entry.finding.attempts >= 3 * entry.toldAttempts
        if grown || isGraver { entry.toldAttempts = entry.finding.attempts }
        entries[key] = entry
        return isGraver ? (.escalated, entry.finding) : grown ? (.continues, entry.finding) : nil
    }

    /// Takes out what has been calm until `now`, in the order in which it fell due.
    mutating func clear(until now: Int64) -> [(subject: FindingSubject, change: FindingChange)] {
        guard now >= nextDue else { return [] }
        var due: [(at: Int64, key: Key, entry: Entry)] = []
        nextDue = .max
        for (key, entry) in entries where key.rule != .silence {
            let at = entry.finding.lastSeen.microseconds + calm
            if at <= now {
                due.append((at, key, entry))
            } else {
                nextDue = min(nextDue, at)
            }
        }
        due.sort { ($0.at, $0.entry.order) < ($1.at, $1.entry.order) }
        return due.map { item in
            entries[item.key] = nil
            let at = Timestamp(microseconds: item.at)
            return (item.key.subject, FindingChange(kind: .cleared, finding: item.entry.finding, at: at))
        }
    }

    // MARK: - Snapshot

    mutating func code(_ coder: inout SnapshotCoder) {
        coder.value(&order)
        coder.value(&nextDue)
        var list = entries.sorted { $0.value.order < $1.value.order }
        var count = list.count
        coder.value(&count)
        if coder.isReading { entries = [:] }
        for index in 0..<max(0, count) where coder.isSound {
            if coder.isReading {
                guard let item = Self.read(&coder) else { return coder.refuse() }
                entries[item.key] = item.entry
            } else {
                Self.write(list[index].key, list[index].value, &coder)
            }
        }
        list = []
    }

    private static func write(_ key: Key, _ entry: Entry, _ coder: inout SnapshotCoder) {
        var (entry, subject, arguments) = (entry, key.subject.number, entry.arguments?.value)
        coder.value(&subject)
        coder.code(&entry.finding)
        coder.value(&arguments)
        coder.value(&entry.same)
        coder.value(&entry.attemptsBefore)
        coder.value(&entry.refusedBefore)
        coder.value(&entry.toldAttempts)
        coder.value(&entry.order)
    }

    private static func read(_ coder: inout SnapshotCoder) -> (key: Key, entry: Entry)? {
        var subject = 0
        var arguments: UInt64?
        coder.value(&subject)
        let empty = RecordReference(log: "", seq: 0)
        var entry = Entry(
            finding: Finding(
                rule: .loop, severity: .info, agent: "", server: "", tool: "", start: Timestamp(microseconds: 0),
                firstRecord: empty),
            arguments: nil, same: 0, attemptsBefore: 0, refusedBefore: 0, toldAttempts: 0, order: 0)
        coder.code(&entry.finding)
        coder.value(&arguments)
        coder.value(&entry.same)
        coder.value(&entry.attemptsBefore)
        coder.value(&entry.refusedBefore)
        coder.value(&entry.toldAttempts)
        coder.value(&entry.order)
        guard coder.isSound else { return nil }
        entry.arguments = arguments.map { Digest64($0) }
        return (Key(subject: FindingSubject(number: subject), rule: entry.finding.rule), entry)
    }
}

extension FindingSubject {
    /// One number for all of them.
    fileprivate var number: Int {
        switch self {
        case .everything: 0
        case .pair(let index): 1 + 3 * index
        case .tool(let index): 2 + 3 * index
        case .agent(let index): 3 + 3 * index
        }
    }

    fileprivate init(number: Int) {
        switch number > 0 ? (number - 1) % 3 : -1 {
        case 0: self = .pair((number - 1) / 3)
        case 1: self = .tool((number - 1) / 3)
        case 2: self = .agent((number - 1) / 3)
        default: self = .everything
        }
    }
}

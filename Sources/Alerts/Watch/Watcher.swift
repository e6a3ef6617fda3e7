public import Detection
public import Events

/// Follows logs, runs the detectors over them, and tells what they find: the whole of `tollgate watch` but its wiring.
///
/// Records of several logs are taken in the order of their times, as far as they are there. On the first steps, until
/// everything that was there has been read, detectors only learn; what an earlier run of the watch told is recalled from
/// its own log, so that a restart tells nothing twice and misses nothing that happened in between. A watcher that goes on
/// from a ``WatchMemory`` tells what one that never stopped would have told.
public struct Watcher {
    /// From when on findings are told.
    public enum Delivery: Sendable {
        /// From where the last run of the watch ended; without one, from now.
        case sinceLastWatch
        /// All of them, however old, unless an earlier run did.
        case everything
    }

    /// How far a call to `step` got.
    public enum Step: Sendable {
        /// There is more to read.
        case more
        /// All that was there has been read.
        case caughtUp
    }

    private let delivery: Delivery
    private let publisher: (AlertTransition) throws -> Void
    private let problem: (WatchProblem) -> Void
    private var detectors: DetectorSet
    private var book = AlertBook()
    private var feeds: [LogFeed] = []
    private var lastOwnRecord: Timestamp?
    private var tellFrom: Timestamp?
    private var isSettled = false
    private var clock = StreamClock()
    /// How many records the clock has been told of.
    private var timed = 0
    /// The digest of the rules' parameters.
    private let settings: String
    /// The first record of the own log whose step is not in the memory that this goes on from.
    private let recallsFrom: UInt64?
    /// Places of logs that are not followed now.
    private var absent: [WatchedPlace] = []
    /// Alerts that fire and began too long ago to be told before it is known that they still do.
    private var held: [AlertTransition] = []
    /// What was done so far.
    public private(set) var counters = WatchCounters()
    /// The newest record's time; nil where none was read.
    public private(set) var newestRecord: Timestamp?
    /// Gaps that gateways recorded since the last `takeGaps`, once all that was there at the start has been read.
    private var gaps: [WatchProblem] = []

    /// Makes a watcher that follows nothing yet.
    ///
    /// - Parameters:
    ///   - publish: writes a step to the watch's own log and then, where its audience is everyone, hands it to the sinks;
    ///     what it throws ends the step.
    ///   - problem: told what could not be read.
    public init(
        settings: DetectionSettings = DetectionSettings(), delivery: Delivery,
        publish: @escaping (AlertTransition) throws -> Void,
        problem: @escaping (WatchProblem) -> Void
    ) {
        self.delivery = delivery
        publisher = publish
        self.problem = problem
        detectors = DetectorSet(settings: settings)
        self.settings = settings.digest
        recallsFrom = nil
    }

    /// Makes a watcher that goes on where a memory was taken; its logs are to be followed from their places in it.
    ///
    /// Whatever it finds is told, however old: nobody was there to tell it before.
    ///
    /// - Parameters:
    ///   - publish: as above.
    ///   - problem: as above.
    public init(
        resuming memory: WatchMemory, publish: @escaping (AlertTransition) throws -> Void,
        problem: @escaping (WatchProblem) -> Void
    ) {
        delivery = .everything
        publisher = publish
        self.problem = problem
        detectors = memory.detectors
        settings = memory.settings
        book = memory.book
        recallsFrom = memory.ownSeq
        newestRecord = memory.newestRecord
        clock = StreamClock(isOfThePast: memory.isOfThePast)
        absent = memory.places
    }

    /// What a watcher needs to go on from here; nil before all that was there at the start has been read.
    ///
    /// A snapshot by value: it costs next to nothing, but the first change afterwards copies the detectors' states.
    ///
    /// - Parameter ownSeq: the seq that the own log's next record has; every step so far is before it.
    public func memory(ownSeq: UInt64) -> WatchMemory? {
        guard isSettled else { return nil }
        return WatchMemory(
            settings: settings, detectors: detectors, book: book, ownSeq: ownSeq, newestRecord: newestRecord,
            isOfThePast: clock.isOfThePast, places: absent + feeds.compactMap(\.place))
    }

    /// The firing alerts, as their last steps said.
    public var firing: [Alert] {
        book.firing
    }

    /// The firing alerts as their findings stand by now, steps or not.
    public var current: [Alert] {
        let findings = Dictionary(detectors.firing.map { (Fingerprint($0), $0) }) { $1 }
        return book.firing.map { alert in
            var alert = alert
            alert.finding = findings[Fingerprint(alert.finding)] ?? alert.finding
            return alert
        }
    }

    /// Learns from a record of the watch's own log; all of them, in order, before the first step.
    public mutating func recall(_ record: Record) {
        lastOwnRecord = record.timestamp
        guard case .control(let control) = record.body, let step = AlertTransition(control: control) else { return }
        guard let recallsFrom else { return book.recall(step) }
        if record.seq >= recallsFrom { book.expect(step) }
    }

    /// Follows one more log, now or when it appears.
    public mutating func follow(_ log: WatchedLog) {
        feeds.append(LogFeed(log))
        // One of the same name and another origin is what stood there before.
        absent.removeAll { $0.isOfSameLog(log.place) || $0.name == log.name }
    }

    /// Reads at most `limit` records and tells what they show; without new ones, what the passing of time shows.
    ///
    /// - Throws: what `publish` throws. A log that cannot be read is reported and not followed any more.
    public mutating func step(now: Timestamp, limit: Int = 50_000) throws -> Step {
        if tellFrom == nil {
            tellFrom = delivery == .everything ? Timestamp(microseconds: .min) : lastOwnRecord ?? now
        }
        for index in feeds.indices { feeds[index].isDry = false }
        for _ in 0..<limit {
            guard let index = nextFeed() else {
                if counters.records > timed || !isSettled {
                    clock.note(newestRecord, at: now, isHistory: !isSettled)
                    timed = counters.records
                }
                try pass(now)
                return .caughtUp
            }
            guard let record = feeds[index].take() else { continue }
            counters.records += 1
            newestRecord = max(newestRecord ?? record.timestamp, record.timestamp)
            note(record, of: feeds[index].log.name)
            try take(detectors.observe(record, log: feeds[index].log.name))
        }
        return .more
    }

    /// Lets the time up to `now` pass at once: the last step of a run that does not follow.
    public mutating func finish(now: Timestamp) throws {
        try take(detectors.tick(now))
        try tell(book.tick(now))
        try settle(now)
    }

    /// The gaps recorded since this was last asked.
    public mutating func takeGaps() -> [WatchProblem] {
        defer { gaps = [] }
        return gaps
    }

    private mutating func note(_ record: Record, of log: String) {
        guard isSettled, case .control(let control) = record.body, control.event == .gap else { return }
        let count = control.number(.n) ?? 0
        gaps.append(
            WatchProblem(log: log, message: "\(count) calls have no records: \(control.text(.reason) ?? "unknown")"))
    }

    // MARK: - Reading

    /// The log whose next record is the oldest; nil when all are read up.
    private mutating func nextFeed() -> Int? {
        var oldest: Int?
        var time = Timestamp(microseconds: .max)
        for index in feeds.indices.reversed() {
            if feeds[index].nextTime == nil, !feeds[index].isDry { refill(index) }
            guard let next = feeds[index].nextTime, next <= time else { continue }
            oldest = index
            time = next
        }
        return oldest
    }

    private mutating func refill(_ index: Int) {
        let name = feeds[index].log.name
        do {
            feeds[index].isDry = try !feeds[index].refill()
            reportRejected(index, name)
        } catch {
            problem(WatchProblem(log: name, message: "not followed any more: \(error)"))
            feeds[index].end()
        }
    }

    private mutating func reportRejected(_ index: Int, _ name: String) {
        guard let first = feeds[index].rejected.first else { return }
        counters.rejected += feeds[index].rejected.count
        problem(WatchProblem(log: name, message: "\(feeds[index].rejected.count) lines are no records: \(first)"))
        feeds[index].rejected = []
    }

    /// Nothing to read: time passes.
    private mutating func pass(_ now: Timestamp) throws {
        let time = clock.time(at: now)
        try take(detectors.tick(time))
        try tell(book.tick(time))
        try settle(now)
    }

    // MARK: - Telling

    /// Everything that was there has been read: what still fires is told, however old.
    private mutating func settle(_ now: Timestamp) throws {
        guard !isSettled else { return }
        isSettled = true
        let late = held
        held = []
        for step in late { try publish(step) }
        for step in book.settle(now) { try publish(step) }
    }

    private mutating func take(_ changes: [FindingChange]) throws {
        for change in changes { try tell(book.apply(change)) }
    }

    private mutating func tell(_ steps: [AlertTransition]) throws {
        for step in steps where step.audience != .nobody {
            if let tellFrom, step.at >= tellFrom || isSettled {
                try publishHeld(step.alert.id)
                try publish(step)
            } else if step.to == .resolved {
                // Over before anybody watched; but an end that people wait for is told.
                let early = held.filter { $0.alert.id == step.alert.id }
                held.removeAll { $0.alert.id == step.alert.id }
                if early.isEmpty { try publish(step) }
                // The same again within the hour is for people who heard of it.
                if early.contains(where: { $0.audience == .everyone }) { book.takeBack(step.alert) }
            } else {
                held.removeAll { $0.alert.id == step.alert.id }
                held.append(step)
            }
        }
    }

    /// The beginning of an alert whose next step is told.
    private mutating func publishHeld(_ id: String) throws {
        let early = held.filter { $0.alert.id == id }
        held.removeAll { $0.alert.id == id }
        for step in early { try publish(step) }
    }

    private mutating func publish(_ step: AlertTransition) throws {
        try publisher(step)
        counters.recorded += 1
        if step.audience == .everyone { counters.delivered += 1 }
    }
}

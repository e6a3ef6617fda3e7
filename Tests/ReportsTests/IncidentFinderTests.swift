import Detection
import Events
import Simulation
import Testing
import Warehouse

@testable import Reports

@Suite("IncidentFinder")
struct IncidentFinderTests {
    /// Real findings, from calls: `Finding` is made by detectors only.
    private func findings(at minutes: [Int], agent: String = "a") -> [Finding] {
        var found: [Finding] = []
        for minute in minutes {
            var detectors = DetectorSet()
            for call in 0..<40 as Range<UInt64> {
                var event = CallEvent(
                    record: RecordReference(log: "l", seq: call),
                    timestamp: SampleFleet.monday.advanced(by: Int64(minute) * 60_000_000 + Int64(call) * 500_000),
                    agent: agent,
                    server: "s", tool: "t")
                event.arguments = Digest64(1)
                _ = detectors.observe(event)
            }
            found += detectors.firing.prefix(1)
        }
        return found
    }

    @Test func findingsWithinAnHourAreOneIncident() {
        let episodes = IncidentFinder.grouped(findings(at: [0, 50, 100, 300]))
        #expect(episodes.map(\.findings.count) == [3, 1])
    }

    @Test func agentsAreKeptApartAndEarliestComesFirst() {
        let episodes = IncidentFinder.grouped(findings(at: [30], agent: "b") + findings(at: [10], agent: "c"))
        #expect(episodes.map { $0.findings[0].agent } == ["c", "b"])
    }

    @Test func endsComeInTheOrderOfTime() {
        var random = SplitMix(seed: 5)
        var queue = EndingQueue()
        for _ in 0..<500 {
            let at = Timestamp(microseconds: Int64(random.next() % 10_000))
            queue.push(CallEnding(timestamp: at, agent: "a", server: "s", tool: "t", ending: .ok, result: nil))
        }
        var times: [Timestamp] = []
        while let ending = queue.pop(until: Timestamp(microseconds: 5_000)) { times.append(ending.timestamp) }
        #expect(times == times.sorted() && times.allSatisfy { $0.microseconds <= 5_000 })
        var rest = 0
        while queue.pop(until: Timestamp(microseconds: .max)) != nil { rest += 1 }
        #expect(times.count + rest == 500, "seed 5")
    }
}

/// What is found among suspects is what all calls give, but for the usual rate in words: it looks at an agent's other tools.
@Suite("Screening")
struct ScreeningTests {
    @Test(arguments: [UInt64(1), 2])
    func suspectsHaveEveryFinding(seed: UInt64) throws {
        var options = FleetOptions(seed: seed)
        options.scenario = .fleet
        options.calls = 12_000
        let file = TemporaryFile()
        let store = try WarehouseStore(creating: file.path)
        var fleet = SimulatedFleet(options)
        var records: [Record] = []
        while let next = fleet.next() {
            records.append(Record(seq: UInt64(records.count), timestamp: next.timestamp, body: next.body))
        }
        try store.loader().load(records: records, of: LogKey(origin: "g", epoch: 1, name: "g", kind: "gateway"))
        var found = 0
        for week in ["2026-W45", "2026-W46", "2026-W47"] {
            let period = try #require(ISOWeek(week)).period(in: .utc)
            var finder = IncidentFinder(settings: DetectionSettings(), learningDays: 7)
            finder.mostRecords = .max
            let all = try finder.episodes(in: period, of: store, logs: [:]).flatMap(\.findings).map(told)
            finder.mostRecords = 0
            let screened = try finder.episodes(in: period, of: store, logs: [:]).flatMap(\.findings).map(told)
            #expect(screened == all, "seed \(seed), \(week)")
            found += all.count
        }
        #expect(found > 1, "seed \(seed)")
    }

    /// Pairs as busy as it takes to come near to a burst, some of which run away in the days before, so that what was learned of
    /// them counts.
    @Test(arguments: [UInt64(11), 12, 13])
    func burstsOfBusyPairsAreAllFound(seed: UInt64) throws {
        let file = TemporaryFile()
        let store = try WarehouseStore(creating: file.path)
        try store.loader().load(
            records: BusyPairs(seed: seed).records(), of: LogKey(origin: "g", epoch: 1, name: "g", kind: "gateway"))
        let period = try #require(ISOWeek("2026-W44")).period(in: .utc)
        var finder = IncidentFinder(settings: DetectionSettings(), learningDays: 7)
        finder.mostRecords = .max
        let all = try finder.episodes(in: period, of: store, logs: [:]).flatMap(\.findings).map(told)
        finder.mostRecords = 0
        let screened = try finder.episodes(in: period, of: store, logs: [:]).flatMap(\.findings).map(told)
        #expect(screened == all, "seed \(seed)")
        #expect(all.count > 3, "seed \(seed): \(all.count)")
    }

    @Test func whatIsKeptIsWhatWasFoundUntilACallIsAdded() throws {
        let file = TemporaryFile()
        let store = try WarehouseStore(creating: file.path)
        let key = LogKey(origin: "g", epoch: 1, name: "g", kind: "gateway")
        let records = BusyPairs(seed: 11).records()
        try store.loader().load(records: records, of: key)
        var options = WeeklyOptions()
        options.week = ISOWeek("2026-W44")
        #expect(try WeeklyReport.prepare(in: store, options: options) == nil, "few calls are gone through each time")
        #expect(try WeeklyReport.prepare(in: store, options: options, leastRecords: 0) == options.week)
        #expect(try WeeklyReport.prepare(in: store, options: options, leastRecords: 0) == nil, "it is kept")
        let period = try #require(options.week).period(in: .utc)
        var finder = IncidentFinder(settings: DetectionSettings(), learningDays: 7)
        finder.mostRecords = 0
        let kept = try #require(try finder.kept(of: period, in: store)?.read())
        let found = try finder.episodes(in: period, of: store, logs: [0: "g"]).flatMap(\.findings)
        #expect(kept.count == found.count && found.allSatisfy(kept.contains))
        #expect(kept.count > 3 && kept.allSatisfy { $0.firstRecord.log == "g" })
        // Where nothing can be kept that is said by who keeps it, and the report has what was found all the same.
        let loader = try store.loader()
        try loader.begin()
        options.learningDays = 5
        #expect(throws: ReportError.self) {
            try WeeklyReport.prepare(in: store, options: options, leastRecords: 0)
        }
        var other = IncidentFinder(settings: DetectionSettings(), learningDays: 5)
        other.mostRecords = 0
        #expect(try !other.episodes(in: period, of: store, logs: [0: "g"], isOver: true).isEmpty)
        loader.rollBack()
        options.learningDays = 7
        // Another settings' findings are others.
        finder = IncidentFinder(settings: DetectionSettings(), learningDays: 6)
        finder.mostRecords = 0
        #expect(try finder.kept(of: period, in: store)?.read() == nil)
        // A late record of the week before.
        var late = records[0]
        late.seq = UInt64(records.count)
        try store.loader().load(records: [late], of: key)
        #expect(try WeeklyReport.prepare(in: store, options: options, leastRecords: 0) == options.week)
    }

    private func told(_ finding: Finding) -> String {
        "\(finding.rule) \(finding.agent) \(finding.tool) \(finding.start) \(finding.detected) \(finding.lastSeen) "
            + "\(finding.attempts) \(finding.denied) \(finding.same) \(finding.peakPerMinute) \(finding.threshold) "
            + "\(finding.resultUnchanged) \(finding.firstRecord) \(finding.lastRecord)"
    }
}

/// Two weeks of sixteen agents with one tool each, whose minutes go up to a burst's and beyond.
private struct BusyPairs {
    private static let minute: Int64 = 60_000_000
    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    func records() -> [Record] {
        var copy = self
        return copy.made()
    }

    private mutating func made() -> [Record] {
        var calls: [(at: Timestamp, agent: String)] = []
        let first = SampleFleet.monday.advanced(by: -7 * 86_400_000_000)
        for number in 0..<16 {
            let pace = 4 + Int(random.next() % 10)
            for day in 0..<14 as Range<Int64> {
                for _ in 0..<2 {
                    let start = first.advanced(by: (day * 1440 + Int64(random.next() % 1400)) * Self.minute)
                    // One session in ten is two to nine times as busy.
                    let factor = random.next() % 10 == 0 ? 2 + Int(random.next() % 8) : 1
                    for step in 0..<Int64(2 + random.next() % 2) {
                        for _ in 0..<(pace * factor) {
                            let at = step * Self.minute + Int64(random.next() % UInt64(Self.minute))
                            calls.append((start.advanced(by: at), "busy-\(number)"))
                        }
                    }
                }
            }
        }
        calls.sort { ($0.at, $0.agent) < ($1.at, $1.agent) }
        // Past the week's end, so that it is over.
        calls.append((SampleFleet.monday.advanced(by: 8 * 86_400_000_000), "busy-0"))
        return calls.enumerated().map { seq, call in
            var decision = Decision(
                gateway: "g", identity: .grant, server: "db", transport: .stdio, method: "tools/call",
                verdict: .allow, mode: .enforce, reason: .allowed)
            decision.agent = call.agent
            decision.tool = "query"
            decision.risk = .read
            decision.argumentDigest = Digest64(random.next())
            return Record(seq: UInt64(seq), timestamp: call.at, body: .decision(decision))
        }
    }
}

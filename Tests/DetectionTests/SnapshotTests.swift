import Detection
import Events
import Simulation
import Testing

/// Stopping and going on from a snapshot changes nothing.
@Suite struct SnapshotTests {
    @Test func aStopAndAResumeGiveTheSameFindings() throws {
        let seed = UInt64.random(in: 1...1_000_000)
        var random = SeededNumbers(seed)
        let records = Self.records(seed: seed, calls: 6000)
        let whole = Self.run(records, cuts: [])
        #expect(whole.contains { $0.kind == .cleared } && whole.count > 10, "seed \(seed)")
        let cuts = Set((0..<12).map { _ in Int(random.next() % UInt64(records.count)) })
        #expect(Self.run(records, cuts: cuts) == whole, "seed \(seed), cuts \(cuts.sorted())")
    }

    @Test func damageAndOtherVersionsAreRefused() {
        var detectors = DetectorSet()
        for record in Self.records(seed: 3, calls: 300) { _ = detectors.observe(record, log: "gw") }
        let bytes = detectors.snapshot()
        #expect(DetectorSet(settings: DetectionSettings(), snapshot: bytes)?.pairs == detectors.pairs)
        for offset in [0, 8, 40, bytes.count / 2, bytes.count - 1] {
            var damaged = bytes
            damaged[offset] ^= 1
            #expect(DetectorSet(settings: DetectionSettings(), snapshot: damaged) == nil, "byte \(offset)")
        }
        #expect(DetectorSet(settings: DetectionSettings(), snapshot: Array(bytes.dropLast(9))) == nil)
        #expect(DetectorSet(settings: DetectionSettings(), snapshot: []) == nil)
    }

    private static func records(seed: UInt64, calls: Int) -> [Record] {
        var options = FleetOptions(seed: seed)
        options.calls = calls
        options.scenario = .fleet
        var fleet = SimulatedFleet(options)
        var records: [Record] = []
        while let (time, body) = fleet.next() {
            records.append(Record(seq: UInt64(records.count), timestamp: time, body: body))
        }
        return records
    }

    /// All changes, with the detectors replaced by their own snapshot before each cut.
    private static func run(_ records: [Record], cuts: Set<Int>) -> [FindingChange] {
        var detectors = DetectorSet()
        var changes: [FindingChange] = []
        for (index, record) in records.enumerated() {
            if cuts.contains(index) {
                guard let resumed = DetectorSet(settings: DetectionSettings(), snapshot: detectors.snapshot()) else {
                    Issue.record("the snapshot before record \(index) is refused")
                    return changes
                }
                let isSame = resumed.snapshot() == detectors.snapshot()
                #expect(isSame, "the snapshot before record \(index) comes back as another one")
                detectors = resumed
            }
            changes += detectors.observe(record, log: "gw")
        }
        return changes
    }
}

/// xorshift64 (Marsaglia 2003).
struct SeededNumbers {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

import Events
import Testing

@testable import Warehouse

/// What leaves calls out must never leave out too many.
@Suite struct SuspectTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func aSketchNeverCountsTooFew(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let threshold = 2 + Int(random.next() % 9)
        var sketch = RepeatSketch(calls: 0, threshold: threshold)
        var exact: [String: [Int64]] = [:]
        var moment: Int64 = 1_700_000_000_000_000
        var tooMany = 0
        for _ in 0..<40_000 {
            moment += Int64(random.next() % 2_000_000)
            let pair = AgentTool(agent: Int64(random.next() % 20), tool: Int64(random.next() % 5))
            // Few arguments that come often, and many that come once.
            let digest = Int64(bitPattern: random.next() % 3 == 0 ? random.next() % 40 : random.next())
            let key = "\(pair.agent) \(pair.tool) \(digest)"
            exact[key, default: []].append(moment)
            let within = exact[key, default: []].count { $0 > moment - 1_800_000_000 }
            let isFound = sketch.note(pair, digest, at: moment)
            #expect(isFound || within < threshold, "seed \(seed)")
            if isFound, exact[key, default: []].count < threshold { tooMany += 1 }
        }
        #expect(tooMany < 40, "seed \(seed): \(tooMany) of 40,000 were counted too high")
    }

    /// The calls of two logs, hour by hour one log after the other, as the warehouse gives them.
    @Test func aSketchCountsTwoLogsOfAnHourTogether() {
        var sketch = RepeatSketch(calls: 0, threshold: 7)
        let pair = AgentTool(agent: 1, tool: 2)
        let hour: Int64 = 1_699_999_200_000_000
        var found = false
        for second in [1780, 1790, 1810, 1820] as [Int64] {
            found = sketch.note(pair, 9, at: hour + second * 1_000_000) || found
        }
        #expect(!found)
        for second in [1785, 1795, 1799] as [Int64] {
            found = sketch.note(pair, 9, at: hour + second * 1_000_000) || found
        }
        #expect(found)
    }

    private func bound(_ since: Int64) -> BurstBound {
        BurstBound(
            minimum: 36, factor: 3, hourlyFading: 0.995_882_6, learningSince: Timestamp(seconds: since),
            halfUntil: Timestamp(seconds: since))
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func aBurstIsFoundWhereverItsMinuteLies(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let monday: Int64 = 1_699_833_600
        var bursts = BurstTable()
        var expected: Set<AgentTool> = []
        var calls: [(pair: AgentTool, at: Int64)] = []
        for agent in 1...30 as ClosedRange<Int64> {
            let pair = AgentTool(agent: agent, tool: 1)
            bursts.watch(pair, BurstNeeds(bound(monday)))
            let count = 30 + Int(random.next() % 12)
            let start = (monday + Int64(random.next() % 600_000)) * 1_000_000
            let length = 50_000_000 + Int64(random.next() % 20_000_000)
            let times = (0..<count).map { _ in start + Int64(random.next() % UInt64(length)) }.sorted()
            calls += times.map { (pair, $0) }
            let most = times.indices.map { last in times[...last].count { $0 > times[last] - 60_000_000 } }.max() ?? 0
            if most >= 36 { expected.insert(pair) }
        }
        // Hour by hour, and within an hour in two logs.
        let hours = Dictionary(grouping: calls) { $0.at / 3_600_000_000 }
        for hour in hours.keys.sorted() {
            for log in 0...1 {
                for call in (hours[hour] ?? []).sorted(by: { $0.at < $1.at }) where call.at % 2 == Int64(log) {
                    bursts.note(call.pair, at: call.at)
                }
            }
        }
        #expect(bursts.found() == expected, "seed \(seed)")
        #expect(!expected.isEmpty && expected.count < 30, "seed \(seed)")
    }

    @Test func aBusyPairNeedsMoreThanAQuietOne() {
        let monday: Int64 = 1_699_833_600
        let day: Int64 = 86_400
        var needs = BurstNeeds(bound(monday))
        for number in 0..<6 as Range<Int64> {
            needs.add(day: monday + number * day, minute: monday + number * day + 3600, calls: 30)
        }
        needs.add(day: monday + 6 * day, minute: monday + 6 * day + 3600, calls: 45)
        #expect(needs.need(on: monday) == 36)
        // One day's peak may have been a runaway's, which is left out of what was learned.
        #expect(needs.need(on: monday + day) == 36)
        let last = needs.need(on: monday + 6 * day)
        #expect(last > 60 && last <= 91)
        #expect(needs.canBurst(since: monday + 6 * day))
        #expect(!needs.canBurst(since: monday + 7 * day))
    }
}

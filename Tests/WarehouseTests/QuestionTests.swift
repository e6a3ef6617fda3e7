import Events
import Testing

@testable import Warehouse

/// Every question, over periods whose edges lie anywhere and filters of every kind, against the naive model.
@Suite struct QuestionTests {
    static let seeds: [UInt64] = [21]

    private func forEachQuestion(
        _ seed: UInt64, filters: [CallFilter] = Fixture.filters,
        _ body: (Fixture, Period, CallFilter, [NaiveCall], Comment) throws -> Void
    ) throws {
        let fixture = try Fixture(seed: seed, lines: 400)
        for period in [Fixture.years] + fixture.periods(7) {
            for filter in filters {
                let calls = fixture.model.calls(in: period, where: filter)
                try body(fixture, period, filter, calls, "seed \(seed), \(period), \(filter)")
            }
        }
    }

    @Test(arguments: seeds) func totalsEqualTheModel(seed: UInt64) throws {
        try forEachQuestion(seed) { fixture, period, filter, calls, comment in
            let totals = try fixture.store.totals(in: period, where: filter)
            #expect(totals.counts == NaiveWarehouse.counts(calls), comment)
            #expect(totals.agents == Set(calls.map(\.decision.agent)).count, comment)
            #expect(totals.tools == Set(calls.map { [$0.name.server, $0.name.tool] }).count, comment)
            #expect(totals.activeMinutes == NaiveWarehouse.active(calls, microseconds: 60_000_000), comment)
            #expect(totals.activeHours == NaiveWarehouse.active(calls, microseconds: 3_600_000_000), comment)
            #expect(totals.peak == NaiveWarehouse.peak(calls), comment)
            #expect(totals.latency?.n ?? 0 == totals.counts.timed, comment)
            guard filter == .all else { return }
            let requests = fixture.model.requests.filter { period.contains(Timestamp(microseconds: $0.timestamp)) }
            let refused = requests.filter { $0.decision.verdict == .deny }
            let n = requests.reduce(0) { $0 + ($1.decision.coalesced ?? 1) }
            let refusedN = refused.reduce(0) { $0 + ($1.decision.coalesced ?? 1) }
            let bySecond = totals.otherRequests - n
            #expect(totals.refusals - refusedN == bySecond, comment)
            if period == Fixture.years { #expect(bySecond == fixture.model.refusedBySecond, comment) }
        }
    }

    @Test(arguments: seeds) func ratesEqualTheModel(seed: UInt64) throws {
        try forEachQuestion(seed) { fixture, period, filter, calls, comment in
            let rates = try fixture.store.rates(in: period, where: filter)
            let agents = Dictionary(grouping: calls, by: \.decision.agent)
            #expect(Set(rates.map(\.agent)) == Set(agents.keys), comment)
            #expect(rates.map(\.counts.calls) == rates.map(\.counts.calls).sorted(by: >), comment)
            for rate in rates {
                let calls = agents[rate.agent] ?? []
                #expect(rate.counts == NaiveWarehouse.counts(calls), comment)
                #expect(Set(rate.grants) == Set(calls.compactMap(\.decision.grant)), comment)
                #expect(rate.activeMinutes == NaiveWarehouse.active(calls, microseconds: 60_000_000), comment)
                #expect(rate.activeHours == NaiveWarehouse.active(calls, microseconds: 3_600_000_000), comment)
                #expect(rate.activeDays == NaiveWarehouse.active(calls, microseconds: 86_400_000_000), comment)
                #expect(rate.peak == NaiveWarehouse.peak(calls), comment)
                let hours = Dictionary(grouping: calls) { $0.timestamp / 3_600_000_000 }
                #expect(rate.busiestHour?.calls == hours.values.map(\.count).max(), comment)
                #expect(rate.firstHour.microseconds == (hours.keys.min() ?? 0) * 3_600_000_000, comment)
                #expect(rate.lastHour.microseconds == (hours.keys.max() ?? 0) * 3_600_000_000, comment)
                let names = Set(calls.map { [$0.name.server, $0.name.tool] })
                #expect(Set(rate.tools.map { [$0.server, $0.tool] }) == names, comment)
            }
        }
    }

    @Test(arguments: seeds) func toolsEqualTheModel(seed: UInt64) throws {
        try forEachQuestion(seed) { fixture, period, filter, calls, comment in
            let tools = try fixture.store.tools(in: period, where: filter)
            let byName = Dictionary(grouping: calls) { [$0.name.server, $0.name.tool] }
            #expect(Set(tools.map { [$0.name.server, $0.name.tool] }) == Set(byName.keys), comment)
            for tool in tools {
                let calls = byName[[tool.name.server, tool.name.tool]] ?? []
                #expect(tool.counts == NaiveWarehouse.counts(calls), comment)
                #expect(tool.peak == NaiveWarehouse.peak(calls), comment)
                #expect(tool.activeMinutes == NaiveWarehouse.active(calls, microseconds: 60_000_000), comment)
                #expect(Set(tool.agents) == Set(calls.map(\.decision.agent)), comment)
            }
            let pairs = try fixture.store.agentTools(in: period, where: filter)
            let byPair = Dictionary(grouping: calls) { [$0.decision.agent, $0.name.server, $0.name.tool] }
            #expect(Set(pairs.map { [$0.agent, $0.name.server, $0.name.tool] }) == Set(byPair.keys), comment)
            for pair in pairs {
                let calls = byPair[[pair.agent, pair.name.server, pair.name.tool]] ?? []
                #expect(pair.counts == NaiveWarehouse.counts(calls), comment)
                #expect(pair.peak == NaiveWarehouse.peak(calls), comment)
                #expect(pair.activeMinutes == NaiveWarehouse.active(calls, microseconds: 60_000_000), comment)
            }
        }
    }

    @Test(arguments: seeds) func percentilesAreWithinAnEighthOfTheTrueOnes(seed: UInt64) throws {
        try forEachQuestion(seed) { fixture, period, filter, calls, comment in
            func check(_ latency: Latency?, _ calls: [NaiveCall]) {
                let durations = calls.compactMap { $0.outcome?.upstreamMicroseconds }.sorted()
                #expect(latency?.n ?? 0 == durations.count, comment)
                guard let latency, !durations.isEmpty else { return }
                for (share, found) in [(0.5, latency.p50), (0.95, latency.p95), (0.99, latency.p99)] {
                    let rank = max(1, Int((share * Double(durations.count)).rounded(.up)))
                    let exact = Double(durations[rank - 1])
                    // Anywhere in the bucket that holds the true one, whose width is a quarter of its start.
                    #expect(abs(Double(found) - exact) <= max(1, exact * 0.25), comment)
                }
            }
            check(try fixture.store.totals(in: period, where: filter).latency, calls)
            for rate in try fixture.store.rates(in: period, where: filter) {
                check(rate.latency, calls.filter { $0.decision.agent == rate.agent })
            }
            for tool in try fixture.store.tools(in: period, where: filter) {
                check(
                    tool.latency, calls.filter { $0.name.server == tool.name.server && $0.name.tool == tool.name.tool })
            }
        }
    }

    @Test(arguments: seeds) func denialsEqualTheModel(seed: UInt64) throws {
        try forEachQuestion(seed) { fixture, period, filter, calls, comment in
            let denials = try fixture.store.denials(in: period, where: filter)
            let stopped = calls.filter { $0.decision.verdict == .deny || $0.decision.verdict == .throttle }
            var counted: [[String]: Int] = [:]
            for denial in denials {
                let key = [
                    denial.rule ?? "", denial.reason.rawValue, denial.decision.rawValue, denial.mode.rawValue,
                    denial.agent ?? "", denial.name.server, denial.name.tool, denial.name.risk?.rawValue ?? "",
                ]
                counted[key, default: 0] += denial.calls
                let hours = stopped.filter { key == QuestionTests.key($0) }.map { $0.timestamp / 3_600_000_000 }
                #expect(denial.firstHour.microseconds / 3_600_000_000 >= hours.min() ?? .max, comment)
                #expect(denial.lastHour.microseconds / 3_600_000_000 <= hours.max() ?? .min, comment)
            }
            #expect(counted == Dictionary(grouping: stopped, by: QuestionTests.key).mapValues(\.count), comment)
        }
    }

    private static func key(_ call: NaiveCall) -> [String] {
        let decision = call.decision
        return [
            decision.rule ?? "", decision.reason.rawValue, decision.verdict.rawValue, decision.mode.rawValue,
            decision.agent ?? "", call.name.server, call.name.tool, call.name.risk?.rawValue ?? "",
        ]
    }

    @Test(arguments: seeds) func seriesEqualTheModel(seed: UInt64) throws {
        try forEachQuestion(seed) { fixture, period, filter, calls, comment in
            let hours = try fixture.store.hours(in: period, where: filter)
            let byHour = Dictionary(grouping: calls) { $0.timestamp / 3_600_000_000 }
            #expect(hours.map { $0.hour.microseconds / 3_600_000_000 } == byHour.keys.sorted(), comment)
            for hour in hours {
                let calls = byHour[hour.hour.microseconds / 3_600_000_000] ?? []
                #expect(hour.counts == NaiveWarehouse.counts(calls), comment)
            }
            guard period != Fixture.years else { return }
            for step in [3600, 700] {
                let series = try fixture.store.series(in: period, stepSeconds: step, where: filter)
                let width = Int64(step) * 1_000_000
                #expect(series.count == Int((period.microseconds + width - 1) / width), comment)
                let buckets = Dictionary(grouping: calls) { ($0.timestamp - period.from.microseconds) / width }
                for (bucket, counts) in series.enumerated() where counts.calls > 0 || buckets[Int64(bucket)] != nil {
                    #expect(counts == NaiveWarehouse.counts(buckets[Int64(bucket)] ?? []), comment)
                }
            }
        }
    }

    @Test(arguments: [0, -18_000, 45_900]) func localDaysAndHoursEqualTheModel(offset: Int) throws {
        // From New York to the Chatham Islands, changing in the middle as with daylight saving: at a whole UTC hour.
        let change = RandomLog.start / 3_600_000_000 * 3_600_000_000 + 2 * 86_400_000_000
        func local(_ moment: Timestamp) -> Int { moment.microseconds < change ? offset : offset + 3600 }
        try forEachQuestion(31, filters: [.all, CallFilter(agent: "agent-0")]) {
            fixture, period, filter, calls, comment in
            func shifted(_ call: NaiveCall) -> Int64 {
                call.timestamp + Int64(local(Timestamp(microseconds: call.timestamp))) * 1_000_000
            }
            let byDay = Dictionary(grouping: calls) { Int(shifted($0) / 86_400_000_000) }
            let days = try fixture.store.days(in: period, where: filter, offsetSeconds: local)
            #expect(days.map(\.day.daysSinceEpoch) == byDay.keys.sorted(), comment)
            for day in days {
                #expect(day.counts == NaiveWarehouse.counts(byDay[day.day.daysSinceEpoch] ?? []), comment)
            }
            let cells = try fixture.store.dayCells(in: period, where: filter, offsetSeconds: local)
            let byCell = Dictionary(grouping: calls) { call in
                ["\(shifted(call) / 86_400_000_000)", call.decision.agent ?? "", "\(call.name)"]
            }
            #expect(cells.count == byCell.count, comment)
            for cell in cells {
                let calls = byCell[["\(cell.day.daysSinceEpoch)", cell.agent ?? "", "\(cell.name)"]] ?? []
                #expect(cell.counts == NaiveWarehouse.counts(calls), comment)
            }
            let week = try fixture.store.hourOfWeek(in: period, where: filter, offsetSeconds: local)
            let byHour = Dictionary(grouping: calls) { Int((shifted($0) / 3_600_000_000 + 72) % 168) }
            for hour in 0..<168 {
                #expect(week[hour] == NaiveWarehouse.counts(byHour[hour] ?? []), comment)
            }
        }
    }
}

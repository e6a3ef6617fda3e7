import Events
import Testing

@testable import Warehouse

/// A log may say any number up to 2^53; no answer may fail or stop the process over it.
@Suite struct HostileNumberTests {
    @Test func numbersAtTheirBoundBreakNoSum() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let most = 1 << 53
        var records: [Record] = []
        func append(_ body: Record.Body) {
            records.append(
                Record(seq: UInt64(records.count), timestamp: Timestamp(microseconds: RandomLog.start), body: body))
        }
        for number in 0..<2200 {
            var decision = Decision(
                gateway: "gw", identity: .grant, server: "ecs", transport: .http, method: "tools/call",
                verdict: .allow, mode: .enforce, reason: .allowed)
            decision.tool = "t"
            decision.limit = LimitReading(counter: "c", windowSeconds: most, maximum: most, used: most)
            decision.argumentBytes = most
            decision.coalesced = number % 2 == 0 ? nil : most
            append(.decision(decision))
            var outcome = Outcome(of: UInt64(records.count - 1), ending: .ok)
            outcome.upstreamMicroseconds = number % 3 == 0 ? -most : most
            outcome.resultBytes = most
            append(.outcome(outcome))
            append(.control(Control(.gap).with(.from, -most).with(.to, most).with(.n, most)))
            append(.control(Control(.refused).with(.n, most)))
        }
        try store.loader().load(records: records, of: LogKey(origin: "o", epoch: 1, name: "n", kind: "gateway"))
        let totals = try store.totals(in: Fixture.always)
        #expect(totals.counts.calls == 1100)
        #expect(totals.counts.upstreamMicroseconds > 0)
        #expect(try store.coverage().share < 1)
        #expect(try store.nearMisses(in: Fixture.always).first?.calls == 1100)
        #expect(try store.refusals(in: Fixture.always).count == 1)
        #expect(try store.number("SELECT count(*) FROM coverage WHERE lost > 0") == 1)
    }
}

import Events
import Testing

@testable import Warehouse

@Suite struct AlertTests {
    private static let key = LogKey(origin: "o", epoch: 1, name: "gw", kind: "gateway")

    private func alert(_ seq: UInt64, _ at: Int64, _ state: String, start: Int64? = nil, end: Int64? = nil) -> Record {
        var control = Control(.alert).with(.id, "a1").with(.rule, "loop").with(.severity, "page").with(.state, state)
        control = control.with(.agent, "ci").with(.tool, "build").with(.server, "ecs")
        control = control.with(.start, start.map { Timestamp(microseconds: $0).description })
        control = control.with(.end, end.map { Timestamp(microseconds: $0).description })
        if state == "firing" {
            control = control.with(.attempts, 47).with(.same, 44).with(.summary, "47 calls in 6 min")
                .with(.firstRecord, "gw/12").with(.threshold, 7)
        }
        return Record(seq: seq, timestamp: Timestamp(microseconds: at), body: .control(control))
    }

    private func store(_ records: [Record]) throws -> (TemporaryFolder, WarehouseStore) {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        try store.loader().load(records: records, of: Self.key)
        return (folder, store)
    }

    @Test func anAlertIsAsItsNewestTransitionLeftIt() throws {
        let (folder, store) = try store([
            alert(0, 1000, "firing", start: 400), alert(1, 2000, "acknowledged"), alert(2, 9000, "resolved", end: 8000),
        ])
        defer { withExtendedLifetime(folder) {} }
        let found = try #require(try store.alert("a1"))
        #expect(found.state == "resolved")
        #expect(found.start.microseconds == 400)
        #expect(found.end?.microseconds == 8000)
        #expect(found.raised.microseconds == 1000)
        #expect(found.updated.microseconds == 9000)
        #expect((found.attempts, found.same, found.threshold) == (47, 44, 7))
        #expect((found.summary, found.firstRecord) == ("47 calls in 6 min", "gw/12"))
        #expect(found.transitions.map(\.state) == ["firing", "acknowledged", "resolved"])
        #expect(found.transitions.map(\.record.description) == ["gw/0", "gw/1", "gw/2"])
        #expect(try store.alert("a2") == nil)
    }

    @Test func aPeriodHasTheAlertsThatOverlapIt() throws {
        let (folder, store) = try store([alert(0, 1000, "firing", start: 400), alert(1, 9000, "resolved", end: 8000)])
        defer { withExtendedLifetime(folder) {} }
        func count(_ from: Int64, _ to: Int64) throws -> Int {
            try store.alerts(in: Period(from: Timestamp(microseconds: from), to: Timestamp(microseconds: to))).count
        }
        #expect(try count(0, 400) == 0)
        #expect(try count(0, 401) == 1)
        #expect(try count(5000, 6000) == 1)
        #expect(try count(8000, 9000) == 1)
        #expect(try count(8001, 9000) == 0)
    }

    @Test func otherControlRecordsComeBackAsTheyWere() throws {
        let loaded = Control(.policyLoaded).with(.policy, "a \"b\"\n\u{7}").with(.policyDigest, "00ff00ff00ff00ff")
        let gap = Control(.gap).with(.from, 5).with(.to, 9).with(.n, 5).with(.reason, "bounded")
        let (folder, store) = try store([
            Record(seq: 0, timestamp: Timestamp(microseconds: 10), body: .control(loaded)),
            Record(seq: 1, timestamp: Timestamp(microseconds: 20), body: .control(Control(.heartbeat))),
            Record(seq: 2, timestamp: Timestamp(microseconds: 30), body: .control(gap)),
        ])
        defer { withExtendedLifetime(folder) {} }
        let rows = try store.controlEvents(in: Fixture.always)
        #expect(rows.map(\.control) == [loaded, Control(.heartbeat), gap])
        #expect(rows.map(\.record.description) == ["gw/0", "gw/1", "gw/2"])
        #expect(try store.controlEvents(in: Fixture.always, of: [.gap]).count == 1)
        let coverage = try store.coverage()
        #expect(coverage.lost == 5)
        #expect(coverage.share == 3.0 / 8.0)
        let row = try #require(coverage.logs.first?.gaps.first)
        #expect((row.kind, row.firstSeq, row.lastSeq, row.n, row.reason) == (.recorded, 5, 9, 5, "bounded"))
    }
}

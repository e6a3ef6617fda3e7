import AuditLog
import Events
import Synchronization
import Testing

@testable import Ingest
@testable import Warehouse

@Suite struct FollowTests {
    @Test func followingLoadsWhatComesAndFindsNewLogs() async throws {
        let home = try TemporaryHome()
        let store = try home.store()
        let stop = StopFlag()
        let path = home.home.path
        let found = Mutex<[String]>([])
        let following = Background {
            var options = IngestOptions()
            options.discoveryMicroseconds = 10_000
            try Ingester(store, options: options).follow({ LogHome(path: path).logs() }, until: stop) { notice in
                if case .found(let log) = notice { found.withLock { $0.append(log.name) } }
            }
        }
        var total = 0
        for name in ["a", "b", "c"] {
            let writer = try home.writer(name)
            var traffic = Traffic(seed: 1)
            for _ in 0..<3 {
                traffic.write(25, to: writer)
                total += 25
                while try store.coverage().records < total, !following.hasEnded {
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
            try writer.close()
        }
        stop.set()
        try await following.value()
        #expect(found.withLock { $0 } == ["a", "b", "c"])
        #expect(try store.coverage().records == 225)
    }

    @Test func theLineSaysWhatWasLoadedAndHowMuchIsCovered() throws {
        let home = try TemporaryHome()
        let store = try home.store()
        for name in ["a", "b"] {
            let writer = try home.writer(name)
            var traffic = Traffic(seed: 1)
            traffic.write(107, to: writer)
            try writer.close()
        }
        var summary = try Ingester(store).catchUp(home.home.logs())
        summary.elapsedMicroseconds = 5_001
        #expect(
            try summary.line(store.coverage()) == "loaded 214 new records from 2 logs in 6 ms · coverage 100 %, 0 gaps")
        #expect(summary.logs.map(\.nextSeq) == [107, 107])
        #expect(summary.recordsPerSecond == 42_791)
        var coverage = try store.coverage()
        coverage.logs[0].missing = 1
        coverage.logs[0].rejects = 1
        #expect(
            IngestSummary().line(coverage)
                == "loaded 0 new records from 0 logs in 0 ms · coverage 99.069 %, 0 gaps, 1 rejected")
        let field = UnknownField(log: "a", kind: "decision", field: "x", n: 7, first: 1, last: 9)
        coverage.unknownFields = [field]
        #expect(IngestSummary().line(coverage).hasSuffix(", 1 rejected, 1 unknown field"))
        coverage.unknownFields = [field, field]
        #expect(IngestSummary().line(coverage).hasSuffix(", 2 unknown fields"))
    }
}

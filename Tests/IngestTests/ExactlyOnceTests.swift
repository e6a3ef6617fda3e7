import AuditLog
import Events
import Foundation
import Testing
import Warehouse

@testable import Ingest

@Suite struct ExactlyOnceTests {
    @Test func everyRecordIsLoadedOnceHoweverManyCatchUps() throws {
        let home = try TemporaryHome()
        let writer = try home.writer("a", segmentBytes: 20_000)
        let store = try home.store()
        let ingester = try Ingester(store)
        var traffic = Traffic(seed: 1)
        var loaded = 0
        for round in 0..<12 {
            traffic.write(round * 17, to: writer)
            loaded += try ingester.catchUp(home.home.logs()).records
            // A second look finds nothing, by the same ingester or by another.
            #expect(try ingester.catchUp(home.home.logs()).records == 0)
            #expect(try Ingester(store).catchUp(home.home.logs()).records == 0)
            #expect(UInt64(loaded) == writer.nextSeq)
        }
        try writer.close()
        let coverage = try store.coverage()
        #expect(coverage.records == loaded)
        #expect(coverage.share == 1)
        #expect(coverage.gapCount == 0)
        let decisions = try Dump.rows(home.warehousePath, "SELECT count(*) FROM call")
        #expect(decisions == ["[count(*):\(coverage.logs.first?.decisions ?? -1)]"])
    }

    @Test func manyIngestersAtOnceLoadNothingTwice() async throws {
        let home = try TemporaryHome()
        let store = try home.store()
        let stop = StopFlag()
        let path = home.home.path
        let threads = (0..<3).map { _ in
            Background {
                var options = IngestOptions()
                options.transactionRecords = 64
                options.pauseMicroseconds = 2000
                try Ingester(store, options: options).follow({ LogHome(path: path).logs() }, until: stop)
            }
        }
        let writers = [try home.writer("a"), try home.writer("b")]
        var traffic = [Traffic(seed: 2), Traffic(seed: 3)]
        for _ in 0..<15 {
            for index in writers.indices { traffic[index].write(40, to: writers[index]) }
        }
        while try store.coverage().records < 1200, !threads.contains(where: \.hasEnded) {
            try await Task.sleep(for: .milliseconds(5))
        }
        stop.set()
        for thread in threads { try await thread.value() }
        for writer in writers { try writer.close() }
        #expect(try store.coverage().records == 1200)
        #expect(try Ingester(store).catchUp(home.home.logs()).records == 0)
        let reference = try TemporaryHome()
        try FileManager.default.copyItem(atPath: home.home.logsPath, toPath: reference.home.logsPath)
        _ = try Ingester(reference.store()).catchUp(reference.home.logs())
        for view in ["calls", "agents", "tools", "rules"] {
            let sql = "SELECT * FROM \(view)"
            #expect(
                Set(try Dump.rows(home.warehousePath, sql)) == Set(try Dump.rows(reference.warehousePath, sql)),
                "\(view)")
        }
    }

    /// Copies of database and WAL taken at any moment are what `kill -9` and, but for the last transactions, a power
    /// cut leave.
    @Test(arguments: [4, 5] as [UInt64]) func aDatabaseCutOffAtAnyMomentGoesOnExactly(seed: UInt64) throws {
        let home = try TemporaryHome()
        let writer = try home.writer("a")
        var traffic = Traffic(seed: seed)
        // At least one member each: a transaction takes a member at the least.
        for _ in 0..<30 { traffic.write(50, to: writer) }
        try writer.close()
        var options = IngestOptions()
        options.transactionRecords = 1
        let ingester = try Ingester(try home.store(), options: options)
        _ = ingester.use(home.home.logs()) { _ in }
        var copies: [TemporaryHome] = []
        var summary = IngestSummary()
        var step = 0
        repeat {
            _ = try ingester.step(&summary)
            if step % 5 == 2, copies.count < 6 {
                let copy = try TemporaryHome()
                for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: home.warehousePath + suffix) {
                    try FileManager.default.copyItem(
                        atPath: home.warehousePath + suffix, toPath: copy.warehousePath + suffix)
                }
                copies.append(copy)
            }
            step += 1
        } while try ingester.hasMore()
        #expect(summary.records == 1500)
        #expect(copies.count > 1)
        let whole = try Dump.rows(home.warehousePath)
        for copy in copies {
            _ = try Ingester(copy.store()).catchUp(home.home.logs())
            #expect(try Dump.rows(copy.warehousePath) == whole, "seed \(seed)")
        }
    }

    @Test func aRebuiltDatabaseEqualsTheOldOneRowForRow() throws {
        let home = try TemporaryHome()
        let writer = try home.writer("a")
        var traffic = Traffic(seed: 6)
        let store = try home.store()
        let ingester = try Ingester(store)
        for _ in 0..<8 {
            traffic.write(70, to: writer)
            _ = try ingester.catchUp(home.home.logs())
        }
        try writer.close()
        let before = try Dump.rows(home.warehousePath)
        let rates = try store.rates(in: Period(from: Timestamp(microseconds: 0), to: Timestamp(microseconds: .max / 2)))
        try Ingester.makeAnew(home.warehousePath)
        #expect(try store.coverage().records == 0)
        // An ingester that lives on notices that the database was made anew.
        #expect(try ingester.catchUp(home.home.logs()).records == 560)
        #expect(try Dump.rows(home.warehousePath) == before)
        let again = try store.rates(in: Period(from: Timestamp(microseconds: 0), to: Timestamp(microseconds: .max / 2)))
        #expect(again == rates)
    }
}

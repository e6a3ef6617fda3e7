import AuditLog
import Events
import Foundation
import Testing
import Warehouse

@testable import Ingest

@Suite struct LogTroubleTests {
    private func fill(_ home: TemporaryHome, _ name: String, seed: UInt64, _ count: Int) throws {
        let writer = try home.writer(name)
        var traffic = Traffic(seed: seed)
        // Small members: one for each write.
        for _ in 0..<count / 50 { traffic.write(50, to: writer) }
        try writer.close()
    }

    private func segment(_ home: TemporaryHome, _ name: String) -> String {
        home.home.log(named: name).segmentPath(0)
    }

    @Test func aLogThatLostItsEndIsAnErrorWithStatusFour() throws {
        let home = try TemporaryHome()
        let store = try home.store()
        try fill(home, "a", seed: 1, 500)
        let before = try Data(contentsOf: URL(fileURLWithPath: segment(home, "a")))
        let writer = try home.writer("a")
        var traffic = Traffic(seed: 2)
        traffic.write(10, to: writer)
        try writer.close()
        _ = try Ingester(store).catchUp(home.home.logs())
        try before.write(to: URL(fileURLWithPath: segment(home, "a")))
        // The traffic is of another day, so that the second writer may have begun a segment.
        let log = home.home.log(named: "a")
        for first in try log.segments(on: PosixFileSystem()) where first > 0 {
            try PosixFileSystem().remove(log.segmentPath(first))
        }
        let error = #expect(throws: IngestError.self) { try Ingester(store).catchUp(home.home.logs()) }
        #expect(error?.exitCode == 4)
        #expect(error?.description.contains("rolled back or rewritten: record 509") == true)
        #expect(error?.hint?.hasPrefix("tollgate log verify --log ") == true)
        #expect(try store.coverage().records == 510)
    }

    @Test func aLogThatWasRewrittenIsAnErrorAndTheOthersAreLoaded() throws {
        let home = try TemporaryHome()
        let store = try home.store()
        try fill(home, "a", seed: 1, 200)
        _ = try Ingester(store).catchUp(home.home.logs())
        // Another history under the same identity, as long and longer.
        let other = try TemporaryHome()
        try fill(other, "a", seed: 9, 300)
        let from = URL(fileURLWithPath: segment(other, "a"))
        try Data(contentsOf: from).write(to: URL(fileURLWithPath: segment(home, "a")))
        try fill(home, "b", seed: 3, 100)
        let error = #expect(throws: IngestError.self) { try Ingester(store).catchUp(home.home.logs()) }
        #expect(error?.exitCode == 4)
        let logs = try store.coverage().logs
        #expect(logs.map(\.name) == ["a", "b"])
        #expect(logs.map(\.records) == [200, 100])
    }

    @Test func damageInTheMiddleBecomesAGapAndTheRestIsLoaded() throws {
        let home = try TemporaryHome()
        let store = try home.store()
        try fill(home, "a", seed: 1, 600)
        let url = URL(fileURLWithPath: segment(home, "a"))
        var bytes = try Data(contentsOf: url)
        let middle = bytes.count / 2
        for offset in middle..<middle + 20 { bytes[offset] ^= 0x5A }
        try bytes.write(to: url)
        _ = try Ingester(store).catchUp(home.home.logs())
        let coverage = try store.coverage()
        let gap = try #require(coverage.logs.first?.gaps.first)
        #expect(coverage.gapCount == 1)
        #expect(gap.kind == .missing)
        #expect(gap.reason == "damaged")
        #expect(coverage.missing == gap.n)
        #expect(coverage.records + coverage.missing == 600)
        #expect(coverage.missing > 0)
        #expect(coverage.share < 1)
        #expect(try Ingester(store).catchUp(home.home.logs()).records == 0)
    }

    @Test func aFolderThatIsNoLogIsNamedAndTheOthersAreLoaded() throws {
        let home = try TemporaryHome()
        try fill(home, "a", seed: 1, 100)
        let folder = home.home.logsPath + "/bad"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/identity.json"))
        let store = try home.store()
        let error = #expect(throws: IngestError.self) { try Ingester(store).catchUp(home.home.logs()) }
        #expect(error?.description.contains("/bad/identity.json") == true)
        #expect(try store.coverage().records == 100)
    }

    @Test func aDamagedDatabaseSaysSoAndCanBeMadeAnew() throws {
        let home = try TemporaryHome()
        try fill(home, "a", seed: 1, 500)
        do {
            _ = try Ingester(home.store()).catchUp(home.home.logs())
        }
        let url = URL(fileURLWithPath: home.warehousePath)
        var bytes = try Data(contentsOf: url)
        for offset in 4096..<bytes.count { bytes[offset] = 0xA5 }
        try bytes.write(to: url)
        do {
            let error = #expect(throws: (any Error).self) {
                _ = try Ingester(home.store()).catchUp(home.home.logs())
            }
            let code = (error as? IngestError)?.exitCode ?? (error as? WarehouseError)?.exitCode
            #expect(code == 3)
            let hint = (error as? IngestError)?.hint ?? (error as? WarehouseError)?.hint
            #expect(hint == "tollgate ingest --rebuild --db \(home.warehousePath)")
        }
        try Ingester.makeAnew(home.warehousePath)
        let store = try home.store()
        _ = try Ingester(store).catchUp(home.home.logs())
        #expect(try store.coverage().records == 500)
    }

    @Test func aFileThatIsNoWarehouseIsLeftAsItIs() throws {
        let home = try TemporaryHome()
        let url = URL(fileURLWithPath: home.warehousePath)
        let bytes = Data("this is my diary, not a database; it is longer than a header".utf8)
        try bytes.write(to: url)
        let error = #expect(throws: IngestError.self) { try Ingester.makeAnew(home.warehousePath) }
        #expect(error?.exitCode == 2)
        #expect(try Data(contentsOf: url) == bytes)
    }
}

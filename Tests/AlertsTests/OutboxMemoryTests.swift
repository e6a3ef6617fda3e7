import Detection
import Events
import Foundation
import GRDB
import Simulation
import Testing

@testable import Alerts

/// The watch's memory in its outbox.
@Suite struct OutboxMemoryTests {
    private static func watcher(calls: Int, settings: DetectionSettings = DetectionSettings()) throws -> Watcher {
        var options = FleetOptions(seed: 5)
        options.calls = calls
        var fleet = SimulatedFleet(options)
        var watcher = Watcher(settings: settings, delivery: .everything, publish: { _ in }, problem: { _ in })
        let place = WatchedPlace(origin: "host/gw/1", epoch: 2, name: "gw", nextSeq: 0)
        watcher.follow(
            WatchedLog(at: place) {
                guard let (time, body) = fleet.next() else { return nil }
                var buffer = LineBuffer()
                let seq = fleet.nextSeq - 1
                buffer.append(Record(seq: seq, timestamp: time, body: body))
                let bytes = withExtendedLifetime(buffer) { [UInt8]($0.bytes) }
                return WatchedLog.Block(firstSeq: seq, bytes: bytes)
            })
        while try watcher.step(now: AlertBookTests.start) == .more {}
        return watcher
    }

    private static func usable(_ outbox: Outbox, _ settings: DetectionSettings = DetectionSettings()) throws
        -> WatchMemory?
    {
        guard case .usable(let memory) = try outbox.memory(settings: settings) else { return nil }
        return memory
    }

    private static func why(_ outbox: Outbox, _ settings: DetectionSettings = DetectionSettings()) throws -> String? {
        guard case .unusable(let why) = try outbox.memory(settings: settings) else { return nil }
        return why
    }

    private static func same(_ one: WatchMemory?, _ other: WatchMemory) -> Bool {
        guard let one else { return false }
        return one.bytes() == other.bytes() && one.ownSeq == other.ownSeq && one.places == other.places
    }

    @Test func comesBackAsItWasKept() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/o"
        let memory = try #require(Self.watcher(calls: 900).memory(ownSeq: 17))
        do {
            let outbox = try Outbox(path: path)
            guard case .none = try outbox.memory(settings: DetectionSettings()) else {
                Issue.record("there is a memory in a new file")
                return
            }
            try outbox.keep(memory, now: AlertBookTests.start)
        }
        let back = try #require(try Self.usable(try Outbox(path: path)))
        let isSame = Self.same(back, memory)
        #expect(isSame && back.ownSeq == 17 && back.newestRecord == memory.newestRecord && back.places.count == 1)
        let place = try #require(back.places.first)
        #expect(place.origin == "host/gw/1" && place.epoch == 2 && place.nextSeq > 900 && place.lastLine?.count == 32)
    }

    @Test func onlyWhatChangedIsWrittenAndTheFileDoesNotGrow() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        let (small, large) = (try Self.watcher(calls: 700), try Self.watcher(calls: 4000))
        let (first, second) = (try #require(small.memory(ownSeq: 1)), try #require(large.memory(ownSeq: 2)))
        #expect(try outbox.keep(first, now: AlertBookTests.start) >= first.bytes().count)
        #expect(try outbox.keep(first, now: AlertBookTests.start) == 0)
        var pages: [Int] = []
        for index in 0..<12 {
            try outbox.keep(index % 2 == 0 ? second : first, now: AlertBookTests.start)
            let isSame = Self.same(try Self.usable(outbox), index % 2 == 0 ? second : first)
            #expect(isSame, "after \(index)")
            pages.append(try outbox.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 })
        }
        // Each piece has two sides at most.
        #expect(pages[11] == pages[3], "\(pages)")
    }

    @Test func otherRulesAnotherFormatAndDamageAreNotGoneOnFrom() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        let memory = try #require(Self.watcher(calls: 900).memory(ownSeq: 0))
        func keep() throws { try outbox.keep(memory, now: AlertBookTests.start) }
        try keep()
        var other = DetectionSettings()
        other.surge.page = 131
        #expect(try Self.why(outbox, other) == "the rules or their parameters have changed")
        #expect(try Self.why(outbox) == nil)
        try outbox.write { try $0.execute(sql: "UPDATE watch_memory SET format = 99") }
        #expect(try Self.why(outbox) == "another version of tollgate wrote it")
        try keep()
        #expect(try Self.why(outbox) == nil)
        for sql in [
            "UPDATE watch_piece SET bytes = zeroblob(length(bytes)) WHERE n = (SELECT max(n) FROM watch_piece)",
            "DELETE FROM watch_piece WHERE n <= 1", "UPDATE watch_memory SET bytes = bytes - 1",
        ] {
            let path = "\(scratch.path)/\(sql.hashValue)"
            let damaged = try Outbox(path: path)
            try damaged.keep(memory, now: AlertBookTests.start)
            try damaged.write { try $0.execute(sql: sql) }
            #expect(try Self.why(damaged) == "it is damaged", "\(sql)")
        }
    }

    @Test func aKillInTheMiddleLeavesTheLastOneWhole() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        let first = try #require(Self.watcher(calls: 900).memory(ownSeq: 1))
        let second = try #require(Self.watcher(calls: 1500).memory(ownSeq: 2))
        try outbox.keep(first, now: AlertBookTests.start)
        // The last transaction, which says what holds, does not come about.
        try outbox.write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER killed BEFORE DELETE ON watch_place BEGIN SELECT raise(ABORT, 'killed'); END
                    """)
        }
        #expect(throws: OutboxError.self) { try outbox.keep(second, now: AlertBookTests.start) }
        let isFirst = Self.same(try Self.usable(outbox), first)
        #expect(isFirst)
        try outbox.write { try $0.execute(sql: "DROP TRIGGER killed") }
        try outbox.keep(second, now: AlertBookTests.start)
        let isSecond = Self.same(try Self.usable(outbox), second)
        #expect(isSecond)
    }

    @Test func anOutboxOfTheFirstVersionTakesAMemory() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/o"
        do {
            let old = try DatabaseQueue(path: path)
            try old.write { db in
                try db.execute(sql: OutboxSchema.sql)
                try db.execute(sql: "PRAGMA application_id = \(OutboxSchema.applicationID)")
                try db.execute(sql: "PRAGMA user_version = 1")
                try db.execute(sql: "INSERT INTO cursor (id, next_seq) VALUES (0, 41)")
            }
        }
        let outbox = try Outbox(path: path)
        #expect(try outbox.cursor() == 41)
        let memory = try #require(Self.watcher(calls: 600).memory(ownSeq: 3))
        try outbox.keep(memory, now: AlertBookTests.start)
        #expect(try Self.usable(try Outbox(path: path))?.ownSeq == 3)
    }

    @Test func theKeeperWritesBesideTheWatchAndSaysOnceWhatItCannot() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        let said = Said()
        let keeper = MemoryKeeper(outbox: outbox, clock: { AlertBookTests.start }, report: { said.add($0.message) })
        let memory = try #require(Self.watcher(calls: 600).memory(ownSeq: 3))
        #expect(keeper.places.isEmpty && keeper.keep(memory))
        keeper.finish(memory)
        #expect(keeper.places == memory.places)
        try outbox.write { try $0.execute(sql: "DROP TABLE watch_place") }
        for _ in 0..<3 { keeper.finish(memory) }
        #expect(said.all.count == 1 && keeper.places == memory.places, "\(said.all)")
    }
}

/// What was reported, from any thread.
private final class Said: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    var all: [String] { lock.withLock { lines } }

    func add(_ line: String) { lock.withLock { lines.append(line) } }
}

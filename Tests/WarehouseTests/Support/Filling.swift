import Events

@testable import Warehouse

/// Loads lines as ingesters would: two at a time, in transactions of random length, logs in random order, now and then
/// rolled back or begun again with a new loader.
struct Filling {
    var generator: SeededGenerator
    let store: WarehouseStore

    init(_ store: WarehouseStore, seed: UInt64) {
        self.store = store
        generator = SeededGenerator(seed: seed)
    }

    /// Loads all logs to their end.
    mutating func load(_ logs: [RandomLog]) throws {
        var loaders = [try store.loader(), try store.loader()]
        var isDone = false
        while !isDone {
            let number = Int.random(in: 0..<2, using: &generator)
            if generator.oneIn(6) { loaders[number] = try store.loader() }
            let loader = loaders[number]
            let log = generator.pick(logs)
            try loader.begin()
            _ = try load(some: log, into: loader, atMost: Int.random(in: 1...120, using: &generator))
            if generator.oneIn(5) {
                let other = generator.pick(logs)
                _ = try load(some: other, into: loader, atMost: 50)
            }
            if generator.oneIn(6) {
                loader.rollBack()
                continue
            }
            try loader.commit()
            isDone = try logs.allSatisfy { log in
                try loader.begin()
                defer { loader.rollBack() }
                return try loader.open(log.key).nextSeq == UInt64(log.lines.count)
            }
        }
    }

    private func load(some log: RandomLog, into loader: WarehouseLoader, atMost count: Int) throws -> Bool {
        let cursor = try loader.open(log.key)
        let end = min(cursor.nextSeq + UInt64(count), UInt64(log.lines.count))
        for seq in cursor.nextSeq..<max(end, cursor.nextSeq) {
            try log.lines[Int(seq)].bytes.withUnsafeBytes { bytes in
                try loader.load(bytes, seq: seq, at: LinePlace(segment: "00000000000000000000.ndjson.gz", member: 0))
            }
        }
        try loader.finish(leaf: "leaf \(end)")
        return end == UInt64(log.lines.count)
    }
}

/// A warehouse that random logs were loaded into, beside what a naive model makes of them.
struct Fixture {
    let folder: TemporaryFolder
    let logs: [RandomLog]
    let model: NaiveWarehouse
    let store: WarehouseStore
    let seed: UInt64

    init(seed: UInt64, logs count: Int = 3, lines: Int = 500) throws {
        self.seed = seed
        folder = try TemporaryFolder()
        logs = (0..<count).map { RandomLog(number: $0, seed: seed, lines: lines) }
        model = NaiveWarehouse(logs)
        store = try WarehouseStore(creating: folder.file("warehouse.sqlite"))
        var filling = Filling(store, seed: seed)
        try filling.load(logs)
    }

    /// The years around every random log.
    static let years = Period(
        from: Timestamp(microseconds: RandomLog.start - 31_536_000_000_000),
        to: Timestamp(microseconds: RandomLog.start + 31_536_000_000_000))

    /// All time.
    static let always = Period(from: Timestamp(microseconds: 0), to: Timestamp(microseconds: 4_000_000_000_000_000))

    /// Periods whose edges lie anywhere.
    func periods(_ count: Int) -> [Period] {
        var generator = SeededGenerator(seed: seed &+ 77)
        let times = model.calls.map(\.timestamp)
        let low = (times.min() ?? 0) - 5_000_000_000
        let high = (times.max() ?? 1) + 5_000_000_000
        return (0..<count).map { number in
            var edges = [
                Int64.random(in: low...high, using: &generator), Int64.random(in: low...high, using: &generator),
            ]
            if number % 4 == 1 { edges = edges.map { $0 / 86_400_000_000 * 86_400_000_000 } }
            if number % 4 == 2 { edges = edges.map { $0 / 3_600_000_000 * 3_600_000_000 } }
            if number % 4 == 3 { edges[1] = edges[0] + 1_000_000_000 }
            return Period(
                from: Timestamp(microseconds: edges[0]), to: Timestamp(microseconds: max(edges[0], edges[1])))
        }
    }

    static let filters: [CallFilter] = [
        .all, CallFilter(agent: "agent-0"), CallFilter(agent: ""), CallFilter(tool: "list_resources"),
        CallFilter(server: "ecs"), CallFilter(risk: .execute), CallFilter(agent: "agent-1", tool: "write_file"),
        CallFilter(tool: "write_file"), CallFilter(agent: "nobody"), CallFilter(tool: "nothing"),
    ]
}

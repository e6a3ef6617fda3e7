import Events
import Testing

@testable import Warehouse

/// Lines in the writer's own form are read without building records; nothing may tell that from the outside.
@Suite struct FastLineTests {
    private static let tables = [
        "actor", "tool", "verdict", "client", "session", "call", "request", "hour", "rollup_hour", "rollup_day",
        "request_hour", "peak_minute", "latency", "first_use", "control_event", "gap", "alert", "alert_transition",
        "cursor", "reject",
    ]

    private func load(_ lines: [[UInt8]], fast: Bool) throws -> [[String]] {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let loader = try WarehouseLoader(path: store.path, usesFastLines: fast)
        try loader.begin()
        _ = try loader.open(LogKey(origin: "o", epoch: 1, name: "n", kind: "gateway"))
        for (seq, line) in lines.enumerated() {
            try line.withUnsafeBytes { bytes in
                try loader.load(bytes, seq: UInt64(seq), at: LinePlace(segment: "s", member: 1))
            }
        }
        try loader.finish(leaf: nil)
        try loader.commit()
        return try Self.tables.map { try store.dump("SELECT * FROM \($0)") }
    }

    @Test(arguments: [61] as [UInt64]) func bothWaysLoadTheSameRows(seed: UInt64) throws {
        let lines = RandomLog(number: 0, seed: seed, lines: 1200).lines.map(\.bytes)
        #expect(try load(lines, fast: true) == load(lines, fast: false), "seed \(seed)")
        var reader = LineReader()
        let fast = lines.count { line in line.withUnsafeBytes { reader.read($0) != nil } }
        #expect(fast > 800, "the fast way must be the usual one")
    }

    /// Bytes changed, dropped, doubled: what one way refuses the other must refuse, for the same reason.
    @Test(arguments: [63, 64] as [UInt64]) func bothWaysRefuseTheSameLines(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let replacements = Array("0123456789abcdefxyz\",:{}[]\\ -truefalsn.".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xFF]
        let lines = RandomLog(number: 0, seed: seed, lines: 900).lines.map { line -> [UInt8] in
            var bytes = line.bytes
            guard !generator.oneIn(4) else { return bytes }
            let index = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes.remove(at: index)
            case 1: bytes.insert(generator.pick(replacements), at: index)
            case 2: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 30)], at: index)
            default: bytes[index] = generator.pick(replacements)
            }
            return bytes
        }
        #expect(try load(lines, fast: true) == load(lines, fast: false), "seed \(seed)")
    }

    /// One byte of a line changed to any other that matters: what the fast way takes must be a record with the same
    /// numbers in it, but for words of closed vocabularies, which are then looked up whole.
    @Test func whatTheFastWayTakesIsARecord() throws {
        let lines = RandomLog(number: 0, seed: 67, lines: 200).lines.map(\.bytes).filter { bytes in
            var reader = LineReader()
            return bytes.withUnsafeBytes { reader.read($0) != nil }
        }
        let longest = try #require(lines.max { $0.count < $1.count })
        let outcome = try #require(lines.last { $0.count < 200 })
        let replacements = Array("0a\",}\\ -".utf8) + [0, 0x80, 0xFF]
        var reader = LineReader()
        var taken = 0
        for line in [longest, outcome] {
            for index in line.indices {
                for replacement in replacements {
                    var bytes = line
                    bytes[index] = replacement
                    bytes.withUnsafeBytes { bytes in
                        guard let fast = reader.read(bytes) else { return }
                        taken += 1
                        let record: Record
                        do throws(RecordError) {
                            record = try Record(utf8: bytes)
                        } catch {
                            let isWord = ["identity", "risk", "decision", "mode", "reason"].contains { word in
                                error.what == "unknown value of '\(word)'"
                            }
                            #expect(isWord, "\(error)")
                            return
                        }
                        switch fast {
                        case .decision:
                            #expect(reader.decision.seq == record.seq)
                            #expect(reader.decision.timestamp == record.timestamp.microseconds)
                        case .outcome(let outcome):
                            #expect(outcome.seq == record.seq)
                            #expect(outcome.timestamp == record.timestamp.microseconds)
                        }
                    }
                }
            }
        }
        #expect(taken > 1000)
    }

    @Test func lateAndForeignFormsAreReadToo() throws {
        let ours = RandomLog(number: 0, seed: 66, lines: 300).lines.map(\.bytes)
        // The same records with spaces and an unknown key: any JSON of the schema is a record.
        let theirs = ours.map { line in
            guard line.first == UInt8(ascii: "{"), line.last == UInt8(ascii: "}") else { return line }
            return Array("{ \"x_future\": [1, {\"a\": null}], ".utf8) + line.dropFirst()
        }
        let a = try load(ours, fast: true)
        let b = try load(theirs, fast: true)
        for (index, table) in Self.tables.enumerated() where table != "reject" {
            #expect(a[index] == b[index], "\(table)")
        }
    }
}

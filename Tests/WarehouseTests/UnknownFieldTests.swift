import Events
import Foundation
import Testing

@testable import Warehouse

/// Fields that this tollgate does not know are noted by name, and keep no record from being loaded.
@Suite struct UnknownFieldTests {
    private static let key = LogKey(origin: "o", epoch: 1, name: "gw", kind: "gateway")

    private func decision(_ seq: Int, _ more: String = "") -> [UInt8] {
        Array(
            """
            {"v":1,"seq":\(seq),"ts":"2026-11-18T10:00:00.000000Z","kind":"decision","gateway":"gw","agent":"ci",\
            "identity":"grant","server":"ecs","transport":"http","method":"tools/call","tool":"build",\
            "decision":"allow","mode":"enforce","reason":"allowed"\(more)}
            """.utf8)
    }

    private func load(_ store: WarehouseStore, _ lines: [[UInt8]], from first: Int = 0, by size: Int = .max) throws {
        var start = 0
        while start < lines.count {
            let end = size == .max ? lines.count : min(lines.count, start + size)
            let loader = try store.loader()
            try loader.begin()
            _ = try loader.open(Self.key)
            for index in start..<end {
                try lines[index].withUnsafeBytes { bytes in
                    try loader.load(bytes, seq: UInt64(first + index), at: LinePlace(segment: "seg", member: 77))
                }
            }
            try loader.finish(leaf: nil)
            try loader.commit()
            start = end
        }
    }

    @Test func theRecordIsLoadedAndItsFieldsAreNotedByName() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let outcome =
            #"{"v":1,"seq":3,"ts":"2026-11-18T10:00:01.000000Z","kind":"outcome","of":0,"outcome":"ok","cost_eur":0.2}"#
        let control =
            #"{"v":1,"seq":4,"ts":"2026-11-18T10:00:02.000000Z","kind":"control","event":"heartbeat","mood":"good"}"#
        try load(
            store,
            [
                decision(0, #","x_future":{"secret":"hunter2"},"x_future":1"#), decision(1),
                // A key of ours that says nothing about a decision.
                decision(2, #","x_future":[1],"severity":"page""#), Array(outcome.utf8), Array(control.utf8),
            ])
        let coverage = try store.coverage()
        #expect((coverage.records, coverage.rejects) == (5, 0))
        func field(_ kind: String, _ field: String, _ n: Int, _ first: UInt64, _ last: UInt64) -> UnknownField {
            UnknownField(log: "gw", kind: kind, field: field, n: n, first: first, last: last)
        }
        #expect(
            coverage.unknownFields == [
                field("decision", "x_future", 2, 0, 2), field("control", "mood", 1, 4, 4),
                field("decision", "severity", 1, 2, 2), field("outcome", "cost_eur", 1, 3, 3),
            ])
        #expect(try store.number("SELECT count(*) FROM call") == 3)
        #expect(try store.number("SELECT outcome FROM call WHERE id = 0") == 1)
        #expect(try store.number("SELECT unknown_fields FROM coverage") == 5)
        // Names, never values: a value may be an argument.
        let bytes = try Data(contentsOf: URL(fileURLWithPath: store.path + "-wal"))
        #expect(bytes.range(of: Data("hunter2".utf8)) == nil)
    }

    @Test func linesOfOurOwnHaveNone() throws {
        let fixture = try Fixture(seed: 91)
        #expect(try fixture.store.coverage().unknownFields == [])
        var names: [String] = []
        for log in fixture.logs {
            for line in log.lines {
                guard case .record = line else { continue }
                _ = try line.bytes.withUnsafeBytes { try Record(utf8: $0, passedOver: &names) }
                #expect(names == [])
            }
        }
    }

    /// Which names get a row must not depend on how transactions fell, or a rebuilt database would differ.
    @Test(arguments: [1, 7, 400]) func namesAreBoundedAndBoundedAlike(size: Int) throws {
        let folder = try TemporaryFolder()
        let lines = (0..<400).map { seq in
            decision(seq, (0..<4).map { #","n\#((seq * 4 + $0) % 1300)":0"# }.joined())
        }
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        try load(store, lines, by: size)
        let whole = try WarehouseStore(creating: folder.file("whole.sqlite"))
        try load(whole, lines)
        #expect(try store.number("SELECT count(*) FROM unknown_field") == UnknownFields.capacity + 1)
        #expect(try store.number("SELECT n FROM unknown_field WHERE field = '(other)'") == 75)
        #expect(try store.dump("SELECT * FROM unknown_field") == whole.dump("SELECT * FROM unknown_field"))
    }

    @Test func longAndHostileNamesAreCutToWholeCharacters() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let long = String(repeating: "ä", count: 40)
        let odd = String(repeating: "x", count: 63) + "😀"
        let line = decision(0, #","\#(long)":1,"\#(odd)":1,"":1,"(other)":1,"#)
        let bytes = Array(line.dropLast()) + Array("\"".utf8) + [0xFF, 0xFE] + Array("\":1}".utf8)
        try load(store, [bytes])
        #expect(try store.coverage().rejects == 0)
        let names = try store.texts("SELECT field FROM unknown_field")
        #expect(names.count == 5)
        #expect(names.allSatisfy { $0.utf8.count <= 64 })
        #expect(names.contains(String(repeating: "x", count: 63)))
        #expect(names.contains { $0.hasPrefix("ää") && $0.utf8.count >= 60 })
        #expect(names.contains("") && names.contains("(other)"))
    }

    /// What is no record is put aside with its reason and place, and the line behind it is loaded.
    @Test func poisonIsPutAsideWithReasonAndPlace() throws {
        let folder = try TemporaryFolder()
        let store = try WarehouseStore(creating: folder.file("w.sqlite"))
        let agent = Array(#""agent":"ci""#.utf8)
        var notUTF8 = decision(1)
        let place = try #require(notUTF8.firstRange(of: agent)?.upperBound)
        notUTF8.insert(contentsOf: [0xC3, 0x28], at: place - 1)
        let poison: [(line: [UInt8], reason: String)] = [
            (notUTF8, "UTF-8"),
            (decision(2, #","facts":"\#(String(repeating: "a", count: 33_000))""#), "line over 32 KiB"),
            (decision(99), "says seq 99 where 3 stands"), ([], "expected an object"),
            (Array("{}".utf8), "schema version"),
            (Array(decision(6).dropLast(9)), "ends within"), (decision(7) + Array("x".utf8), "bytes after the object"),
            (decision(8, #","agent":"other""#), "key given twice"),
            (
                Array(String(decoding: decision(9), as: UTF8.self).replacing(#""v":1"#, with: #""v":2"#).utf8),
                "schema version"
            ),
            (Array(repeating: 0, count: 300), "expected an object"),
            (decision(11, #","x":"\#u{1}""#), "control character"),
            (decision(12, #","n":"many""#), "wrong type"), (decision(13, #","x":[[[[[[[[[[1]]]]]]]]]]"#), "too deep"),
        ]
        try load(store, [decision(0)] + poison.map(\.line) + [decision(poison.count + 1)])
        let coverage = try store.coverage()
        #expect((coverage.records, coverage.rejects) == (poison.count + 2, poison.count))
        #expect(try store.number("SELECT count(*) FROM call") == 2)
        let rejects = try store.texts("SELECT reason FROM reject ORDER BY id")
        #expect(rejects.count == poison.count)
        for (reason, (_, expected)) in zip(rejects, poison) { #expect(reason.contains(expected), "\(reason)") }
        #expect(try store.texts("SELECT DISTINCT segment || ' ' || member FROM reject") == ["seg 77"])
        #expect(try store.number("SELECT max(length(head)) FROM reject") == 256)
        #expect(try store.number("SELECT bytes FROM reject WHERE id = 2") == poison[1].line.count)
        #expect(try store.number("SELECT count(*) FROM unknown_field") == 0)
    }
}

import Testing

@testable import Events

@Suite struct RecordCodecTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func everyRecordReadsBackAsItWasWritten(seed: UInt64) throws {
        var records = RandomRecords(seed: seed)
        for seq in 0..<25 as Range<UInt64> {
            let record = records.record(seq: seq)
            let line = record.line
            let read = try line.withUnsafeBytes { try Record(utf8: $0) }
            #expect(read == record, "seed \(seed), seq \(seq)")
            #expect(line.last == 0x0A && !line.dropLast().contains(0x0A))
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func whatIsPassedOverIsNamedAndOursIsNot(seed: UInt64) throws {
        #expect(KeyTable.shared.entries.count <= 128, "KeySet has two words")
        var records = RandomRecords(seed: seed)
        var names = ["left over"]
        for seq in 0..<40 as Range<UInt64> {
            let record = records.record(seq: seq)
            #expect(try record.line.withUnsafeBytes { try Record(utf8: $0, passedOver: &names) } == record)
            #expect(names == [], "seed \(seed), seq \(seq)")
            let foreign =
                switch record.kind {
                case .decision: "severity"
                case .outcome: "sha256"
                case .control: "upstream_us"
                }
            let more = record.line.dropLast(2) + Array(#","ä":null,"\#(foreign)":1,"x":[],"ä":2}"#.utf8)
            #expect(try more.withUnsafeBytes { try Record(utf8: $0, passedOver: &names) } == record)
            #expect(names == ["ä", foreign, "x"], "seed \(seed), seq \(seq)")
        }
    }

    @Test func keysMayComeInAnyOrderAndUnknownOnesArePassedOver() throws {
        let line = #"""
            {"mode":"enforce","new":{"a":[1,{"b":"}"}]},"reason":"limit","decision":"throttle","method":"tools/call",
            "transport":"http","server":"ecs","identity":"grant","gateway":"g","kind":"decision","x":null,
            "ts":"2026-11-22T17:36:00.5Z","seq":7,"v":1,"agent":"ci","y":-1.5e3,"z":true}
            """#
        let record = try Record(line: line.replacing("\n", with: ""))
        #expect(record.seq == 7)
        #expect(record.timestamp.description == "2026-11-22T17:36:00.500000Z")
        guard case .decision(let decision) = record.body else { throw RecordError("no decision", at: 0) }
        #expect(decision.agent == "ci" && decision.verdict == .throttle && decision.reason == .limit)
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"v":1}"#,
        #"{"v":2,"seq":0,"ts":"2026-11-22T17:36:00.000000Z","kind":"control","event":"gap"}"#,
        #"{"v":1,"seq":0,"ts":"2026-11-22T17:36:00.000000Z","kind":"control","event":"nonsense"}"#,
        #"{"v":1,"seq":-1,"ts":"2026-11-22T17:36:00.000000Z","kind":"control","event":"gap"}"#,
        #"{"v":1,"seq":0,"seq":0,"ts":"2026-11-22T17:36:00.000000Z","kind":"control","event":"gap"}"#,
        #"{"v":1,"seq":9007199254740993,"ts":"2026-11-22T17:36:00.000000Z","kind":"control","event":"gap"}"#,
        #"{"v":1,"seq":0,"ts":"2026-13-22T17:36:00.000000Z","kind":"control","event":"gap"}"#,
        #"{"v":1,"seq":0,"ts":"2026-11-22T17:36:00.000000Z","kind":"control","event":"gap"}x"#,
        #"{"v":1,"seq":0,"ts":"2026-11-22T17:36:00.000000Z","kind":"outcome","of":"1","outcome":"ok"}"#,
    ])
    func whatIsNoRecordIsRefusedWithItsPlace(line: String) {
        #expect(throws: RecordError.self) { try Record(line: line) }
    }

    @Test func aChangedOrCutByteNeverTraps() throws {
        var records = RandomRecords(seed: 7)
        var random = SeededGenerator(seed: 8)
        for seq in 0..<60 as Range<UInt64> {
            let line = records.record(seq: seq).line
            for _ in 0..<60 {
                var changed = line
                changed[Int.random(in: 0..<line.count, using: &random)] = .random(in: 0...255, using: &random)
                changed = Array(changed.prefix(Int.random(in: 0...line.count, using: &random)))
                _ = changed.withUnsafeBytes { bytes in try? Record(utf8: bytes) }
            }
        }
    }

    @Test func longTextsAreCutToPrefixDigestAndLength() throws {
        var decision = Decision(
            gateway: "g", identity: .flag, server: "s", transport: .stdio, method: "tools/call", verdict: .deny,
            mode: .enforce, reason: .defaultDeny)
        decision.tool = String(repeating: "é", count: 100_000)
        decision.argumentKeys = Array(repeating: String(repeating: "k", count: 128), count: 32)
        decision.recordedArguments = Array(repeating: String(repeating: "\u{1}", count: 250), count: 64)
        let line = Record(seq: 0, timestamp: Timestamp(microseconds: 0), body: .decision(decision)).line
        #expect(line.count <= Record.maximumBytes)
        let read = try line.withUnsafeBytes { try Record(utf8: $0) }
        guard case .decision(let back) = read.body else { throw RecordError("no decision", at: 0) }
        #expect((back.tool?.utf8.count ?? 0) <= TextBound.name)
        #expect(back.tool?.hasSuffix("+200000") == true)
        #expect(back.recordedArguments == nil && back.argumentKeysOther == 32)
    }

    @Test func keysStandInTheOrderOfTheFieldTable() throws {
        var records = RandomRecords(seed: 3)
        for seq in 0..<200 as Range<UInt64> {
            let record = records.record(seq: seq)
            let keys = topLevelKeys(record.line)
            switch record.body {
            case .decision: #expect(isSubsequence(keys, of: RecordField.decisionFields.map(\.rawValue)))
            case .outcome: #expect(isSubsequence(keys, of: RecordField.outcomeFields.map(\.rawValue)))
            case .control:
                #expect(
                    isSubsequence(keys, of: ["v", "seq", "ts", "kind", "event"] + Control.Key.allCases.map(\.rawValue)))
            }
        }
    }

    private func isSubsequence(_ keys: [String], of table: [String]) -> Bool {
        var rest = table[...]
        for key in keys {
            guard let index = rest.firstIndex(of: key) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }

    /// An independent little reader: strings followed by a colon at depth 1.
    private func topLevelKeys(_ line: [UInt8]) -> [String] {
        var keys: [String] = []
        var depth = 0
        var index = 0
        while index < line.count {
            switch line[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let start = index + 1
                index += 1
                while line[index] != UInt8(ascii: "\"") { index += line[index] == UInt8(ascii: "\\") ? 2 : 1 }
                if depth == 1, line[index + 1] == UInt8(ascii: ":") {
                    keys.append(String(decoding: line[start..<index], as: UTF8.self))
                }
            default: break
            }
            index += 1
        }
        return keys
    }
}

import Testing

@testable import Events

@Suite struct RecordCheckTests {
    private let check = RecordCheck()

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func aRecordIsCheckedAsItIsRead(seed: UInt64) throws {
        var records = RandomRecords(seed: seed)
        for seq in 0..<50 as Range<UInt64> {
            let line = Array(records.record(seq: seq).line.dropLast())
            try expectAgreement(line, "seed \(seed), seq \(seq)")
        }
    }

    /// What the encoder writes must not need the decoder, or checking is as slow as reading.
    @Test func decisionsAndOutcomesAreCheckedWithoutTheDecoder() {
        var records = RandomRecords(seed: 5)
        for seq in 0..<500 as Range<UInt64> {
            let record = records.record(seq: seq)
            // Numbers of 16 digits, and years past 9999, are the decoder's.
            let line = record.line.dropLast()
            let hasLongNumber = String(decoding: line, as: UTF8.self).contains(/[:-][0-9]{16}/)
            let isFast = Array(line).withUnsafeBytes { check.canonicalHead($0) } != nil
            #expect(isFast == (record.kind != .control && !hasLongNumber), "seq \(seq)")
        }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func aChangedLineIsCheckedAsItIsRead(seed: UInt64) throws {
        var records = RandomRecords(seed: seed)
        var random = SeededGenerator(seed: seed &* 1_000_003)
        var accepted = 0
        for seq in 0..<20 as Range<UInt64> {
            let line = Array(records.record(seq: seq).line.dropLast())
            let other = Array(records.record(seq: seq).line.dropLast())
            for number in 0..<100 {
                let changed = change(line, with: other, &random)
                if try expectAgreement(changed, "seed \(seed), seq \(seq), change \(number)") { accepted += 1 }
            }
        }
        // Both answers must be among them, or nothing is compared.
        #expect(accepted > 50 && accepted < 1950, "seed \(seed)")
    }

    @Test func eachSingleByteOfALineMayBecomeAnyOther() throws {
        var records = RandomRecords(seed: 11)
        for kind in [RecordKind.decision, .outcome] {
            var record = records.record(seq: 7)
            while record.kind != kind || record.line.count > 500 { record = records.record(seq: 7) }
            let line = Array(record.line.dropLast())
            for index in line.indices {
                for byte in [
                    0, 0x1F, 0x20, 0x22, 0x2C, 0x2D, 0x30, 0x39, 0x3A, 0x5C, 0x66, 0x75, 0x7D, 0x7F, 0x80, 0xC3,
                ] {
                    var changed = line
                    changed[index] = UInt8(byte)
                    try expectAgreement(changed, "\(kind), byte \(index) to \(byte)")
                }
            }
        }
    }

    @Test func everyWordOfAVocabularyIsKnown() throws {
        var decision = Decision(
            gateway: "g", identity: .flag, server: "s", transport: .stdio, method: "m", verdict: .deny, mode: .enforce,
            reason: .allowed)
        let time = Timestamp(microseconds: 1)
        for reason in Reason.allCases {
            decision.reason = reason
            let line = Array(Record(seq: 1, timestamp: time, body: .decision(decision)).line.dropLast())
            #expect(line.withUnsafeBytes { check.canonicalHead($0) }?.seq == 1, "\(reason)")
        }
        for ending in Ending.allCases {
            let line = Record(seq: 2, timestamp: time, body: .outcome(Outcome(of: 1, ending: ending))).line
            #expect(Array(line.dropLast()).withUnsafeBytes { check.canonicalHead($0) }?.seq == 2, "\(ending)")
        }
        let longest =
            (RecordField.allCases.map { $0.rawValue.count + 4 } + Reason.allCases.map { $0.rawValue.count + 2 })
        #expect((longest.max() ?? 0) <= 24)
    }

    /// Both accept, with the same answer, or both refuse, with the same error.
    @discardableResult
    private func expectAgreement(_ line: [UInt8], _ place: String) throws -> Bool {
        let read = line.withUnsafeBytes { bytes in
            Result { () throws(RecordError) in try Record(utf8: bytes) }
        }
        let checked = line.withUnsafeBytes { bytes in
            Result { () throws(RecordError) in try check.head(of: bytes) }
        }
        switch (read, checked) {
        case (.success(let record), .success(let head)):
            var control: Control?
            if case .control(let body) = record.body { control = body }
            let expected = RecordHead(
                seq: record.seq, timestamp: record.timestamp, control: control, kind: record.kind)
            #expect(head == expected, "\(place)")
            return true
        case (.failure(let a), .failure(let b)):
            #expect(a == b, "\(place)")
            return false
        default:
            Issue.record("\(place): \(read) and \(checked): \(String(decoding: line, as: UTF8.self))")
            return false
        }
    }

    private func change(_ line: [UInt8], with other: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var changed = line
        let index = Int.random(in: 0..<line.count, using: &random)
        let end = min(line.count, index + Int.random(in: 1...12, using: &random))
        let tokens = [
            ",", "\"", "\\", "\\\"", "\\u00e9", "\\u0000", "\\ud83e\\udd9c", "\\ud83e", "\\n", "\\u00g0", "{", "}", "[",
            "]",
            "-", "-0", "00", "9007199254740992", "9007199254740993", "1.0", "1e1", " ", "\n", "true", "false", "null",
            "é", "deny", "allow", "\"n\":1,", ",\"agent\":\"a\"", ",\"x\":[1]", ",\"limit_counter\":\"c\"",
            ",\"of\":-1",
        ]
        switch Int.random(in: 0..<8, using: &random) {
        case 0: changed[index] = .random(in: 0...255, using: &random)
        case 1: changed[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 2: changed.removeSubrange(index..<end)
        case 3: changed.insert(contentsOf: line[index..<end], at: index)
        case 4: changed = Array(line[..<index]) + other.suffix(Int.random(in: 0...other.count, using: &random))
        case 5: changed.removeSubrange(index...)
        case 6:
            // A value or a field anywhere another begins.
            let commas = line.indices.filter { line[$0] == UInt8(ascii: ",") || line[$0] == UInt8(ascii: ":") }
            let place = commas.randomElement(using: &random) ?? 0
            changed.insert(contentsOf: (tokens.randomElement(using: &random) ?? "").utf8, at: place)
        default:
            changed.replaceSubrange(index..<end, with: (tokens.randomElement(using: &random) ?? "").utf8)
        }
        return changed
    }
}

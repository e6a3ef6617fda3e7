import Events
import Testing

@testable import AuditLog

@Suite struct RecoveryTests {
    /// A log of nine records in three members.
    private func smallLog() throws -> TemporaryLog {
        let place = try TemporaryLog()
        // A clock that stands still, so that the bytes are the same in every run.
        let writer = try LogWriter.open(place.log, options: .plain, clock: ManualClock())
        for number in 0..<9 {
            let ticket = try #require(writer.append(number: number))
            if number % 3 == 2 { #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable) }
        }
        try writer.close()
        return place
    }

    @Test func aCutAtEveryByteIsATornTailThatIsRepairedAndKept() throws {
        let place = try smallLog()
        // As after a power cut: the watermark in memory is gone.
        let file = try #require(place.segmentFiles.first)
        let whole = place.bytes(file)
        let full = try place.lines().map(\.line)
        for length in 0..<whole.count {
            try place.write(Array(whole[..<length]), to: file)
            try PosixFileSystem().remove(place.log.livePath)
            let writer = try LogWriter.open(place.log, options: .plain)
            let kept = Int(writer.recovery.nextSeq)
            writer.append(number: 100)
            try writer.close()
            let lines = try place.lines().map(\.line)
            #expect(lines.count == kept + 1, "cut at \(length)")
            #expect(Array(lines.dropLast()) == Array(full.prefix(kept)), "cut at \(length)")
            #expect(try LogVerifier(place.log).verify().fault == nil, "cut at \(length)")
            let torn = writer.recovery.quarantinedBytes
            if torn > 0 {
                let quarantine = try PosixFileSystem().list(place.log.quarantinePath)
                #expect(quarantine.contains { $0.hasSuffix(".\(length - torn)") }, "cut at \(length)")
            }
            for name in try PosixFileSystem().list(place.log.segmentsPath) {
                try PosixFileSystem().remove(place.log.segmentsPath + "/" + name)
            }
        }
    }

    @Test func everyFlippedBitIsFoundAndLocatedOrChangesNoRecord() throws {
        let place = try smallLog()
        let file = try #require(place.segmentFiles.first)
        let whole = place.bytes(file)
        let full = try place.lines().map(\.line)
        var found = 0
        var harmless = 0
        for index in whole.indices {
            for bit in 0..<8 {
                var changed = whole
                changed[index] ^= 1 << UInt8(bit)
                try place.write(changed, to: file)
                let check = try LogVerifier(place.log).verify()
                // A flip in the last member can only be told from a torn tail by signed heads.
                if let fault = check.fault {
                    #expect(fault.offset <= index, "byte \(index), bit \(bit)")
                    found += 1
                } else if check.tornBytes > 0 {
                    #expect(index >= whole.count - check.tornBytes, "byte \(index), bit \(bit)")
                    found += 1
                } else {
                    // Deflate has codes that decide nothing: the same lines come out, and only a digest over the
                    // compressed bytes, which sealing will keep, can tell.
                    let lines = try place.lines().map(\.line)
                    #expect(lines == full, "byte \(index), bit \(bit)")
                    harmless += 1
                }
            }
        }
        #expect(found + harmless == whole.count * 8 && harmless * 200 < found)
        print("flipped \(whole.count * 8) bits: found \(found), same lines all the same \(harmless)")
    }

    @Test func damageInTheMiddleIsLeftAsItIsAndTheLogGoesOnBehindIt() throws {
        let place = try smallLog()
        let file = try #require(place.segmentFiles.first)
        var bytes = place.bytes(file)
        let first = (Int(bytes[16]) | Int(bytes[17]) << 8) + 1
        bytes[first + 30] ^= 0xFF
        try place.write(bytes, to: file)
        let writer = try LogWriter.open(place.log, options: .plain)
        let damaged = try #require(writer.recovery.damaged)
        #expect(writer.recovery.nextSeq == 9)
        writer.append(number: 9)
        try writer.close()
        #expect(place.bytes(file) == bytes, "nothing is cut away")
        #expect(place.segmentFiles.count == 2)
        let reader = try LogReader(place.log)
        var seqs: [UInt64] = []
        var skipped: [Range<UInt64>] = []
        while let block = try reader.nextBlock() {
            if let range = block.skipped { skipped.append(range) }
            block.forEachLine { seq, _ in seqs.append(seq) }
        }
        #expect(skipped == [damaged])
        #expect(seqs == Array(0..<damaged.lowerBound) + Array(damaged.upperBound..<10))
        let fault = try #require(try LogVerifier(place.log).verify().fault)
        #expect(fault.seq == damaged.lowerBound && fault.offset == first)
    }

    @Test func missingAcknowledgedRecordsAreToldAndTheirSeqsNeverUsedAgain() throws {
        let place = try smallLog()
        let file = try #require(place.segmentFiles.first)
        try place.write(Array(place.bytes(file).dropLast(5)), to: file)
        let fault = try #require(try LogVerifier(place.log).verify().fault)
        #expect(fault.what.contains("seq 8 were acknowledged"))
        let writer = try LogWriter.open(place.log, options: .plain)
        #expect(writer.recovery.damaged == fault.seq..<9 && writer.recovery.nextSeq == 9)
        writer.append(number: 9)
        try writer.close()
        #expect(try place.lines().map(\.seq) == Array(0..<fault.seq) + [9])
    }

    @Test func anEmptySegmentFileOfACrashIsRemoved() throws {
        let place = try smallLog()
        try place.write([], to: place.log.segmentPath(9))
        let writer = try LogWriter.open(place.log, options: .plain)
        #expect(writer.recovery.nextSeq == 9)
        writer.append(number: 9)
        try writer.close()
        #expect(try place.lines().map(\.seq) == Array(0..<10))
        #expect(try LogVerifier(place.log).verify().fault == nil)
    }

    @Test func repairTwiceIsRepairOnce() throws {
        let place = try smallLog()
        let file = try #require(place.segmentFiles.first)
        try place.write(Array(place.bytes(file).dropLast(5)), to: file)
        try PosixFileSystem().remove(place.log.livePath)
        let first = try LogRecovery(place.log, files: PosixFileSystem()).repair()
        let repaired = place.bytes(file)
        let second = try LogRecovery(place.log, files: PosixFileSystem()).repair()
        #expect(first.quarantinedBytes > 0 && second.quarantinedBytes == 0)
        #expect(first.nextSeq == second.nextSeq && place.bytes(file) == repaired)
    }

    @Test func swappedRepeatedAndDeletedMembersAreFound() throws {
        let place = try smallLog()
        let file = try #require(place.segmentFiles.first)
        let bytes = place.bytes(file)
        var members: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let size = (Int(rest[rest.startIndex + 16]) | Int(rest[rest.startIndex + 17]) << 8) + 1
            members.append(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        #expect(members.count >= 2)
        let swapped = [members[1], members[0]] + members.dropFirst(2)
        let repeated = [members[0]] + members
        let deleted = Array(members.dropFirst())
        for arrangement in [swapped, repeated, deleted] {
            try place.write(Array(arrangement.joined()), to: file)
            #expect(try LogVerifier(place.log).verify().fault != nil)
        }
    }
}

import Events
import Foundation
import Testing

@testable import AuditLog

/// Logs that somebody without the key has changed, and honest ones that were through much.
@Suite struct LogForgeryTests {
    private func options(_ place: TemporaryLog, _ purpose: LogIdentity.Purpose = .gateway) -> LogOptions {
        var options = LogOptions.plain
        options.purpose = purpose
        options.stateFolder = place.log.path + "-state"
        options.headRecords = 1
        options.headMilliseconds = 1
        return options
    }

    private func write(_ count: Int, to place: TemporaryLog, _ options: LogOptions, from start: Int = 0) throws {
        let writer = try LogWriter.open(place.log, options: options)
        for number in start..<start + count {
            let ticket = try #require(writer.append(number: number))
            if number % 3 == 2 { #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable) }
        }
        try writer.close()
    }

    /// Leaves only the first members of the first segment.
    private func cut(_ place: TemporaryLog, toMembers count: Int) throws {
        let file = place.log.segmentPath(0)
        let offsets = try SegmentCursor(PosixFileSystem().open(file, .read)).memberOffsets(limit: .max >> 1)
        try place.write(Array(place.bytes(file)[..<offsets[count]]), to: file)
        try? PosixFileSystem().remove(place.log.livePath)
    }

    private func key(_ place: TemporaryLog) throws -> NoteVerifier {
        try #require(try LogIdentity.read(place.log).verifier)
    }

    @Test func anAcceptedLossCannotBeMadeUp() throws {
        let place = try TemporaryLog()
        try write(30, to: place, options(place))
        let newest = try #require(try KeptHead.all(of: place.log).last)
        try cut(place, toMembers: 2)
        // An honest checkpoint in the place of one beside a segment, and no head that could contradict it.
        try place.write(place.bytes(place.log.checkpointPath), to: place.log.checkpointPath(beforeSegment: 30))
        try place.write(BGZFMember.endOfFile, to: place.log.segmentPath(30))
        try place.write(Array(KeptHead.line(newest.note.whole, at: newest.timestamp).utf8), to: place.log.headsPath)
        #expect(try LogVerifier(place.log).verify().fault?.kind == .missing)
        #expect(try LogVerifier(place.log, trusted: key(place)).verify().fault?.kind == .missing)
    }

    @Test func aGapOfOnesOwnNeedsTheLogsKey() throws {
        let place = try TemporaryLog()
        try write(30, to: place, options(place))
        let own = try key(place)
        try cut(place, toMembers: 2)
        let kept = try place.lines()
        // The forger's own key, named by a made-up change of keys, signs the tree and a gap record.
        let forger = try #require(NoteSigner(newKeyNamed: own.name))
        var edge = TreeEdge()
        for line in kept { Array(line.line.utf8).withUnsafeBytes { edge.append(.leaf($0)) } }
        let root = edge.root.hexadecimal
        while edge.size < 30 { edge.append(.nothing) }
        let checkpoint = Checkpoint(origin: own.name, edge: edge)
        try place.write(
            Array(checkpoint.note(signedBy: forger).utf8), to: place.log.checkpointPath(beforeSegment: 30))
        let rotated = Control(.keyRotated).with(.from, own.description).with(.to, forger.verifier.description)
        let gap = Control(.gap).with(.n, 30 - kept.count).with(.firstSeq, kept.count).with(.lastSeq, 29)
            .with(.sha256, root)
        var lines = LineBuffer()
        for (seq, control) in [(UInt64(30), rotated), (31, gap)] {
            lines.append(Record(seq: seq, timestamp: ManualClock().now(), body: .control(control)))
        }
        LineScan.forEach(lines.bytes) { edge.append(.leaf($0)) }
        var member = LineBuffer()
        try Deflater(level: 6).append(lines.bytes, to: &member)
        try place.write(Array(member.bytes), to: place.log.segmentPath(30))
        let head = TreeHead(origin: own.name, size: edge.size, root: edge.root)
        try place.write(
            Array(KeptHead.line(try head.note(signedBy: forger), at: ManualClock().now()).utf8), to: place.log.headsPath
        )
        try PosixFileSystem().remove(place.log.checkpointPath)
        #expect(try LogVerifier(place.log).verify().fault == nil, "alone, it fits itself")
        #expect(try LogVerifier(place.log, trusted: own).verify().fault?.kind == .missing)
    }

    @Test func aLossThatWasAcceptedStaysSoThroughNewKeysAndLostCheckpoints() throws {
        let place = try TemporaryLog()
        // The first of two writers leaves a head where the hole will be, however slow the machine is.
        try write(15, to: place, options(place))
        try write(15, to: place, options(place), from: 15)
        let heads = try KeptHead.all(of: place.log)
        try cut(place, toMembers: 2)
        let kept = UInt64(try place.lines().count)
        let inHole = try #require(heads.first { $0.head.size > kept && $0.head.size < 30 })
        var accepting = options(place)
        accepting.acceptsLoss = true
        try write(5, to: place, accepting)
        try PosixFileSystem().remove(place.log.checkpointPath)
        try write(5, to: place, options(place))
        #expect(try LogVerifier(place.log, trusted: key(place)).verify().fault == nil)
        try FileManager.default.removeItem(atPath: place.log.path + "-state")
        try write(5, to: place, options(place))
        let found = try LogVerifier(place.log).verify()
        #expect(found.fault == nil, "\\(String(describing: found.fault))")
        #expect(found.acceptedLoss > 0 && found.signedSize == found.nextSeq)
        // A witness of records that are gone is not passed over.
        let witnesses = [(inHole.note, inHole.head, "mail")]
        #expect(try LogVerifier(place.log, witnesses: witnesses).verify().fault?.kind == .missing)
    }

    @Test func allRecordsMayBeLostAndAccepted() throws {
        let place = try TemporaryLog()
        try write(30, to: place, options(place))
        try PosixFileSystem().remove(place.log.segmentPath(0))
        try PosixFileSystem().remove(place.log.livePath)
        var accepting = options(place)
        accepting.acceptsLoss = true
        try write(5, to: place, accepting)
        let found = try LogVerifier(place.log).verify()
        #expect(found.fault == nil && found.acceptedLoss == 30, "\\(String(describing: found.fault))")
    }

    @Test func importsRecordTheirLossesAndKeysToo() throws {
        let place = try TemporaryLog()
        try write(12, to: place, options(place, .imported))
        try cut(place, toMembers: 2)
        var accepting = options(place, .imported)
        accepting.acceptsLoss = true
        try LogWriter.open(place.log, options: accepting).close()
        try write(3, to: place, options(place, .imported))
        #expect(try LogVerifier(place.log).verify().fault == nil)
        try FileManager.default.removeItem(atPath: place.log.path + "-state")
        try write(3, to: place, options(place, .imported))
        #expect(try LogVerifier(place.log).verify().fault == nil)
    }

    @Test func keptHeadsAloneAreEnoughToMissRecords() throws {
        let place = try TemporaryLog()
        try write(30, to: place, options(place))
        try PosixFileSystem().remove(place.log.checkpointPath)
        try cut(place, toMembers: 2)
        #expect {
            try LogWriter.open(place.log, options: options(place))
        } throws: { ($0 as? LogError)?.code == .signedDataMissing }
    }

    @Test func nothingIsSignedOnceAnUnsyncedWriteMayBeLost() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        var options = options(place)
        options.durability = .none
        options.probeMilliseconds = 1
        options.headRecords = 1000
        options.headMilliseconds = 60_000
        let writer = try LogWriter.open(place.log, options: options, files: files)
        for number in 0..<5 { writer.append(number: number) }
        while writer.progress.acknowledged < 5 { usleep(1000) }
        files.set(.syncInputOutput)
        while writer.trouble == nil { usleep(1000) }
        files.set(nil)
        while writer.trouble != nil { usleep(1000) }
        try writer.close()
        let heads = try KeptHead.all(of: place.log)
        #expect(heads.isEmpty, "heads of \\(heads.map(\\.head.size))")
    }

    @Test func aWriterDoesNotSignALogThatWasPutBack() throws {
        let place = try TemporaryLog()
        try write(20, to: place, options(place))
        let old = (place.bytes(place.log.checkpointPath), place.bytes(place.log.headsPath))
        try write(30, to: place, options(place), from: 20)
        // Records behind the old head are written anew, with good checksums, and the heads put back to it or removed.
        let lines = try place.lines().map { $0.line.replacing("\"n\":40", with: "\"n\":41") + "\n" }
        var members = LineBuffer()
        try Array(lines.joined().utf8).withUnsafeBytes { try Deflater(level: 6).append($0, to: &members) }
        try place.write(Array(members.bytes), to: place.log.segmentPath(0))
        try PosixFileSystem().remove(place.log.indexPath(0))
        for removesAll in [false, true] {
            try place.write(old.0, to: place.log.checkpointPath)
            try place.write(old.1, to: place.log.headsPath)
            if removesAll {
                try PosixFileSystem().remove(place.log.checkpointPath)
                try PosixFileSystem().remove(place.log.headsPath)
            }
            #expect {
                try LogWriter.open(place.log, options: options(place))
            } throws: { error in
                (error as? LogError)?.code == .rolledBack && (error as? LogError)?.exitCode == 4
            }
        }
    }
}

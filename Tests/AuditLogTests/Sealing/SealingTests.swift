import Events
import Foundation
import Testing

@testable import AuditLog

/// A signed log of many small segments, sealed by hand.
struct SealedLog {
    let place: TemporaryLog
    let clock = ManualClock()

    init() throws {
        place = try TemporaryLog()
    }

    var options: LogOptions {
        var options = LogOptions.plain
        options.stateFolder = place.log.path + ".state"
        options.headMilliseconds = 1
        return options
    }

    /// Writes `count` records, `step` seconds apart and in commits of a few each, and ends a segment after each `segment` of them.
    func write(
        _ count: Int, segment: Int, from start: Int = 0, step: Double = 60,
        _ change: (inout LogOptions) -> Void = { _ in }
    ) throws {
        var options = options
        change(&options)
        let writer = try LogWriter.open(place.log, options: options, clock: clock)
        for number in start..<start + count {
            clock.advance(seconds: step)
            let ticket = try #require(writer.append(number: number, padding: number % 90))
            if number % 3 == 0 {
                #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable)
            }
            if number % segment == segment - 1 { _ = try writer.seal() }
        }
        try writer.close()
    }

    func verify(_ witnesses: [KeptHead] = []) throws -> LogVerification {
        try LogVerifier(
            place.log, trusted: LogIdentity.read(place.log).verifier,
            witnesses: witnesses.map { ($0.note, $0.head, "mail") }
        ).verify()
    }

    /// Keeps `bytes` of segments, however young.
    func retain(bytes: Int, _ change: (inout Retention) -> Void = { _ in }) throws -> RetentionReport {
        let writer = try LogWriter.open(place.log, options: options, clock: clock)
        defer { try? writer.close() }
        var rule = Retention()
        rule.bytes = bytes
        rule.keepSeconds = 0
        change(&rule)
        return try writer.retain(by: rule)
    }
}

@Suite("Sealing") struct SealingTests {
    @Test func sealingChangesNoLineAndNoProof() throws {
        let log = try SealedLog()
        try log.write(1000, segment: 5000)
        let before = try log.place.lines()
        let plain = try log.verify()
        let old = try LogProver(log.place.log).inclusion(of: 345)
        let writer = try LogWriter.open(log.place.log, options: log.options, clock: log.clock)
        let report = try writer.seal()
        try writer.close()
        #expect(report.sealed.count == 1 && report.left.isEmpty)
        let manifest = try #require(report.sealed.first)
        #expect(manifest.bytes < report.bytesBefore / 2, "334 commits become a few full members")
        #expect(try log.place.lines().map(\.line) == before.map(\.line))
        let sealed = try log.verify()
        #expect(sealed.fault == nil && sealed.sealed == 1 && sealed.blocks < 5, "\(String(describing: sealed.fault))")
        #expect(sealed.heads >= 1 && sealed.signedSize == plain.signedSize)
        #expect(try LogProver(log.place.log).inclusion(of: 345) == old)
    }

    @Test func aManifestIsReadBackAndNoOtherBytes() throws {
        let log = try SealedLog()
        try log.write(300, segment: 100)
        for first in SegmentManifest.sealed(log.place.log, PosixFileSystem()) {
            let manifest = try #require(try SegmentManifest.read(log.place.log, segment: first))
            let text = manifest.text
            #expect(SegmentManifest(text: text) == manifest)
            for index in text.utf8.indices {
                var bytes = Array(text.utf8)
                bytes[text.utf8.distance(from: text.startIndex, to: index)] ^= 1
                let other = String(validating: bytes, as: UTF8.self).flatMap { SegmentManifest(text: $0) }
                #expect(other != manifest)
            }
            #expect(SegmentManifest(text: String(text.dropLast())) == nil)
            #expect(SegmentManifest(text: text + "\n") == nil)
        }
    }

    @Test func tilesAreTheTreesNodes() throws {
        let log = try SealedLog()
        try log.write(1100, segment: 300)
        let leaves = try log.place.lines().map { line in Array(line.line.utf8).withUnsafeBytes { TreeHash.leaf($0) } }
        let tile = TreeTiles(log: log.place.log, files: PosixFileSystem()).hashes(level: 1, number: 0)
        #expect(tile.count == 900 / 256)
        for (index, hash) in tile.enumerated() {
            var edge = TreeEdge()
            for leaf in leaves[index * 256..<(index + 1) * 256] { edge.append(leaf) }
            #expect(edge.root == hash)
        }
        #expect(TreeTiles.path(level: 1, number: 1_234_067) == "1/x001/x234/067")
        #expect(TreeTiles.path(level: 0, number: 5, count: 12) == "0/005.p/12")
    }

    @Test func everyPairOfHeadsIsConsistentAfterSealing() throws {
        let log = try SealedLog()
        try log.write(700, segment: 150)
        let heads = try KeptHead.all(of: log.place.log)
        let key = try #require(try LogIdentity.read(log.place.log).verifier)
        #expect(heads.count > 4 && heads.allSatisfy { $0.note.isSigned(by: key) })
        let tree = try TreeSource(log.place.log, PosixFileSystem())
        for old in heads {
            for new in heads where new.head.size >= old.head.size {
                let path = try TreeProof.consistency(from: old.head.size, to: new.head.size) { run throws(LogError) in
                    try tree.root(run)
                }
                #expect(
                    TreeProof.isConsistent(
                        from: old.head.size, old.head.root, to: new.head.size, new.head.root, path: path))
            }
        }
    }

    @Test func headsAreThinnedToOneAnHourAndTheLast() throws {
        let log = try SealedLog()
        try log.write(240, segment: 240)
        let manifest = try #require(try SegmentManifest.read(log.place.log, segment: 0))
        let hours = manifest.heads.map { $0.timestamp.microseconds / 3_600_000_000 }
        #expect(Set(hours).count == hours.count && hours.count <= 5)
        #expect(manifest.heads.last?.head.size ?? 0 > 200)
        let kept = try KeptHead.recent(of: log.place.log)
        #expect(kept.filter { $0.head.size <= 240 }.count <= 1, "the others went into the manifest")
    }

    @Test func aReaderOfTheOldFileGoesOnThroughSealing() throws {
        let log = try SealedLog()
        try log.write(400, segment: 1000)
        let reader = try LogReader(log.place.log)
        var seen: [UInt64] = []
        let block = try #require(try reader.nextBlock())
        block.forEachLine { seq, _ in seen.append(seq) }
        let writer = try LogWriter.open(log.place.log, options: log.options, clock: log.clock)
        _ = try writer.seal()
        try writer.close()
        try log.write(50, segment: 20, from: 400)
        while let block = try reader.nextBlock() { block.forEachLine { seq, _ in seen.append(seq) } }
        #expect(seen == Array(0..<450))
    }

    @Test func aCrashAnywhereInSealingIsDoneAgain() throws {
        let log = try SealedLog()
        try log.write(200, segment: 1000)
        let lines = try log.place.lines().map(\.line)
        for k in 1...40 {
            let files = FaultyFileSystem()
            let copy = try log.copy()
            let options = copy.options
            let writer = try LogWriter.open(copy.place.log, options: options, clock: log.clock, files: files)
            files.failOnce(atCall: k)
            _ = try? writer.seal()
            files.failOnce(atCall: .max)
            try? writer.close()
            let left = try copy.place.lines().map(\.line)
            #expect(left.starts(with: lines), "call \(k)")
            #expect(left.dropFirst(lines.count).allSatisfy { $0.contains("\"gap\"") }, "call \(k)")
            let again = try LogWriter.open(copy.place.log, options: options, clock: log.clock)
            _ = try again.seal()
            try again.close()
            let found = try copy.verify()
            #expect(
                found.fault == nil && found.sealed == found.segments, "call \(k): \(String(describing: found.fault))")
        }
    }

    @Test func aSegmentThatIsDamagedIsNotSealed() throws {
        let log = try SealedLog()
        try log.write(200, segment: 1000) { $0.headRecords = 10_000 }
        let path = log.place.log.segmentPath(0)
        var bytes = log.place.bytes(path)
        bytes[bytes.count / 2] ^= 0x10
        try log.place.write(bytes, to: path)
        let writer = try LogWriter.open(log.place.log, options: log.options, clock: log.clock)
        let report = try writer.seal()
        try writer.close()
        #expect(report.sealed.isEmpty && report.left.count == 1)
        #expect(log.place.bytes(path).prefix(bytes.count) == bytes[...], "evidence stays as it is")
    }

    @Test func aManifestThatCannotBeReadIsNeverWrittenOver() throws {
        let log = try SealedLog()
        try log.write(200, segment: 100)
        let path = log.place.log.manifestPath(0)
        let spoilt = Array(log.place.bytes(path).dropLast(3))
        try log.place.write(spoilt, to: path)
        let writer = try LogWriter.open(log.place.log, options: log.options, clock: log.clock)
        let report = try writer.seal()
        try writer.close()
        #expect(report.left.map(\.segment) == [0] && log.place.bytes(path) == spoilt, "heads may be in it")
        #expect(try log.verify().fault != nil)
        // Once somebody has moved it away, the segment gets another.
        try PosixFileSystem().remove(path)
        let again = try LogWriter.open(log.place.log, options: log.options, clock: log.clock)
        #expect(try again.seal().sealed.map(\.firstSeq).contains(0))
        try again.close()
        let found = try log.verify()
        #expect(found.fault == nil, "\(String(describing: found.fault))")
    }

    @Test func theWriterSealsByItself() throws {
        let log = try SealedLog()
        var options = log.options
        options.sealsByItself = true
        let writer = try LogWriter.open(log.place.log, options: options)
        for number in 0..<100 { writer.append(number: number) }
        let ticket = try #require(writer.append(number: 100))
        #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable)
        writer.rotate()
        let deadline = Date().addingTimeInterval(60)
        while try SegmentManifest.read(log.place.log, segment: 0) == nil, Date() < deadline { usleep(10_000) }
        try writer.close()
        #expect(try log.verify().sealed == 1)
    }
}

extension SealedLog {
    /// The log, and its key.
    func copy() throws -> SealedLog {
        let other = SealedLog(place: try place.copy())
        try FileManager.default.copyItem(atPath: place.log.path + ".state", toPath: other.place.log.path + ".state")
        return other
    }

    private init(place: TemporaryLog) {
        self.place = place
    }
}

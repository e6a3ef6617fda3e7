import Events
import Foundation
import Testing

@testable import AuditLog

@Suite("Retention") struct RetentionTests {
    @Test func whatIsLeftVerifiesAndStillProves() throws {
        let log = try SealedLog()
        try log.write(1300, segment: 200)
        let monday = try #require(try KeptHead.all(of: log.place.log).first { $0.head.size > 1000 })
        let lines = try log.place.lines()
        let report = try log.retain(bytes: 6000)
        #expect(report.removed.count >= 3 && report.obstacle == nil)
        let first = try #require(try log.place.log.segments(on: PosixFileSystem()).first)
        #expect(first == report.removed.last?.nextSeq && first % 256 != 0)
        let found = try log.verify([monday])
        #expect(found.fault == nil, "\(String(describing: found.fault))")
        #expect(found.removed == first && found.firstSeq == first)
        // What is left proves as before, against the tree of all records.
        let head = try LogProver(log.place.log).newestHead().head
        for seq in [first, first + 1, first | 255, UInt64(lines.count) - 1] {
            let proof = try LogProver(log.place.log).inclusion(of: seq)
            #expect(proof.contains("index \(seq)\n"))
        }
        // Each head that is kept, also of removed records, is consistent with the newest.
        for kept in try KeptHead.all(of: log.place.log) {
            _ = try LogProver(log.place.log).consistency(from: kept.head.size, to: nil)
        }
        #expect(head.size > UInt64(lines.count))
        let refused = #expect(throws: LogError.self) { try LogProver(log.place.log).inclusion(of: 3) }
        #expect(refused?.message.contains("removed by retention") == true)
        // The next writer goes on, seals, removes more.
        try log.write(300, segment: 100, from: 1300)
        _ = try log.retain(bytes: 3000)
        let later = try log.verify()
        #expect(later.fault == nil && later.removed > first, "\(String(describing: later.fault))")
    }

    @Test func aWitnessOfRemovedRecordsIsComparedWhereItsLeavesWereKept() throws {
        let log = try SealedLog()
        try log.write(900, segment: 200)
        let all = try KeptHead.all(of: log.place.log)
        let kept = try #require(all.first { $0.head.size > 10 && $0.head.size < 390 })
        _ = try log.retain(bytes: 4000)
        #expect(try log.verify([kept]).fault == nil)
        // One of other records is found out.
        let secret = try log.place.bytes(keyPath(log))
        let signer = try #require(NoteSigner(name: kept.head.origin, secret: secret))
        let fork = TreeHead(origin: kept.head.origin, size: kept.head.size, root: .empty)
        let forged = try #require(
            KeptHead(line: KeptHead.line(fork.note(signedBy: signer), at: kept.timestamp).dropLast()))
        #expect(try log.verify([forged]).fault?.kind == .fork)
    }

    @Test func aWitnessWhoseLeavesNobodyKeptIsSaidToBeIncomparable() throws {
        let log = try SealedLog()
        // All within an hour: of the first segment's heads only the last is kept, and with it tile 2 of the leaves.
        try log.write(1300, segment: 600, step: 0.001)
        let secret = try log.place.bytes(keyPath(log))
        let origin = try LogIdentity.read(log.place.log).origin
        let signer = try #require(NoteSigner(name: origin, secret: secret))
        let true261 = try TreeSource(log.place.log, PosixFileSystem()).root(0..<261)
        let head = TreeHead(origin: origin, size: 261, root: true261)
        let monday = try #require(
            KeptHead(line: KeptHead.line(head.note(signedBy: signer), at: log.clock.now()).dropLast()))
        #expect(try log.verify([monday]).fault == nil, "while its records are there")
        #expect(try log.retain(bytes: 4000).removed.first?.firstSeq == 0)
        #expect(try log.verify().fault == nil)
        #expect(try log.verify([monday]).fault?.kind == .incomparable)
    }

    private func keyPath(_ log: SealedLog) throws -> String {
        let origin = try LogIdentity.read(log.place.log).origin
        return (log.options.stateFolder ?? "") + "/keys/" + origin + "/sign"
    }

    @Test func segmentsThatSomebodyElseRemovedAreMissed() throws {
        let log = try SealedLog()
        try log.write(600, segment: 100)
        let files = PosixFileSystem()
        try files.remove(log.place.log.segmentPath(0))
        #expect(try log.verify().fault?.kind == .missing, "no signed record says that it was removed")
        try files.remove(log.place.log.manifestPath(0))
        #expect(try log.verify().fault != nil)
    }

    @Test func eachRemovalIsARecordFirst() throws {
        let log = try SealedLog()
        try log.write(500, segment: 100) { $0.writesOwnRecords = true }
        let removed = try log.retain(bytes: 2500).removed
        #expect(removed.count > 1)
        let records = try log.place.lines().filter { $0.line.contains("\"event\":\"retention\"") }
        #expect(records.count == 1, "one for all that go together")
        #expect(records.last?.line.contains("\"last_seq\":\((removed.last?.nextSeq ?? 0) - 1)") == true)
    }

    @Test func nothingYoungerThanTheLeastTimeGoes() throws {
        let log = try SealedLog()
        try log.write(400, segment: 100)
        let report = try log.retain(bytes: 0) { $0.keepSeconds = 86_400 }
        #expect(report.removed.isEmpty)
        guard case .tooYoung? = report.obstacle else {
            Issue.record("\(String(describing: report.obstacle))")
            return
        }
        log.clock.advance(seconds: 2 * 86_400)
        #expect(try log.retain(bytes: 0) { $0.keepSeconds = 86_400 }.removed.count == 3, "the newest stays")
    }

    @Test func aReaderIsWaitedForAWeek() throws {
        let log = try SealedLog()
        try log.write(400, segment: 100)
        ReaderLease(name: "ingest", nextSeq: 150, at: log.clock.now()).renew(in: log.place.log)
        let held = try log.retain(bytes: 0)
        #expect(held.removed.map(\.firstSeq) == [0])
        guard case .reader(let lease)? = held.obstacle else {
            Issue.record("\(String(describing: held.obstacle))")
            return
        }
        #expect(lease.name == "ingest" && lease.nextSeq == 150)
        log.clock.advance(seconds: 8 * 86_400)
        let passed = try log.retain(bytes: 0)
        #expect(passed.expired.map(\.name) == ["ingest"] && passed.removed.count >= 3)
        #expect(try log.place.lines().contains { $0.line.contains("not waited for: ingest") })
    }

    @Test func readersArePassedByForce() throws {
        let log = try SealedLog()
        try log.write(300, segment: 100)
        ReaderLease(name: "ingest", nextSeq: 0, at: log.clock.now()).renew(in: log.place.log)
        #expect(try log.retain(bytes: 0) { $0.passesReaders = true }.removed.count == 2, "the newest stays")
    }

    @Test func aHoldKeepsEverything() throws {
        let log = try SealedLog()
        try log.write(300, segment: 100)
        try log.place.write(Array("case 4711\n".utf8), to: log.place.log.holdPath)
        let report = try log.retain(bytes: 0)
        #expect(report.removed.isEmpty && report.obstacle == .hold("case 4711"))
    }

    @Test func segmentsGoWhenTheirLastRecordIsOldEnough() throws {
        let log = try SealedLog()
        try log.write(300, segment: 100)
        let report = try log.retain(bytes: .max) { $0.ageSeconds = 150 * 60 }
        #expect(report.removed.map(\.firstSeq) == [0])
    }

    @Test func aCrashAtEachCallOfARemovalLeavesALogThatVerifies() throws {
        let log = try SealedLog()
        try log.write(300, segment: 100)
        var removed: Set<Int> = []
        var k = 0
        while k < 200, !removed.contains(2) {
            k += 1
            let files = FaultyFileSystem()
            let copy = try log.copy()
            var options = copy.options
            options.closeMilliseconds = 200
            let writer = try LogWriter.open(copy.place.log, options: options, clock: log.clock, files: files)
            files.die(atCall: k)
            var rule = Retention()
            (rule.bytes, rule.keepSeconds) = (0, 0)
            let report = try? writer.retain(by: rule)
            try? writer.close()
            removed.insert(report?.removed.count ?? 0)
            let found = try copy.verify()
            #expect(found.fault == nil, "call \(k): \(String(describing: found.fault))")
        }
        #expect(removed.isSuperset(of: [0, 1, 2]), "some die before, some in the middle, some never: \(removed)")
    }

    @Test func aDamagedSegmentStays() throws {
        let log = try SealedLog()
        try log.write(400, segment: 100)
        let path = log.place.log.segmentPath(0)
        var bytes = log.place.bytes(path)
        bytes[bytes.count / 2] ^= 0x20
        try log.place.write(bytes, to: path)
        #expect(try log.verify().fault != nil)
        let report = try log.retain(bytes: 0)
        #expect(report.removed.isEmpty, "evidence is not removed")
        #expect(log.place.bytes(path) == bytes)
        #expect(try log.verify().fault != nil)
    }

    @Test func nodesThatAreLostAreMadeAgainBeforeTheirRecordsGo() throws {
        let log = try SealedLog()
        try log.write(1300, segment: 200)
        try FileManager.default.removeItem(atPath: log.place.log.tilesPath)
        #expect(try log.retain(bytes: 4000).removed.count >= 3)
        #expect(try log.verify().fault == nil)
        // Those of removed records are nowhere else.
        try FileManager.default.removeItem(atPath: log.place.log.tilesPath)
        try log.write(300, segment: 100, from: 1300)
        let refused = try log.retain(bytes: 0)
        guard case .refused? = refused.obstacle else {
            Issue.record("\(String(describing: refused.obstacle))")
            return
        }
        #expect(refused.removed.isEmpty)
    }

    @Test func aCheckpointThatIsLostIsNotMissedAfterRetention() throws {
        let log = try SealedLog()
        try log.write(900, segment: 200)
        _ = try log.retain(bytes: 4000)
        try PosixFileSystem().remove(log.place.log.checkpointPath)
        try log.write(100, segment: 50, from: 900)
        let found = try log.verify()
        #expect(found.fault == nil && found.removed > 0, "\(String(describing: found.fault))")
    }

    @Test func aNewKeyIsNoFaultThoughTheRecordOfItIsGone() throws {
        let log = try SealedLog()
        try log.write(400, segment: 100)
        let origin = try LogIdentity.read(log.place.log).origin
        try PosixFileSystem().remove((log.options.stateFolder ?? "") + "/keys/" + origin + "/sign")
        try log.write(600, segment: 100, from: 400)
        #expect(try log.retain(bytes: 2500).removed.last?.nextSeq ?? 0 > 500)
        let found = try log.verify()
        #expect(found.fault == nil, "\(String(describing: found.fault))")
    }

    @Test func anUnsignedLogIsRetainedToo() throws {
        let log = try SealedLog()
        try log.write(400, segment: 100) { $0.stateFolder = nil }
        var options = log.options
        options.stateFolder = nil
        let writer = try LogWriter.open(log.place.log, options: options, clock: log.clock)
        var rule = Retention()
        (rule.bytes, rule.keepSeconds) = (2500, 0)
        #expect(try !writer.retain(by: rule).removed.isEmpty)
        try writer.close()
        let found = try LogVerifier(log.place.log).verify()
        #expect(found.fault == nil && found.removed > 0, "\(String(describing: found.fault))")
    }

    @Test func aClockThatIsAYearAheadRemovesNothingByItself() throws {
        let log = try SealedLog()
        try log.write(400, segment: 100)
        let files = PosixFileSystem()
        let sizes = try log.place.log.segments(on: files).map { log.place.bytes(log.place.log.segmentPath($0)).count }
        log.clock.advance(seconds: 366 * 86_400)
        var options = log.options
        options.sealsByItself = true
        var rule = Retention()
        // The first segment goes by size, which shows that retention was at work; the others would go by their age.
        (rule.bytes, rule.ageSeconds, rule.keepSeconds) = (sizes.reduce(0, +) - 1, 30 * 86_400, 0)
        options.retention = rule
        let writer = try LogWriter.open(log.place.log, options: options, clock: log.clock)
        let deadline = Date().addingTimeInterval(60)
        while try log.place.log.segments(on: files).first == 0, Date() < deadline { usleep(5000) }
        try writer.close()
        #expect(try log.place.log.segments(on: files).first == 100)
    }

    @Test func theClockIsBelievedForADayBeyondWhatTheLogHasLivedThrough() {
        let last = Timestamp(microseconds: 1_000_000_000_000)
        let (hour, day): (Int64, Int64) = (3_600_000_000, 86_400_000_000)
        let believable = { (began: Int64, now: Int64) in
            LogKeeper.believable(
                last.advanced(by: now), began: last.advanced(by: began), lastBefore: last
            ).since(last)
        }
        #expect(believable(hour, 2 * hour) == 2 * hour)
        #expect(believable(365 * day, 365 * day) == day)
        #expect(believable(365 * day, 365 * day + hour) == day + hour, "time goes on from there")
        #expect(LogKeeper.believable(last, began: last, lastBefore: nil) == last)
    }
}

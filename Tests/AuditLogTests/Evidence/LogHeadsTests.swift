import Events
import Foundation
import Testing

@testable import AuditLog

/// A log's heads: made while it is written, checked with its records, and what they show of changes to both.
@Suite struct LogHeadsTests {
    /// Signs a head whenever something has become durable.
    private func options(_ place: TemporaryLog) -> LogOptions {
        var options = LogOptions.plain
        options.stateFolder = place.log.path + "-state"
        options.headRecords = 1
        options.headMilliseconds = 1
        return options
    }

    /// Writes so many records, in commits of one to three.
    private func write(
        _ count: Int, to place: TemporaryLog, from first: Int = 0, files: any LogFileSystem = PosixFileSystem()
    ) throws {
        let writer = try LogWriter.open(place.log, options: options(place), files: files)
        for number in first..<first + count {
            let ticket = try #require(writer.append(number: number, padding: number % 50))
            if number % 3 != 1 { #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable) }
        }
        try writer.close()
    }

    private func leaves(_ place: TemporaryLog) throws -> [TreeHash] {
        try place.lines().map { line in Array(line.line.utf8).withUnsafeBytes { TreeHash.leaf($0) } }
    }

    /// RFC 6962 §2.1 word for word.
    private func naive(_ leaves: ArraySlice<TreeHash>) -> TreeHash {
        if leaves.count < 2 { return leaves.first ?? .empty }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        return .node(naive(leaves.prefix(split)), naive(leaves.dropFirst(split)))
    }

    @Test func everyHeadIsTheNaiveTreesAndEveryPairIsConsistent() throws {
        let place = try TemporaryLog()
        for part in 0..<3 { try write(40, to: place, from: part * 40) }
        let leaves = try leaves(place)
        let heads = try KeptHead.all(of: place.log)
        let key = try #require(try LogIdentity.read(place.log).verifier)
        #expect(heads.count >= 3 && heads.last?.head.size == 120)
        for head in heads {
            #expect(head.head.root == naive(leaves[..<Int(head.head.size)]))
            #expect(head.note.isSigned(by: key))
        }
        for (index, old) in heads.enumerated() {
            for new in heads[index...] where new.head.size > old.head.size {
                let path = TreeProof.consistency(from: old.head.size, to: new.head.size) { run in
                    naive(leaves[Int(run.lowerBound)..<Int(run.upperBound)])
                }
                #expect(
                    TreeProof.isConsistent(
                        from: old.head.size, old.head.root, to: new.head.size, new.head.root, path: path))
            }
        }
        let found = try LogVerifier(place.log, trusted: key).verify()
        #expect(found.fault == nil && found.signedSize == 120 && found.heads == heads.count + 1)
    }

    @Test func recordsThatWereChangedWithAllTheirChecksumsAreFound() throws {
        let place = try TemporaryLog()
        try write(30, to: place)
        let file = try #require(place.segmentFiles.first)
        // The whole segment written anew, one digit different, by somebody who can compute CRCs.
        var lines = try place.lines().map(\.line)
        lines[12] = lines[12].replacing("\"n\":12", with: "\"n\":13")
        var members = LineBuffer()
        let text = Array(lines.map { $0 + "\n" }.joined().utf8)
        try text.withUnsafeBytes { try Deflater(level: 6).append($0, to: &members) }
        try place.write(Array(members.bytes), to: file)
        let fault = try #require(try LogVerifier(place.log).verify().fault)
        #expect(fault.kind == .fork && fault.seq >= 12)
    }

    @Test func recordsThatAreGoneAreMissedAndTheLossHasToBeAccepted() throws {
        let place = try TemporaryLog()
        try write(30, to: place)
        let file = try #require(place.segmentFiles.first)
        let offsets = try SegmentCursor(PosixFileSystem().open(file, .read)).memberOffsets(limit: .max >> 1)
        let whole = place.bytes(file)
        // The last two members, and the hint on this host that they were there.
        try place.write(Array(whole[..<offsets[offsets.count - 2]]), to: file)
        try PosixFileSystem().remove(place.log.livePath)
        let kept = UInt64(try place.lines().count)
        #expect(kept < 30)
        #expect(try LogVerifier(place.log).verify().fault?.kind == .missing)
        let before = place.bytes(file)
        #expect {
            try LogWriter.open(place.log, options: options(place))
        } throws: { error in
            (error as? LogError)?.code == .signedDataMissing && (error as? LogError)?.exitCode == 5
        }
        #expect(place.bytes(file) == before, "nothing is touched before somebody accepts the loss")

        var accepting = options(place)
        accepting.acceptsLoss = true
        let writer = try LogWriter.open(place.log, options: accepting)
        #expect(writer.recovery.nextSeq == 30, "no seq is used again")
        #expect(writer.identity.epoch == 2)
        try writer.close()
        try write(10, to: place, from: 31)
        let found = try LogVerifier(place.log, trusted: try LogIdentity.read(place.log).verifier).verify()
        #expect(found.fault == nil, "\(String(describing: found.fault))")
        #expect(found.acceptedLoss == 30 - kept && found.signedSize == 41)
        #expect(UInt64(found.lostRecords) == 30 - kept)
    }

    @Test func aCheckpointThatIsGoneOrGarbageIsComputedAgain() throws {
        for garbage in [nil, "garbage", "vm/log/0\n1\nAAAA\n\n"] {
            let place = try TemporaryLog()
            try write(20, to: place)
            try PosixFileSystem().remove(place.log.checkpointPath)
            if let garbage { try place.write(Array(garbage.utf8), to: place.log.checkpointPath) }
            try write(5, to: place, from: 20)
            let found = try LogVerifier(place.log).verify()
            #expect(found.fault == nil && found.signedSize == 25)
        }
    }

    @Test func aLogFromBeforeItsHeadsGetsThem() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        for number in 0..<10 { writer.append(number: number) }
        try writer.close()
        #expect(try LogIdentity.read(place.log).key == nil)
        #expect(try LogVerifier(place.log).verify().signedSize == 0)
        try write(5, to: place, from: 10)
        let found = try LogVerifier(place.log).verify()
        #expect(found.fault == nil && found.signedSize == 15 && found.key != nil)
    }

    @Test func olderHeadsAreThinnedToOneAnHour() throws {
        let place = try TemporaryLog()
        let clock = ManualClock()
        var options = options(place)
        options.headBytes = 2000
        for part in 0..<6 {
            let writer = try LogWriter.open(place.log, options: options, clock: clock)
            for number in 0..<20 {
                let ticket = try #require(writer.append(number: part * 20 + number))
                #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable)
            }
            try writer.close()
            clock.advance(seconds: 3600)
        }
        let heads = try KeptHead.all(of: place.log)
        #expect(heads.last?.head.size == 120)
        for hour in 0..<5 { #expect(heads.contains { $0.head.size == UInt64(hour + 1) * 20 }) }
        let found = try LogVerifier(place.log).verify()
        #expect(found.fault == nil && found.heads == heads.count + 1)
        let lines = (0..<6).flatMap { hour in (0..<3).map { "{\"ts\":\"2026-11-23T0\(hour):0\($0)"[...] } }
        #expect(KeptHead.thinned(lines) == [2, 5, 8, 11, 14, 15, 16, 17].map { lines[$0] })
        #expect(KeptHead.thinned([]).isEmpty)
    }

    @Test func aHeadCutOffByACrashIsLeftOut() throws {
        let place = try TemporaryLog()
        try write(10, to: place)
        let heads = place.bytes(place.log.headsPath)
        try place.write(Array(heads.dropLast(30)), to: place.log.headsPath)
        #expect(try LogVerifier(place.log).verify().fault == nil)
        try write(5, to: place, from: 10)
        let found = try LogVerifier(place.log).verify()
        #expect(found.fault == nil && found.signedSize == 15)
    }

    @Test func aHeadFromElsewhereTellsALogFromItsReplacement() throws {
        let place = try TemporaryLog()
        try write(20, to: place)
        let monday = try #require(try KeptHead.all(of: place.log).last)
        let identity = try LogIdentity.read(place.log)
        // Whoever has the files and the key makes the log anew, with fewer records, and signs it.
        for path in place.segmentFiles + [place.log.checkpointPath, place.log.headsPath, place.log.livePath] {
            try PosixFileSystem().remove(path)
        }
        // The head noted beside the key goes, too: with it no writer would go on.
        #expect(throws: LogError.self) { try write(15, to: place, from: 500) }
        let state = try #require(options(place).stateFolder)
        try PosixFileSystem().remove(LogEvidence.notedHeadPath(identity.origin, state))
        try write(15, to: place, from: 500)
        #expect(try LogVerifier(place.log, trusted: identity.verifier).verify().fault == nil, "alone, it fits itself")
        let report = "# Week\n\n```\n\(monday.note.whole)```\n"
        let heads = HeadFinder.heads(of: identity.origin, in: report)
        #expect(heads.count == 1 && heads[0].head == monday.head)
        let witnesses = heads.map { ($0.note, $0.head, "week.md") }
        #expect(try LogVerifier(place.log, witnesses: witnesses).verify().fault?.kind == .missing)
        try write(10, to: place, from: 600)
        #expect(try LogVerifier(place.log, witnesses: witnesses).verify().fault?.kind == .fork)
    }

    @Test(arguments: ["<pre>\nNOTE</pre>", "    NOTE", "> NOTE", "{\"head\":\"JSON\"}", "NOTE"])
    func headsAreFoundInWhateverCarriesThem(frame: String) throws {
        let signer = try #require(NoteSigner(newKeyNamed: "vm/log/1"))
        let head = TreeHead(origin: "vm/log/1", size: 17, root: .empty)
        let note = try head.note(signedBy: signer)
        let prefix = frame.hasPrefix("    ") ? "    " : frame.hasPrefix(">") ? "> " : ""
        let framed = note.split(separator: "\n", omittingEmptySubsequences: false).map { prefix + $0 }
            .joined(separator: "\n")
        let escaped = note.replacing("\n", with: "\\n")
        let text =
            "before\n\n" + frame.replacing(prefix + "NOTE", with: framed).replacing("JSON", with: escaped) + "\nafter\n"
        let found = HeadFinder.heads(of: "vm/log/1", in: text)
        #expect(
            found.count == 1 && found.first?.head == head && found.first?.note.isSigned(by: signer.verifier) == true)
        #expect(HeadFinder.heads(of: "vm/log/2", in: text).isEmpty)
    }

    @Test func headsThatCannotBeWrittenAreToldAndCaughtUp() throws {
        let place = try TemporaryLog()
        var options = options(place)
        let told = Monitor<[String]>([])
        options.report = { trouble in
            let name = String("\(trouble)".prefix(10))
            // The disk of whoever runs the tests may be low.
            guard name.hasPrefix("heads") else { return }
            told.withLock { $0.append(name) }
            told.wakeAll()
        }
        let writer = try LogWriter.open(place.log, options: options)
        // Where the new checkpoint is to be made, something else is.
        try FileManager.default.createDirectory(
            atPath: place.log.checkpointPath + ".tmp", withIntermediateDirectories: true)
        let ticket = try #require(writer.append(number: 0))
        #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable, "records do not wait for heads")
        #expect(told.wait(milliseconds: 60_000) { $0 == ["headsBegan"] ? true : nil } == true)
        try FileManager.default.removeItem(atPath: place.log.checkpointPath + ".tmp")
        #expect(told.wait(milliseconds: 60_000) { $0 == ["headsBegan", "headsEnded"] ? true : nil } == true)
        try writer.close()
        let found = try LogVerifier(place.log).verify()
        #expect(found.fault == nil && found.signedSize == 1)
    }

    @Test func aHeadOfAnotherKeyIsNoHeadOfThisLog() throws {
        let place = try TemporaryLog()
        try write(5, to: place)
        let kept = try #require(try KeptHead.all(of: place.log).last)
        let stranger = try #require(NoteSigner(newKeyNamed: kept.head.origin))
        let line = KeptHead.line(try kept.head.note(signedBy: stranger), at: kept.timestamp)
        try place.write(place.bytes(place.log.headsPath) + Array(line.utf8), to: place.log.headsPath)
        #expect(try LogVerifier(place.log).verify().fault?.kind == .fork)
    }

    @Test func aLostKeyIsReplacedAndTheLogSaysSo() throws {
        let place = try TemporaryLog()
        try write(10, to: place)
        let old = try #require(try LogIdentity.read(place.log).verifier)
        try FileManager.default.removeItem(atPath: place.log.path + "-state")
        var options = options(place)
        options.writesOwnRecords = true
        let writer = try LogWriter.open(place.log, options: options)
        try writer.close()
        let new = try #require(try LogIdentity.read(place.log).verifier)
        #expect(new != old && new.name == old.name)
        #expect(try place.lines().contains { $0.line.contains("key_rotated") && $0.line.contains(old.description) })
        let found = try LogVerifier(place.log, trusted: old).verify()
        #expect(found.fault == nil && found.signedSize == 10, "the old key vouches for what it signed")
        #expect(try LogVerifier(place.log, trusted: new).verify().signedSize > 10)
    }

    @Test func proofsAreOnesThatTheHeadBearsOut() throws {
        let place = try TemporaryLog()
        try write(37, to: place)
        let (head, note) = try LogProver(place.log).newestHead()
        for seq in UInt64(0)..<37 {
            let lines = try LogProver(place.log).inclusion(of: seq).split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(lines[0] == "c2sp.org/tlog-proof@v1" && lines[2] == "index \(seq)")
            let line = try #require(Base64.decode(lines[1].dropFirst("extra ".count)))
            let hashes = lines[3...].prefix { !$0.isEmpty }
            let path = hashes.compactMap { Base64.decode($0).flatMap { TreeHash($0) } }
            let leaf = line.withUnsafeBytes { TreeHash.leaf($0) }
            #expect(path.count == hashes.count)
            #expect(TreeProof.root(of: leaf, at: seq, in: head.size, path: path) == head.root)
            #expect(lines[(4 + hashes.count)...].joined(separator: "\n") == note)
        }
        #expect { try LogProver(place.log).inclusion(of: 37) } throws: { ($0 as? LogError)?.code == .notFound }
    }

    @Test func whateverCallFailsHeadsStayThoseOfTheRecords() throws {
        // The k-th call that touches the disk fails, for every k; then the log is opened again as after a crash.
        for k in 1...60 {
            let place = try TemporaryLog()
            let files = FaultyFileSystem()
            files.failOnce(atCall: k)
            var options = options(place)
            options.segmentBytes = 600
            options.probeMilliseconds = 1
            if let writer = try? LogWriter.open(place.log, options: options, files: files) {
                for number in 0..<12 {
                    guard let ticket = writer.append(number: number, padding: 300) else { continue }
                    _ = writer.waitUntilDurable(ticket, milliseconds: 60_000)
                }
                try? writer.close()
            }
            try write(3, to: place, from: 100)
            let found = try LogVerifier(place.log).verify()
            #expect(found.fault == nil, "call \(k): \(String(describing: found.fault))")
            #expect(found.signedSize == found.nextSeq, "call \(k)")
        }
    }

    @Test func aLogThatIsBeingWrittenIsWholeAtEveryLook() throws {
        let place = try TemporaryLog()
        var options = options(place)
        options.segmentBytes = 2000
        let writer = try LogWriter.open(place.log, options: options)
        let isOver = Monitor(false)
        let thread = try WorkerThread(named: "test-writer") {
            for number in 0..<4000 where !isOver.withLock({ $0 }) {
                guard let ticket = writer.append(number: number, padding: number % 80) else { continue }
                if number % 5 == 0 { _ = writer.waitUntilDurable(ticket, milliseconds: 60_000) }
            }
        }
        var looks = 0
        var last: UInt64 = 0
        for _ in 0..<60 {
            let found = try LogVerifier(place.log).verify()
            #expect(found.fault == nil, "look \(looks): \(String(describing: found.fault))")
            #expect(found.nextSeq >= last)
            (last, looks) = (found.nextSeq, looks + 1)
        }
        isOver.withLock { $0 = true }
        thread.join()
        try writer.close()
        #expect(try LogVerifier(place.log).verify().fault == nil)
    }
}

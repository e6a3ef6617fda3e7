import Events
import Foundation
import Testing

@testable import AuditLog

/// A log that is verified while it is written, and somebody who changes it meanwhile.
///
/// The moments are handed in.
@Suite struct LiveVerifierTests {
    private static func minute(_ minutes: Int64) -> Timestamp {
        ManualClock().now().advanced(by: minutes * 60_000_000)
    }

    /// Looks often enough for what takes more than one.
    private func look(_ verifier: LiveVerifier, minute: Int64 = 0, times: Int = 1) throws -> LogVerification.Fault? {
        var fault: LogVerification.Fault?
        for _ in 0..<times { fault = try verifier.look(now: Self.minute(minute)) }
        return fault
    }

    /// Changes a text in a file, which must be there.
    private func change(_ place: TemporaryLog, _ path: String, _ change: (String) -> String) throws {
        let old = String(decoding: place.bytes(path), as: UTF8.self)
        let new = change(old)
        #expect(old != new)
        try place.write(Array(new.utf8), to: path)
    }

    /// Puts another record in the place of the last one of a segment: whole, compressed well, and not the one that was signed.
    private func forgeLastRecord(_ place: TemporaryLog, segment: UInt64) throws {
        let path = place.log.segmentPath(segment)
        let bytes = place.bytes(path)
        let cursor = try SegmentCursor(PosixFileSystem().open(path, .read))
        let offset = try #require(try cursor.memberOffsets(limit: bytes.count).last)
        cursor.seek(to: offset)
        guard case .block(_, _, let plaintext) = try cursor.next(limit: bytes.count) else {
            Issue.record("no member")
            return
        }
        let text = String(decoding: plaintext, as: UTF8.self).replacing("heartbeat", with: "log_close")
        #expect(text.utf8.count == plaintext.count && Array(text.utf8) != plaintext)
        var lines = LineBuffer()
        lines.append(raw: text)
        var member = LineBuffer()
        try Deflater(level: 6).append(lines.bytes, to: &member)
        try place.write(Array(bytes[..<offset]) + Array(member.bytes), to: path)
    }

    @Test func aLogThatGrowsAndIsSealedAndStartedAnewIsNeverReadWhole() throws {
        let log = try SealedLog()
        let verifier = LiveVerifier(log.place.log)
        #expect(throws: LogError.self, "there is none yet") { try verifier.look(now: Self.minute(0)) }
        for round in 0..<6 {
            try log.write(90, segment: 30, from: round * 90)
            #expect(try look(verifier, minute: Int64(round), times: 5) == nil)
        }
        #expect(try log.verify().sealed == 18)
        #expect(verifier.wholeChecks == 0, "nothing was odd")
    }

    @Test func recordsThatAreNotThoseOfTheNextHeadAreFound() throws {
        let log = try SealedLog()
        try log.write(40, segment: 1000)
        let verifier = LiveVerifier(log.place.log)
        #expect(try look(verifier) == nil)
        // Written, signed, and changed before anybody looked.
        try log.write(40, segment: 1000, from: 40)
        try forgeLastRecord(log.place, segment: 0)
        let fault = try #require(try look(verifier))
        #expect(try log.verify().fault?.seq == fault.seq)
        #expect(verifier.wholeChecks == 1)
    }

    @Test(arguments: ["checkpoint", "heads"])
    func aHeadThatIsNoneOfThisLogIsFound(_ which: String) throws {
        let log = try SealedLog()
        try log.write(40, segment: 1000)
        let verifier = LiveVerifier(log.place.log)
        #expect(try look(verifier) == nil)
        let place = log.place
        let other = try SealedLog()
        try other.write(50, segment: 1000)
        let head = try #require(try KeptHead.newest(of: other.place.log))
        if which == "heads" {
            try change(place, place.log.headsPath) { $0 + KeptHead.line(head.note.whole, at: head.timestamp) }
        } else {
            try place.write(place.bytes(other.place.log.checkpointPath), to: place.log.checkpointPath)
        }
        // Records that a head covers may still be on their way; they are not in the end.
        #expect(try look(verifier, times: HeadTrail.patience)?.kind != nil)
    }

    @Test func aLogThatIsPutBackToAnEarlierStateIsFound() throws {
        let log = try SealedLog()
        try log.write(40, segment: 1000)
        let early = try log.place.copy()
        try log.write(40, segment: 1000, from: 40)
        let verifier = LiveVerifier(log.place.log)
        #expect(try look(verifier) == nil)
        let late = try log.place.copy()
        func putBack(_ copy: TemporaryLog) throws {
            try FileManager.default.removeItem(atPath: log.place.log.path)
            try FileManager.default.copyItem(atPath: copy.log.path, toPath: log.place.log.path)
        }
        try putBack(early)
        #expect(try LogVerifier(log.place.log).verify().fault == nil, "alone, it fits itself")
        #expect(try look(verifier)?.kind == .missing)
        try putBack(late)
        #expect(try look(verifier, minute: 60) == nil)
    }

    @Test func missingRecordsAreGivenTimeToAppear() throws {
        let log = try SealedLog()
        try log.write(40, segment: 1000)
        let path = log.place.log.segmentPath(0)
        let whole = log.place.bytes(path)
        let verifier = LiveVerifier(log.place.log)
        try log.place.write(Array(whole[..<(whole.count / 2)]), to: path)
        #expect(try look(verifier, times: HeadTrail.patience - 1) == nil)
        #expect(verifier.wholeChecks == 0)
        try log.place.write(whole, to: path)
        #expect(try look(verifier) == nil && verifier.wholeChecks == 0)
    }

    @Test(arguments: ["byte", "manifest", "length"])
    func aSegmentThatIsNotAsItWasSealedIsFound(_ what: String) throws {
        let log = try SealedLog()
        try log.write(35, segment: 30)
        let verifier = LiveVerifier(log.place.log)
        #expect(try look(verifier, times: 3) == nil)
        try log.write(30, segment: 30, from: 35)
        let place = log.place
        let sealed = try #require(SegmentManifest.sealed(place.log, PosixFileSystem()).last)
        #expect(sealed > 0)
        let path = place.log.segmentPath(sealed)
        var bytes = place.bytes(path)
        switch what {
        case "byte":
            bytes[bytes.count / 2] ^= 1
            try place.write(bytes, to: path)
        case "length": try place.write(bytes + [0], to: path)
        default:
            let digest = try #require(try SegmentManifest.read(place.log, segment: sealed)).digest.hexadecimal
            try change(place, place.log.manifestPath(sealed)) { text in
                text.replacing(digest, with: String(digest.reversed()))
            }
        }
        let fault = try look(verifier, times: 4)
        #expect(try fault != nil && log.verify().fault?.seq == fault?.seq)
        #expect(verifier.wholeChecks == 1)
    }

    /// Whoever finds a fault looks at all of it again, but not all the time.
    @Test func aFaultStaysUntilTheWholeLogIsRightAndIsLookedForOnceAnHour() throws {
        let log = try SealedLog()
        try log.write(40, segment: 1000)
        let verifier = LiveVerifier(log.place.log)
        #expect(try look(verifier) == nil)
        try log.write(40, segment: 1000, from: 40)
        let path = log.place.log.segmentPath(0)
        let whole = log.place.bytes(path)
        try forgeLastRecord(log.place, segment: 0)
        let fault = try #require(try look(verifier))
        try log.place.write(whole, to: path)
        #expect(try look(verifier, minute: 59, times: 100) == fault && verifier.wholeChecks == 1)
        #expect(try look(verifier, minute: 60) == nil && verifier.wholeChecks == 2)
        try log.write(40, segment: 1000, from: 80)
        #expect(try look(verifier, minute: 61, times: 3) == nil && verifier.wholeChecks == 2)
    }

    @Test func aLogWithAFaultIsCheckedWholeByTheNextWatch() throws {
        let log = try SealedLog()
        try log.write(80, segment: 30)
        // Before the newest sealed segment, where a check of what is new never comes.
        let path = log.place.log.segmentPath(0)
        let whole = log.place.bytes(path)
        var bytes = whole
        bytes[bytes.count / 2] ^= 1
        try log.place.write(bytes, to: path)
        #expect(try look(LiveVerifier(log.place.log), times: 3) == nil)
        let next = LiveVerifier(log.place.log, isSuspect: true)
        #expect(try look(next) != nil && next.wholeChecks == 1)
        try log.place.write(whole, to: path)
        #expect(try look(LiveVerifier(log.place.log, isSuspect: true)) == nil)
    }

    @Test func noMoreIsReadAtOnceThanIsAllowed() throws {
        let log = try SealedLog()
        try log.write(600, segment: 10_000)
        try forgeLastRecord(log.place, segment: 0)
        let verifier = LiveVerifier(log.place.log)
        var looks = 0
        while try verifier.look(now: Self.minute(0), bytes: 4096) == nil, looks < 1000 { looks += 1 }
        #expect((5..<100).contains(looks), "\(looks) looks of 4 KiB or one member")
    }

    @Test func aNewKeyIsBelievedThatARecordNamesAndNoOther() throws {
        let log = try SealedLog()
        try log.write(40, segment: 1000)
        let verifier = LiveVerifier(log.place.log)
        #expect(try look(verifier) == nil)
        let origin = try LogIdentity.read(log.place.log).origin
        try FileManager.default.removeItem(atPath: "\(log.place.log.path).state/keys/\(origin)/sign")
        try log.write(40, segment: 1000, from: 40)
        #expect(try LogIdentity.read(log.place.log).verifier != nil)
        #expect(try look(verifier, times: 3) == nil && verifier.wholeChecks == 0)
        // The same records, signed by somebody else.
        let forger = try #require(NoteSigner(newKeyNamed: origin))
        let head = try #require(try KeptHead.newest(of: log.place.log)).head
        try change(log.place, log.place.log.headsPath) { text in
            let note = try? TreeHead(origin: origin, size: head.size, root: head.root).note(signedBy: forger)
            return text.split(separator: "\n").dropLast().joined(separator: "\n") + "\n"
                + KeptHead.line(note ?? "", at: ManualClock().now())
        }
        let next = LiveVerifier(log.place.log)
        #expect(try look(next, times: 3)?.kind == .fork)
    }

    @Test func aLogThatNobodySignsIsNoFault() throws {
        let place = try TemporaryLog()
        let writer = try LogWriter.open(place.log, options: .plain)
        for number in 0..<20 { writer.append(number: number) }
        try writer.close()
        let verifier = LiveVerifier(place.log)
        #expect(try look(verifier, times: 3) == nil && verifier.wholeChecks == 0)
    }
}

import Events
import Foundation
import Testing

@testable import AuditLog

/// The active file is removed or replaced under the writer: nothing that was acknowledged is lost, and readers notice nothing.
@Suite struct FileRescueTests {
    enum Deed: CaseIterable {
        case removed, replaced, movedAway, copiedOver, folderRemoved
    }

    private func path(_ log: TroubledLog) throws -> String {
        try #require(log.place.segmentFiles.last { $0.hasSuffix(".ndjson.gz") })
    }

    private func commit(_ deed: Deed, on path: String, _ log: TroubledLog) throws {
        let manager = FileManager.default
        switch deed {
        case .removed: try manager.removeItem(atPath: path)
        case .replaced:
            try log.place.write(Array("something else".utf8), to: path + ".new")
            try PosixFileSystem().rename(path + ".new", to: path)
        case .movedAway: try manager.moveItem(atPath: path, toPath: log.place.log.path + "/moved")
        case .copiedOver:
            try manager.copyItem(atPath: path, toPath: path + ".new")
            try PosixFileSystem().rename(path + ".new", to: path)
        case .folderRemoved: try manager.removeItem(atPath: log.place.log.segmentsPath)
        }
    }

    /// Noticed by itself where nothing is written, and else at the next commit, with what was acknowledged meanwhile.
    @Test(arguments: Deed.allCases, [true, false])
    func whatWasAcknowledgedStandsAtItsPlaceAgain(deed: Deed, isIdle: Bool) throws {
        let log = try TroubledLog { if !isIdle { $0.checkMilliseconds = 0 } }
        for number in 0..<5 { try log.durableCall(number) }
        try commit(deed, on: path(log), log)
        if isIdle { #expect(log.awaitReport("fileRestored")) }
        for number in 5..<10 { try log.durableCall(number) }
        if !isIdle, deed == .movedAway {
            // It has a name yet, so that no sync fails: the end of the segment notices it.
            log.writer.rotate()
        }
        #expect(log.awaitReport("fileRestored"))
        let records = try log.closeAndRead()
        #expect(records.calls == Array(0..<10) && records.gaps.isEmpty)
        let recovered = records.controls(.logRecovered)
        #expect(recovered.count == 1 && recovered.first?.text(.reason)?.contains("removed or replaced") == true)
        let quarantine = (try? PosixFileSystem().list(log.place.log.quarantinePath)) ?? []
        #expect(
            quarantine == (deed == .replaced || deed == .copiedOver ? ["\(LogDirectory.segmentName(0)).replaced"] : []))
        #expect(try LogWriter.open(log.place.log, options: .plain).nextSeq == UInt64(records.count))
    }

    @Test func itIsNoticedWithinASecond() throws {
        let log = try TroubledLog { $0.checkMilliseconds = LogOptions().checkMilliseconds }
        try log.durableCall(0)
        let path = try path(log)
        var slowest = Duration.zero
        for _ in 0..<3 {
            try FileManager.default.removeItem(atPath: path)
            let begun = ContinuousClock.now
            #expect(log.within { FileManager.default.fileExists(atPath: path) })
            slowest = max(slowest, ContinuousClock.now - begun)
        }
        // A second by itself; the rest is for a machine that is busy with other tests.
        #expect(slowest < .seconds(3), "\(slowest)")
        #expect(try log.closeAndRead().calls == [0])
    }

    @Test func whatIsRemovedAgainAndAgainIsNotLostEither() throws {
        let log = try TroubledLog { $0.checkMilliseconds = 1 }
        try log.durableCall(0)
        let path = try path(log)
        let end = ContinuousClock.now + .milliseconds(500)
        var number = 1
        while ContinuousClock.now < end {
            // At any moment of the rescue, that is.
            try? commit([.removed, .replaced].randomElement() ?? .removed, on: path, log)
            if number < 300, log.call(number) != nil { number += 1 }
        }
        log.awaitWell()
        let before = log.reports.count
        try? FileManager.default.removeItem(atPath: path)
        #expect(log.within { log.reports.count > before })
        let records = try log.closeAndRead()
        #expect(records.calls == Array(0..<number))
    }

    @Test func eachReplacementIsKept() throws {
        let log = try TroubledLog()
        try log.durableCall(0)
        let path = try path(log)
        for number in 1...3 {
            try commit(.replaced, on: path, log)
            #expect(log.within { log.reports.count { $0.contains("fileRestored") } == number })
        }
        #expect(try PosixFileSystem().list(log.place.log.quarantinePath).count == 3)
        for name in try PosixFileSystem().list(log.place.log.quarantinePath) {
            #expect(log.place.bytes(log.place.log.quarantinePath + "/" + name) == Array("something else".utf8))
        }
        #expect(try log.closeAndRead().calls == [0])
    }

    @Test(arguments: [nil, LogHold(events: 10, milliseconds: 30_000)])
    func whereItCannotBeRestoredTheFailPolicyHoldsAndItIsTriedAgain(hold: LogHold?) throws {
        let log = try TroubledLog { $0.hold = hold }
        for number in 0..<5 { try log.durableCall(number) }
        log.files.set(.replaceInputOutput)
        try commit(.removed, on: path(log), log)
        #expect(log.awaitReport("began") && log.writer.trouble != nil)
        #expect((log.call(5) != nil) == (hold != nil) && log.call(6, mayBeHeld: false) == nil)
        log.files.set(nil)
        #expect(log.awaitReport("fileRestored"))
        log.awaitWell()
        try log.durableCall(7)
        let records = try log.closeAndRead()
        #expect(records.calls == [0, 1, 2, 3, 4] + (hold == nil ? [] : [5]) + [7])
        #expect(records.gaps == [hold == nil ? 2 : 1])
    }

    /// What is read by one that follows, and by one that also reads what is not durable.
    @Test(arguments: [false, true])
    func whoFollowsLosesNothingAndGetsNothingTwice(uncommitted: Bool) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SmallGenerator(seed: seed)
        let log = try TroubledLog { $0.segmentBytes = 1500 }
        try log.durableCall(0)
        let reader = try LogReader(log.place.log, uncommitted: uncommitted)
        var seqs: [UInt64] = []
        func read() throws {
            while let block = try reader.nextBlock() {
                #expect(block.skipped == nil, "seed \(seed)")
                block.forEachLine { seq, _ in seqs.append(seq) }
            }
        }
        var number = 1
        for _ in 0..<40 {
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                try log.durableCall(number)
                number += 1
            }
            if Bool.random(using: &random) { try read() }
            let deeds: [Deed] = [.removed, .replaced, .movedAway, .copiedOver]
            if let deed = deeds.randomElement(using: &random), let path = try? path(log) {
                let before = log.reports.count { $0.contains("fileRestored") }
                try? commit(deed, on: path, log)
                if Bool.random(using: &random) { try read() }
                // A finished file is not the writer's any more, and nobody puts it back: the next commit begins another.
                try log.durableCall(number)
                number += 1
                let end = ContinuousClock.now + .milliseconds(200)
                while log.reports.count(where: { $0.contains("fileRestored") }) == before, ContinuousClock.now < end {
                    usleep(1000)
                }
            }
        }
        let last = try #require(log.call(number))
        #expect(log.awaitDurable(last))
        try read()
        try log.writer.close()
        try read()
        let count = try #require(seqs.last) + 1
        #expect(seqs == Array(0..<count), "seed \(seed)")
        #expect(count > UInt64(number), "seed \(seed)")
    }
}

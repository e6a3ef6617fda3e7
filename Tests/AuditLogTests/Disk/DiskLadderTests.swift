import Events
import Foundation
import Glibc
import Testing

@testable import AuditLog

/// What is done while there is less and less room, and that all of it is undone by itself.
@Suite struct DiskLadderTests {
    private static let reserve = 64 << 10

    private func log(room: Int, _ change: @escaping (inout LogOptions) -> Void = { _ in }) throws -> TroubledLog {
        let log = try TroubledLog {
            $0.reserveBytes = DiskLadderTests.reserve
            change(&$0)
        }
        // The first look is at the whole disk.
        #expect(log.within { reserveBytes(log) != nil })
        log.files.set(room: room)
        return log
    }

    private func reserveBytes(_ log: TroubledLog) -> Int? {
        let size = log.place.bytes(log.place.log.reservePath).count
        return size > 0 ? size : nil
    }

    @Test func aNearlyFullDiskLetsRetentionGoAheadAndNoLogWithoutOne() throws {
        for keepsForEver in [true, false] {
            let log = try SealedLog()
            try log.write(400, segment: 100)
            let files = FaultyFileSystem()
            files.set(room: FaultyFileSystem.total / 25)
            var options = log.options
            options.sealsByItself = true
            options.checkMilliseconds = 20
            var rule = Retention()
            (rule.ageSeconds, rule.keepSeconds) = (3650 * 86_400, 0)
            options.retention = keepsForEver ? nil : rule
            let writer = try LogWriter.open(log.place.log, options: options, clock: log.clock, files: files)
            let deadline = Date().addingTimeInterval(keepsForEver ? 0.5 : 60)
            while try log.place.log.segments(on: PosixFileSystem()).first == 0, Date() < deadline { usleep(10_000) }
            try writer.close()
            #expect(try (log.place.log.segments(on: PosixFileSystem()).first == 0) == keepsForEver)
            #expect(try log.verify().fault == nil)
        }
    }

    @Test func warnsOnceAtTwentyPercentAndAtFive() throws {
        let log = try log(room: FaultyFileSystem.total / 10)
        #expect(log.awaitReport("spaceLow(freePercent: 9)"))
        log.files.set(room: FaultyFileSystem.total / 25)
        #expect(log.awaitReport("spaceCritical(freePercent: 3)"))
        #expect(log.reports.count == 2, "told once each: \(log.reports)")
        // At the edge nothing is told again; after a recovery it is.
        for room in [FaultyFileSystem.total / 5, FaultyFileSystem.total / 10] {
            log.files.set(room: room)
            log.files.awaitLook()
        }
        #expect(log.reports.count == 2)
        for room in [FaultyFileSystem.total, FaultyFileSystem.total / 10] {
            log.files.set(room: room)
            log.files.awaitLook()
        }
        #expect(log.reports.count == 3 && log.reports.last == "spaceLow(freePercent: 9)")
        try log.writer.close()
    }

    @Test func whatIsNoCallIsRecordedFromTheReserveAndCallsAreDeniedUntilThereIsRoom() throws {
        let log = try log(room: 400)
        #expect(reserveBytes(log) == DiskLadderTests.reserve)
        var number = 0
        // The one that finds the disk full is recorded from the reserve: nothing is lost with it.
        while log.writer.isWell {
            let ticket = try #require(log.call(number))
            #expect(log.awaitDurable(ticket))
            number += 1
        }
        #expect(log.awaitReport("reserveOpened") && reserveBytes(log) == nil)
        #expect(log.call(1000) == nil && log.call(1001) == nil)
        let granted = try #require(log.writer.append(Control(.grantRevoked).with(.grant, "g").with(.by, "flag")))
        #expect(log.awaitDurable(granted), "there is room for what else happens")
        #expect(log.call(1002) == nil && log.writer.trouble == nil && !log.writer.isWell)
        log.files.set(room: 1 << 20)
        log.awaitWell()
        #expect(reserveBytes(log) == DiskLadderTests.reserve, "taken again first")
        try log.durableCall(number)
        #expect(log.awaitReport("ended(lost: 3)"))
        let records = try log.closeAndRead()
        #expect(records.calls == Array(0...number) && records.gaps == [3])
        #expect(records.controls(.grantRevoked).count == 1)
    }

    @Test func boundedCallsAreRecordedFromTheReserveWithinTheirBounds() throws {
        let log = try log(room: 0) { $0.hold = LogHold(events: 2, milliseconds: 30_000) }
        try log.durableCall(0)
        for number in 1...2 {
            let ticket = try #require(log.call(number))
            #expect(!ticket.isHeld && log.awaitDurable(ticket), "better than in memory")
        }
        #expect(log.call(3) == nil && log.call(4, mayBeHeld: false) == nil)
        log.files.set(room: 1 << 20)
        log.awaitWell()
        let records = try log.closeAndRead()
        #expect(records.calls == [0, 1, 2] && records.gaps == [2])
    }

    @Test func whereTheReserveIsUsedUpTooNothingIsRecordedAndAllResumes() throws {
        let log = try log(room: 0)
        try log.durableCall(0)
        log.files.set(room: 0)
        #expect(log.within { log.writer.append(number: 1, padding: 100) == nil })
        #expect(log.awaitReport("began") && log.writer.trouble?.number == 28)
        log.files.set(room: 1 << 20)
        log.awaitWell()
        try log.durableCall(2)
        #expect(reserveBytes(log) == DiskLadderTests.reserve)
        let records = try log.closeAndRead()
        #expect(records.calls == [0, 2] && records.gaps.count >= 1)
    }

    @Test func aLogThatClosesOnAFullDiskSaysWhatWasLost() throws {
        let log = try log(room: 0)
        try log.durableCall(0)
        #expect(log.call(1) == nil && log.call(2) == nil)
        let records = try log.closeAndRead()
        #expect(records.calls == [0] && records.gaps == [2])
    }

    @Test func theReserveOfAWriterBeforeIsUsedOnADiskThatIsStillFull() throws {
        let place = try TemporaryLog()
        var options = LogOptions.plain
        options.reserveBytes = DiskLadderTests.reserve
        try LogWriter.open(place.log, options: options).close()
        #expect(place.bytes(place.log.reservePath).count == DiskLadderTests.reserve)
        let files = FaultyFileSystem()
        files.set(room: 0)
        let writer = try LogWriter.open(place.log, options: options, files: files)
        let ticket = try #require(writer.append(number: 0))
        #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable)
        #expect(!writer.isWell)
        try writer.close()
    }

    @Test func theReserveIsNoMoreThanASixtyFourthOfTheFileSystem() throws {
        let place = try TemporaryLog()
        let files = FaultyFileSystem()
        files.set(room: FaultyFileSystem.total)
        var options = LogOptions.plain
        options.reserveBytes = 64 << 20
        let writer = try LogWriter.open(place.log, options: options, files: files)
        let ticket = try #require(writer.append(number: 0))
        #expect(writer.waitUntilDurable(ticket, milliseconds: 60_000) == .durable)
        #expect(place.bytes(place.log.reservePath).count == FaultyFileSystem.total / 64)
        try writer.close()
    }
}

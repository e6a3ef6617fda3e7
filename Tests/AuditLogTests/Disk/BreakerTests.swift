import Events
import Testing

@testable import AuditLog

/// A disk that hangs is no error, but blocks like one: after the first call that waited too long nobody waits any more.
@Suite struct BreakerTests {
    /// A log whose disk hangs with the record of call 0, whose wait has expired.
    private func hanging(_ hold: LogHold? = nil, mayBeHeld: Bool = false) throws -> (TroubledLog, LogTicket) {
        let log = try TroubledLog {
            $0.hold = hold
            $0.queueBytes = 256 << 10
        }
        log.files.holdSyncs()
        let first = try #require(log.call(0, mayBeHeld: mayBeHeld))
        log.files.awaitHeldSync()
        #expect(log.writer.waitUntilDurable(first, milliseconds: 10) == .timedOut)
        return (log, first)
    }

    @Test func afterTheFirstExpiredWaitCallsAreDeniedAtOnceUntilACommitSucceeds() throws {
        let (log, first) = try hanging()
        #expect(log.writer.isWell, "nobody has complained yet")
        #expect(log.writer.endWait(for: first) == .timedOut)
        #expect(!log.writer.isWell && log.reports == ["stalled"])
        for number in 1...5 { #expect(log.call(number) == nil, "denied, without waiting") }
        #expect(log.writer.endWait(for: first) == .timedOut && log.reports == ["stalled"], "told once")
        log.files.releaseSyncs()
        log.awaitWell()
        try log.durableCall(6)
        #expect(log.awaitReport("ended(lost: 5)"))
        let records = try log.closeAndRead()
        #expect(records.calls == [0, 6] && records.gaps == [5])
    }

    @Test func boundedCallsGoOnAtOnceWithinTheirBounds() throws {
        let (log, first) = try hanging(LogHold(events: 3, milliseconds: 30_000), mayBeHeld: true)
        #expect(log.writer.endWait(for: first) == .held)
        #expect(log.call(1)?.isHeld == true && log.call(2)?.isHeld == true && log.call(3) == nil)
        #expect(log.call(4, mayBeHeld: false) == nil)
        log.files.releaseSyncs()
        log.awaitWell()
        let records = try log.closeAndRead()
        #expect(records.calls == [0, 1, 2] && records.gaps == [2])
    }

    @Test func aWaitThatEndsAsTheCommitComesIsADurableOne() throws {
        let log = try TroubledLog()
        let ticket = try #require(log.call(0))
        #expect(log.awaitDurable(ticket))
        #expect(log.writer.endWait(for: ticket) == .durable && log.writer.isWell)
        try log.writer.close()
    }

    @Test func aHangThatEndsInAnErrorIsARefusalAndResumesToo() throws {
        let (log, first) = try hanging()
        #expect(log.writer.endWait(for: first) == .timedOut)
        #expect(log.call(1) == nil)
        log.files.set(.syncAfterHold)
        log.files.releaseSyncs()
        #expect(log.awaitReport("began") && log.awaitReport("ended"))
        try log.durableCall(2)
        let records = try log.closeAndRead()
        #expect(records.calls == [2] && records.gaps == [2], "the one that hung, and the one that was denied")
    }

    @Test(arguments: [nil, LogHold(events: 100_000, milliseconds: 3_600_000)])
    func aHangOfFiveSecondsIsBoundedInMemoryBlocksNobodyAndLosesNothingUncounted(hold: LogHold?) throws {
        let (log, first) = try hanging(hold)
        #expect(log.writer.endWait(for: first) == .timedOut)
        let begun = ContinuousClock.now
        var (number, slowest) = (0, Duration.zero)
        var most = 0
        while ContinuousClock.now - begun < .milliseconds(5200) {
            number += 2
            let before = ContinuousClock.now
            log.call(number)
            log.writer.append(number: number, padding: 200)
            slowest = max(slowest, ContinuousClock.now - before)
            most = max(most, log.writer.backlogBytes)
        }
        #expect(slowest < .seconds(2), "a queue that is full slows nobody down while the disk hangs")
        #expect(most >= 200 << 10 && most < 258 << 10, "\(most) bytes")
        log.files.releaseSyncs()
        log.awaitWell()
        let records = try log.closeAndRead()
        let others = records.controls(.heartbeat).count
        #expect(records.calls.count + others + records.gaps.reduce(0, +) == number + 1)
        #expect(records.gaps.count == 1)
        if hold == nil { #expect(records.calls == [0]) } else { #expect(records.calls.count > 50) }
    }
}

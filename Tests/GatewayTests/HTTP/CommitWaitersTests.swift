import AuditLog
import Events
import NIOCore
import NIOPosix
import Testing

@testable import Gateway

/// Calls go on once their records are durable, in the order of the log; the loop never waits for the disk.
struct CommitWaitersTests {
    /// A call, confined to the loop but for ``ends``.
    private final class Call: CommitWaiter, @unchecked Sendable {
        enum End: Equatable, Sendable {
            case committed
            case notCommitted(recordMayCome: Bool)
        }

        let number: Int
        var ticket: LogTicket?
        var decidedAt = NIODeadline.now()
        var hasGivenUp = false
        private let ends: Monitor<[(number: Int, end: End)]>

        init(_ number: Int, _ ends: Monitor<[(number: Int, end: End)]>) {
            self.number = number
            self.ends = ends
        }

        func committed() { note(.committed) }
        func notCommitted(recordMayCome: Bool) { note(.notCommitted(recordMayCome: recordMayCome)) }

        private func note(_ end: End) {
            ends.withLock { $0.append((number, end)) }
            ends.wakeAll()
        }
    }

    private let log: GatewayLog
    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let waiters: CommitWaiters
    private let ends = Monitor<[(number: Int, end: Call.End)]>([])

    init() throws {
        log = try GatewayLog()
        waiters = CommitWaiters(log: log.writer, loop: loop, patience: .seconds(2))
    }

    /// Queues the record of a call and lets the call wait for it, as an exchange does.
    @discardableResult
    private func begin(_ number: Int) throws -> Call {
        try loop.submit { [self] in
            let call = Call(number, ends)
            waiters.arm()
            call.ticket = log.writer.append { _, _ in .control(Control(.heartbeat).with(.n, number)) }
            waiters.add(call)
            return call
        }.wait()
    }

    private func onLoop(_ body: @escaping @Sendable () -> Void) throws {
        try loop.submit(body).wait()
    }

    private func mustWait() throws -> Bool {
        try loop.submit { [self] in waiters.mustWait }.wait()
    }

    /// The ends so far, once there are `count`.
    private func ends(_ count: Int) -> [(number: Int, end: Call.End)] {
        let all = ends.wait(milliseconds: 60_000) { $0.count >= count ? $0 : nil }
        return all ?? ends.withLock { $0 }
    }

    private func finish() throws {
        try onLoop { [self] in waiters.close() }
        try? log.writer.close()
    }

    @Test func everyDurableCallGoesOnOnceAndInOrder() throws {
        for number in 0..<500 { try begin(number) }
        #expect(ends(500).map(\.number) == Array(0..<500))
        try onLoop { [self] in
            waiters.settle()
            waiters.giveUp(now: .now() + .hours(1))
        }
        let all = ends(500)
        #expect(all.count == 500 && all.allSatisfy { $0.end == .committed })
        try finish()
    }

    @Test func nothingGoesOnBeforeItsRecordIsDurable() throws {
        log.disk.hold(true)
        try begin(0)
        log.disk.awaitHeld()
        try begin(1)
        try onLoop { [self] in waiters.settle() }
        #expect(ends(0).isEmpty)
        log.disk.hold(false)
        #expect(ends(2).map(\.number) == [0, 1])
        try finish()
    }

    @Test func whatTheDiskRefusesIsToldSoAndWillNotCome() throws {
        log.disk.hold(true)
        try begin(0)
        log.disk.awaitHeld()
        try begin(1)
        log.disk.refuse(true)
        log.disk.hold(false)
        let all = ends(2)
        #expect(all.map(\.number) == [0, 1])
        #expect(all.allSatisfy { $0.end == .notCommitted(recordMayCome: false) })
        log.disk.refuse(false)
        try finish()
    }

    @Test func aCommitThatTakesTooLongIsGivenUpButMayCome() throws {
        log.disk.hold(true)
        let first = try begin(0)
        log.disk.awaitHeld()
        let second = try begin(1)
        try onLoop { [self] in
            second.decidedAt = first.decidedAt + .seconds(1)
            waiters.giveUp(now: first.decidedAt + .seconds(2))
        }
        #expect(ends(0).isEmpty, "two seconds exactly are not too long")
        try onLoop { [self] in waiters.giveUp(now: first.decidedAt + .milliseconds(2001)) }
        #expect(ends(1).map(\.number) == [0])
        #expect(ends(1).map(\.end) == [.notCommitted(recordMayCome: true)])
        log.disk.hold(false)
        let all = ends(2)
        #expect(all.map(\.number) == [0, 1] && all.last?.end == .committed, "and not once more")
        try finish()
    }

    @Test func whileTheDiskHangsBoundedCallsGoOnAndAllOthersAreDeniedAtOnce() throws {
        let log = try GatewayLog { $0.hold = LogHold(events: 1, milliseconds: 60_000) }
        let waiters = CommitWaiters(log: log.writer, loop: loop, patience: .seconds(2))
        let draft = Decision(
            gateway: "g", identity: .grant, server: "s", transport: .http, method: "tools/call", verdict: .allow,
            mode: .enforce, reason: .allowed)
        log.disk.hold(true)
        let tickets = try loop.submit { [self] in
            var tickets: [LogTicket?] = []
            for number in 0..<2 {
                let call = Call(number, ends)
                waiters.arm()
                var decision = draft
                call.ticket = log.writer.append(&decision, mayBeHeld: number == 0) { _, _ in true }
                tickets.append(call.ticket)
                waiters.add(call)
            }
            waiters.giveUp(now: .now() + .seconds(3))
            var decision = draft
            tickets.append(log.writer.append(&decision, mayBeHeld: true) { _, _ in true })
            return tickets
        }.wait()
        #expect(ends(2).map(\.end) == [.committed, .notCommitted(recordMayCome: true)])
        let (isWell, isCrowded) = (log.writer.isWell, log.writer.isCrowded(beyond: 0))
        #expect(tickets.map { $0 != nil } == [true, true, false] && !isWell)
        #expect(!isCrowded, "nobody waits for room: all are answered at once")
        log.disk.hold(false)
        try onLoop { waiters.close() }
        try log.writer.close()
        try finish()
    }

    @Test func whoHasGivenUpIsToldNothingAndHoldsNobodyBack() throws {
        log.disk.hold(true)
        let gone = try begin(0)
        log.disk.awaitHeld()
        try begin(1)
        let late = try begin(2)
        try onLoop { [self] in
            gone.hasGivenUp = true
            late.hasGivenUp = true
            waiters.giveUp(now: .now())
        }
        log.disk.hold(false)
        #expect(ends(1).map(\.number) == [1])
        try onLoop { [self] in waiters.settle() }
        #expect(ends(1).count == 1)
        try finish()
    }

    @Test func noCommitIsMissedWhenOneComesAtATime() throws {
        // Each is awaited before the next begins: a lost notice would leave the last one waiting for the sweep.
        for number in 0..<200 {
            try begin(number)
            let count = ends(number + 1).count
            if count != number + 1 {
                Issue.record("call \(number) was never told")
                break
            }
        }
        try finish()
    }

    @Test func whatIsNewWaitsForRoomInOrderAndGoesOnWithIt() throws {
        log.disk.hold(true)
        try begin(0)
        log.disk.awaitHeld()
        #expect(try !mustWait())
        let text = String(repeating: "x", count: 60_000)
        while log.writer.backlogBytes <= 4 << 20 { log.writer.append(Control(.heartbeat).with(.summary, text)) }
        let ends = ends
        try onLoop { [waiters] in
            for number in 10..<13 {
                waiters.whenRoom {
                    ends.withLock { $0.append((number, .committed)) }
                    ends.wakeAll()
                }
            }
            waiters.settle()
            if !waiters.mustWait { Issue.record("it is crowded") }
        }
        #expect(self.ends(0).isEmpty)
        log.disk.hold(false)
        let numbers = self.ends(4).map(\.number)
        #expect(numbers.filter { $0 >= 10 } == [10, 11, 12] && Set(numbers) == [0, 10, 11, 12])
        #expect(try !mustWait())
        try finish()
    }

    @Test func withRoomWhatIsNewGoesOnAtOnce() throws {
        let ran = Monitor(false)
        try onLoop { [waiters] in waiters.whenRoom { ran.withLock { $0 = true } } }
        #expect(ran.withLock { $0 })
        try finish()
    }
}

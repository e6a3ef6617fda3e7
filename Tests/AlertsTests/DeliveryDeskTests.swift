import Events
import Foundation
import Synchronization
import Testing

@testable import Alerts

@Suite struct DeliveryDeskTests {
    /// A clock that tests turn, and everything that runs by it.
    private final class World: Sendable {
        let scratch: String
        let outbox: Outbox
        let now = Mutex(AlertBookTests.start)
        let reports = Mutex<[SinkReport]>([])

        init() throws {
            scratch = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
            outbox = try Outbox(path: "\(scratch)/outbox")
        }

        deinit { try? FileManager.default.removeItem(atPath: scratch) }

        func desk(_ sinks: [any AlertSink], retry: RetrySchedule = .standard) -> DeliveryDesk {
            DeliveryDesk(
                outbox: outbox, sinks: sinks, retry: retry, clock: { [self] in now.withLock { $0 } }, jitter: { 1 },
                report: { [self] report in reports.withLock { $0.append(report) } })
        }

        func note(_ notice: AlertNotice, _ sinks: [any AlertSink]) throws {
            try outbox.note(OutboxTests.standing(notice), seq: nil, sinks: sinks, now: now.withLock { $0 })
        }

        func turn(minutes: Double) {
            now.withLock { $0 = $0.advanced(by: Int64(minutes * 60_000_000)) }
        }
    }

    private func wait(_ what: Comment, until isTrue: () throws -> Bool) rethrows {
        let deadline = ContinuousClock().now + .seconds(20)
        while try !isTrue() {
            guard ContinuousClock().now < deadline else {
                Issue.record(what)
                return
            }
            usleep(1000)
        }
    }

    @Test func aBrokenSinkDelaysNoOther() throws {
        let world = try World()
        let gate = DispatchSemaphore(value: 0)
        let stuck = MemorySink("stuck", gate: gate)
        let sound = MemorySink("sound")
        let notices = (0..<20).map { OutboxTests.notice("agent \($0)") }
        for notice in notices { try world.note(notice, [stuck, sound]) }
        let desk = world.desk([stuck, sound])
        wait("the sound sink has all") { sound.deliveries.count == 20 }
        #expect(sound.deliveries.map(\.key) == notices.map(\.key))
        #expect(stuck.deliveries.isEmpty && !desk.drain(timeoutMilliseconds: 1))
        for _ in notices { gate.signal() }
        #expect(desk.drain(timeoutMilliseconds: 20_000))
        #expect(stuck.deliveries.map(\.key) == notices.map(\.key))
        desk.close()
    }

    @Test func failuresAreTriedAgainUnderTheSameKey() throws {
        let world = try World()
        var busy = SinkError(.status, "status 429")
        busy.retryAfterMilliseconds = 120_000
        let sink = MemorySink("flaky", failures: [SinkError(.status, "status 503"), busy])
        let notice = OutboxTests.notice("one")
        try world.note(notice, [sink])
        let desk = world.desk([sink])
        wait("first attempt") { world.reports.withLock(\.count) == 1 }
        world.turn(minutes: 0.1)
        wait("second attempt") { world.reports.withLock(\.count) == 2 }
        #expect(world.reports.withLock { $0.map(\.retryMilliseconds) } == [1000, 120_000])
        world.turn(minutes: 1.9)
        usleep(400_000)
        #expect(sink.attempts.count == 2, "the receiver asked for two minutes")
        world.turn(minutes: 0.2)
        wait("delivered") { sink.deliveries.count == 1 }
        #expect(sink.attempts.map(\.key) == [notice.key, notice.key, notice.key])
        desk.close()
    }

    @Test func whatAReceiverAsksForHoldsForAllItsMessages() throws {
        let world = try World()
        var busy = SinkError(.status, "status 429")
        busy.retryAfterMilliseconds = 60_000
        let sink = MemorySink("busy", failures: [busy])
        for agent in ["one", "two", "three"] { try world.note(OutboxTests.notice(agent), [sink]) }
        let desk = world.desk([sink])
        wait("first attempt") { world.reports.withLock(\.count) == 1 }
        world.turn(minutes: 0.9)
        usleep(600_000)
        #expect(sink.attempts.count == 1)
        world.turn(minutes: 0.2)
        wait("all three") { sink.deliveries.count == 3 }
        desk.close()
    }

    @Test func whatCanNeverWorkIsDeadAtOnceAndWhatFailsForADayToo() throws {
        let world = try World()
        var final = SinkError(.status, "status 404")
        final.isFinal = true
        let sink = MemorySink("broken", failures: [final] + (0..<40).map { _ in SinkError(.timeout, "late") })
        let (first, second) = (OutboxTests.notice("one"), OutboxTests.notice("two"))
        try world.note(first, [sink])
        try world.note(second, [sink])
        let desk = world.desk([sink])
        wait("both tried") { world.reports.withLock(\.count) == 2 }
        #expect(try world.outbox.deliveries(of: first.id).map(\.state) == ["dead"])
        world.turn(minutes: 1441)
        wait("given up") { world.reports.withLock(\.count) == 3 }
        #expect(world.reports.withLock { $0.last?.retryMilliseconds } == nil)
        wait("dead") { (try? world.outbox.deliveries(of: second.id).map(\.state)) == ["dead"] }
        desk.close()
    }

    @Test func whatAKilledWatchLeftIsDeliveredByTheNext() throws {
        let world = try World()
        let sink = MemorySink("a")
        let notice = OutboxTests.notice("one")
        try world.note(notice, [sink])
        // A watch that was killed after the receiver had it and before that was noted: the same key comes twice.
        try sink.deliver(AlertDelivery(key: notice.key, lane: notice.id, notices: [notice]))
        let desk = world.desk([sink])
        wait("again") { sink.deliveries.count == 2 }
        #expect(Set(sink.deliveries.map(\.key)) == [notice.key])
        desk.close()
    }
}

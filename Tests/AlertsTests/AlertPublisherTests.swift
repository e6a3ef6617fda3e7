import Detection
import Events
import Testing

@testable import Alerts

@Suite struct AlertPublisherTests {
    /// A watch's log and outbox on a scripted clock; publishers come and go as watches do.
    private final class World {
        let scratch: Scratch
        let outbox: Outbox
        let sink = MemorySink("a")
        var log: [Record] = []
        var now = AlertBookTests.start
        var failsAfterLog = false

        struct Killed: Error {}

        init() throws {
            scratch = try Scratch()
            outbox = try Outbox(path: "\(scratch.path)/o")
            try outbox.begin(at: 0)
        }

        func publisher() throws -> AlertPublisher {
            let publisher = try AlertPublisher(
                outbox: outbox, sinks: [sink],
                append: { [self] control in
                    log.append(Record(seq: UInt64(log.count), timestamp: now, body: .control(control)))
                    if failsAfterLog { throw Killed() }
                    return UInt64(log.count - 1)
                }, clock: { [self] in now }, wake: {})
            let cursor = try outbox.cursor() ?? 0
            for record in log where record.seq >= cursor { try publisher.recover(record) }
            return publisher
        }

        var states: [String] {
            log.compactMap { record in
                guard case .control(let control) = record.body else { return nil }
                return [control.text(.rule), control.text(.state), control.text(.by)].compactMap(\.self)
                    .joined(separator: " ")
            }
        }
    }

    private static func step(_ state: AlertState = .firing, at minutes: Double = 1) -> AlertTransition {
        var alert = Alert(AlertBookTests.finding(from: 0, to: 1))
        alert.state = state
        alert.firedAt = AlertBookTests.minute(1)
        if state == .resolved { alert.resolvedAt = AlertBookTests.minute(minutes) }
        return AlertTransition(
            alert: alert, from: nil, cause: state == .firing ? .raised : .cleared, at: AlertBookTests.minute(minutes))
    }

    @Test func aStepThatAKilledWatchHadLoggedIsQueuedByTheNextAndOnce() throws {
        let world = try World()
        world.failsAfterLog = true
        #expect(throws: World.Killed.self) { try world.publisher().publish(Self.step()) }
        #expect(try world.outbox.waiting(for: ["a"]) == 0)
        world.failsAfterLog = false
        _ = try world.publisher()
        #expect(try world.outbox.waiting(for: ["a"]) == 1)
        #expect(try world.outbox.next(for: "a", now: world.now)?.delivery.key == AlertNotice(Self.step()).key)
        _ = try world.publisher()
        #expect(try world.outbox.waiting(for: ["a"]) == 1 && world.log.count == 1)
    }

    @Test func whatPeopleAskForIsOnRecordWithWhoAndWhy() throws {
        let world = try World()
        let publisher = try world.publisher()
        try publisher.publish(Self.step())
        let id = Self.step().alert.id
        let acknowledge = try world.outbox.ask(.acknowledge(id: id, reason: "mine"), who: "ana", now: world.now)
        let unknown = try world.outbox.ask(.acknowledge(id: "0", reason: nil), who: "ana", now: world.now)
        try publisher.tick()
        #expect(try world.outbox.answer(to: acknowledge)?.done == "acknowledged")
        #expect(try world.outbox.answer(to: unknown)?.refusal == "no alert 0 is open")
        #expect(world.states == ["loop firing", "loop acknowledged ana"])
        #expect(try world.outbox.standings().map(\.state) == ["acknowledged"])
        guard case .control(let control) = try #require(world.log.last).body else { return }
        #expect(control.text(.reason) == "mine")
        #expect(AlertTransition(control: control) == nil, "a person's word is no step of the detectors'")
    }

    @Test func aSilenceOutlivesTheWatch() throws {
        let world = try World()
        let ask = DeskRequest.silence(
            matchers: [AlertMatcher(.tool, "build")], microseconds: 3_600_000_000, reason: "release", factor: nil)
        let number = try world.outbox.ask(ask, who: "ana", now: world.now)
        try world.publisher().tick()
        let answer = try #require(try world.outbox.answer(to: number))
        #expect(try world.outbox.silences(now: world.now).map(\.id) == [answer.id])
        let next = try world.publisher()
        try next.publish(Self.step())
        #expect(try world.outbox.waiting(for: ["a"]) == 0)
        _ = try world.outbox.ask(.unsilence(id: answer.id), who: "ben", now: world.now)
        try next.tick()
        #expect(try world.outbox.waiting(for: ["a"]) == 1)
        #expect(
            world.states == [
                "alert_silence active ana", "loop firing", "loop silenced ana", "alert_silence ended ben",
                "loop firing",
            ])
    }

    @Test func resendingRevivesTheDeadOrTellsAnew() throws {
        let world = try World()
        let publisher = try world.publisher()
        try publisher.publish(Self.step())
        let id = Self.step().alert.id
        let first = try #require(try world.outbox.next(for: "a", now: world.now))
        try world.outbox.end(first.number, error: "status 410", retry: nil, now: world.now)
        _ = try world.outbox.ask(.resend(id: id), who: "ana", now: world.now)
        try publisher.tick()
        let again = try #require(try world.outbox.next(for: "a", now: world.now))
        #expect(again.delivery.key == first.delivery.key)
        try world.outbox.end(again.number, error: nil, retry: nil, now: world.now)
        _ = try world.outbox.ask(.resend(id: id), who: "ana", now: world.now)
        try publisher.tick()
        let anew = try #require(try world.outbox.next(for: "a", now: world.now))
        #expect(anew.delivery.key != first.delivery.key && anew.delivery.notices.map(\.cause) == ["resent"])
    }
}

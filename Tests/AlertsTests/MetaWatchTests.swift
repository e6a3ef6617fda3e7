import Events
import Foundation
import Testing

@testable import Alerts

@Suite struct MetaWatchTests {
    private static func minute(_ minutes: Double) -> Timestamp { AlertBookTests.minute(minutes) }

    @Test(arguments: [MetaWatch.Condition.noEvents, .ingestLag])
    func whatIsMissingIsAnAlertUntilItComes(_ condition: MetaWatch.Condition) {
        var watch = MetaWatch()
        #expect(watch.observe(condition, "all logs", problem: nil, now: Self.minute(0)).isEmpty)
        let raised = watch.observe(condition, "all logs", problem: "no record for 1 h", now: Self.minute(60))
        #expect(raised.map(\.state) == ["firing"] && raised.map(\.notice.severity) == ["warn"])
        #expect(watch.observe(condition, "all logs", problem: "no record for 2 h", now: Self.minute(120)).isEmpty)
        let over = watch.observe(condition, "all logs", problem: nil, now: Self.minute(121))
        #expect(over.map(\.state) == ["resolved"] && over.map(\.notice.id) == raised.map(\.notice.id))
        #expect(over.first?.notice.key != raised.first?.notice.key)
    }

    @Test func aSinkMayFailForFiveMinutes() {
        var watch = MetaWatch()
        #expect(watch.observe(.sinkFailing, "webhook:x", problem: "503", now: Self.minute(0)).isEmpty)
        #expect(watch.observe(.sinkFailing, "webhook:x", problem: "503", now: Self.minute(4.9)).isEmpty)
        #expect(watch.observe(.sinkFailing, "webhook:x", problem: nil, now: Self.minute(4.95)).isEmpty)
        #expect(watch.observe(.sinkFailing, "webhook:x", problem: "503", now: Self.minute(5)).isEmpty)
        #expect(
            watch.observe(.sinkFailing, "webhook:x", problem: "503", now: Self.minute(10)).map(\.state) == ["firing"])
        #expect(watch.observe(.sinkFailing, "webhook:y", problem: "503", now: Self.minute(10)).isEmpty)
    }

    @Test(arguments: [MetaWatch.Condition.gap, .logUnreadable])
    func momentsAreOverTenMinutesAfterTheLast(_ condition: MetaWatch.Condition) {
        var watch = MetaWatch()
        #expect(watch.observe(condition, "gw", problem: "7 calls", now: Self.minute(0)).map(\.state) == ["firing"])
        #expect(watch.observe(condition, "gw", problem: "8 calls", now: Self.minute(5)).isEmpty)
        #expect(watch.tick(Self.minute(14.9)).isEmpty)
        #expect(watch.tick(Self.minute(15)).map(\.state) == ["resolved"])
        #expect(watch.tick(Self.minute(16)).isEmpty)
    }

    /// What was changed does not become right by waiting.
    @Test func aFailedVerificationFiresUntilTheLogIsWholeAgain() {
        var watch = MetaWatch()
        let raised = watch.observe(.verificationFailed, "gw", problem: "log gw is damaged", now: Self.minute(0))
        #expect(raised.map(\.state) == ["firing"] && raised.map(\.notice.severity) == ["page"])
        #expect(raised.first?.notice.rule == "verification_failed")
        #expect(watch.subjects(of: .verificationFailed) == ["gw"] && watch.subjects(of: .gap).isEmpty)
        #expect(watch.tick(Self.minute(10_000)).isEmpty)
        var next = MetaWatch(open: raised.map(\.notice))
        #expect(next.subjects(of: .verificationFailed) == ["gw"], "the next watch has to look at all of it")
        #expect(next.observe(.verificationFailed, "gw", problem: "still", now: Self.minute(10_001)).isEmpty)
        let over = next.observe(.verificationFailed, "gw", problem: nil, now: Self.minute(10_002))
        #expect(over.map(\.state) == ["resolved"] && over.map(\.notice.id) == raised.map(\.notice.id))
    }

    @Test func aRestartRaisesNothingTwice() throws {
        var watch = MetaWatch()
        let raised = try #require(watch.observe(.gap, "gw", problem: "7 calls", now: Self.minute(0)).first)
        var next = MetaWatch(open: [raised.notice])
        #expect(next.observe(.gap, "gw", problem: "7 calls", now: Self.minute(1)).isEmpty)
        #expect(next.tick(Self.minute(11)).map(\.notice.id) == [raised.notice.id])
    }

    @Test func theOutboxKnowsWhichSinksFail() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        for name in ["slow", "dead", "sound"] {
            try outbox.note(
                OutboxTests.standing(OutboxTests.notice("one")), seq: nil, sinks: [MemorySink(name)],
                now: Self.minute(0))
        }
        for (name, retry) in [("slow", Self.minute(2)), ("dead", nil)] {
            let next = try #require(try outbox.next(for: name, now: Self.minute(0)))
            try outbox.end(next.number, error: "status 503", retry: retry, now: Self.minute(0))
        }
        let found = try outbox.failing(now: Self.minute(1))
        #expect(found.keys.sorted() == ["dead", "slow"] && found["slow"]?.contains("503") == true)
        #expect(try outbox.failing(now: Self.minute(61)).keys.sorted() == ["slow"])
    }
}

import Detection
import Events
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Alerts

/// A sink in memory that fails as its script says.
final class MemorySink: AlertSink {
    let name: String
    let gathers: Bool
    private let script: Mutex<[SinkError]>
    private let gate: DispatchSemaphore?
    private let delivered = Mutex<[AlertDelivery]>([])
    private let tried = Mutex<[AlertDelivery]>([])

    var deliveries: [AlertDelivery] { delivered.withLock { $0 } }
    var attempts: [AlertDelivery] { tried.withLock { $0 } }

    init(_ name: String, gathers: Bool = false, failures: [SinkError] = [], gate: DispatchSemaphore? = nil) {
        self.name = name
        self.gathers = gathers
        script = Mutex(failures)
        self.gate = gate
    }

    func deliver(_ delivery: AlertDelivery) throws(SinkError) {
        gate?.wait()
        tried.withLock { $0.append(delivery) }
        let failure = script.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let failure { throw failure }
        delivered.withLock { $0.append(delivery) }
    }
}

@Suite struct OutboxTests {
    static func notice(_ agent: String, minute: Double = 0, isFiring: Bool = true, tool: String = "build")
        -> AlertNotice
    {
        var finding = AlertBookTests.finding(from: minute, to: minute + 1)
        finding.agent = agent
        finding.tool = tool
        var alert = Alert(finding)
        alert.state = isFiring ? .firing : .resolved
        alert.firedAt = AlertBookTests.minute(minute)
        if !isFiring { alert.resolvedAt = AlertBookTests.minute(minute + 10) }
        return AlertNotice(
            AlertTransition(
                alert: alert, from: nil, cause: isFiring ? .raised : .cleared, at: AlertBookTests.minute(minute)))
    }

    static func standing(_ notice: AlertNotice) -> AlertStanding {
        AlertStanding(notice: notice, state: notice.isFiring ? "firing" : "resolved", isTold: true)
    }

    private static func note(
        _ notice: AlertNotice, in outbox: Outbox, for sink: MemorySink, at minutes: Double, seq: UInt64? = nil
    ) throws {
        try outbox.note(standing(notice), seq: seq, sinks: [sink], now: AlertBookTests.minute(minutes))
    }

    @Test func whatIsNotedTwiceIsQueuedOnceAndSurvivesReopening() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/watch.alerts.sqlite"
        let sink = MemorySink("a")
        let notice = Self.notice("ci-07")
        do {
            let outbox = try Outbox(path: path)
            #expect(try outbox.cursor() == nil)
            for _ in 0..<2 { try Self.note(notice, in: outbox, for: sink, at: 0, seq: 4) }
        }
        let outbox = try Outbox(path: path)
        #expect(try outbox.cursor() == 5)
        #expect(try outbox.waiting(for: ["a"]) == 1)
        let next = try #require(try outbox.next(for: "a", now: AlertBookTests.minute(1)))
        #expect(next.delivery == AlertDelivery(key: notice.key, lane: notice.id, notices: [notice]))
        try outbox.end(next.number, error: nil, retry: nil, now: AlertBookTests.minute(1))
        try Self.note(notice, in: outbox, for: sink, at: 2, seq: 4)
        #expect(try outbox.waiting(for: ["a"]) == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func anotherFileIsNotTakenForAnOutbox() throws {
        let scratch = try Scratch()
        try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: "\(scratch.path)/x"))
        #expect(throws: OutboxError.self) { try Outbox(path: "\(scratch.path)/x") }
        let error = #expect(throws: OutboxError.self) { try Outbox(existing: "\(scratch.path)/none") }
        #expect(error?.hint?.hasPrefix("tollgate watch") == true)
    }

    @Test func messagesOfOneAlertKeepTheirOrderAndOthersOvertake() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        let sink = MemorySink("a")
        let first = Self.notice("one")
        let over = Self.notice("one", isFiring: false)
        let other = Self.notice("two")
        for notice in [first, over, other] { try Self.note(notice, in: outbox, for: sink, at: 0) }
        let head = try #require(try outbox.next(for: "a", now: AlertBookTests.minute(0)))
        #expect(head.delivery.key == first.key)
        try outbox.end(head.number, error: "503", retry: AlertBookTests.minute(5), now: AlertBookTests.minute(0))
        let second = try #require(try outbox.next(for: "a", now: AlertBookTests.minute(1)))
        #expect(second.delivery.key == other.key)
        try outbox.end(second.number, error: nil, retry: nil, now: AlertBookTests.minute(1))
        #expect(try outbox.next(for: "a", now: AlertBookTests.minute(4.9)) == nil)
        #expect(try outbox.next(for: "a", now: AlertBookTests.minute(5))?.delivery.key == first.key)
    }

    @Test func groupsWaitGatherAndRepeat() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        let sink = MemorySink("hook", gathers: true)
        func message(at minutes: Double) throws -> [String]? {
            let now = AlertBookTests.minute(minutes)
            try outbox.gatherGroups(for: "hook", times: GroupTimes(), now: now)
            guard let next = try outbox.next(for: "hook", now: now) else { return nil }
            try outbox.end(next.number, error: nil, retry: nil, now: now)
            return next.delivery.notices.map { "\($0.agent ?? "") \($0.isFiring)" }
        }
        try Self.note(Self.notice("one"), in: outbox, for: sink, at: 0)
        try Self.note(Self.notice("two"), in: outbox, for: sink, at: 0.3)
        #expect(try message(at: 0.49) == nil)
        #expect(try message(at: 0.5) == ["one true", "two true"])
        try Self.note(Self.notice("three"), in: outbox, for: sink, at: 1)
        try Self.note(Self.notice("one", isFiring: false), in: outbox, for: sink, at: 2)
        #expect(try message(at: 5.4) == nil, "five minutes between two messages")
        #expect(try message(at: 5.5) == ["three true", "one false", "two true"])
        #expect(try message(at: 240) == nil)
        #expect(try message(at: 245.5)?.sorted() == ["three true", "two true"], "again after four hours")
        try Self.note(Self.notice("two", isFiring: false), in: outbox, for: sink, at: 250)
        try Self.note(Self.notice("three", isFiring: false), in: outbox, for: sink, at: 250)
        #expect(try message(at: 251)?.sorted() == ["three false", "two false"])
        #expect(try message(at: 600) == nil, "what is over is not repeated")
    }

    @Test func groupsDoNotMixToolsAndMayBeHurried() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        let sink = MemorySink("hook", gathers: true)
        try Self.note(Self.notice("one"), in: outbox, for: sink, at: 0)
        try Self.note(Self.notice("one", tool: "deploy"), in: outbox, for: sink, at: 0)
        try outbox.gatherGroups(for: "hook", times: GroupTimes(), now: AlertBookTests.minute(0), isForced: true)
        #expect(try outbox.waiting(for: ["hook"]) == 2)
    }

    @Test func deadMessagesAreTriedAgainWhenAPersonAsks() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        let sink = MemorySink("a")
        let notice = Self.notice("one")
        try Self.note(notice, in: outbox, for: sink, at: 0)
        let next = try #require(try outbox.next(for: "a", now: AlertBookTests.minute(0)))
        try outbox.end(next.number, error: "status 400", retry: nil, now: AlertBookTests.minute(0))
        #expect(try outbox.next(for: "a", now: AlertBookTests.minute(99)) == nil)
        #expect(try outbox.deliveries(of: notice.id).map(\.state) == ["dead"])
        #expect(try outbox.revive(notice.id, now: AlertBookTests.minute(100)) == 1)
        #expect(try outbox.next(for: "a", now: AlertBookTests.minute(100))?.delivery.key == notice.key)
    }

    @Test func whatIsTooMuchForOneSinkIsDeadAtOnceAndTroublesNoOther() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        let (full, other) = (MemorySink("full"), MemorySink("other"))
        try outbox.write { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < \(Outbox.capacity))
                    INSERT INTO delivery (sink, key, lane, notices, state, due_us, queued_us)
                    SELECT 'full', n, n, '[]', 'waiting', 0, 0 FROM i
                    """)
        }
        let notice = Self.notice("one")
        try outbox.note(Self.standing(notice), seq: 0, sinks: [full, other], now: AlertBookTests.minute(0))
        let found = try outbox.deliveries(of: notice.id).map { "\($0.sink) \($0.state) \($0.error ?? "")" }
        #expect(found == ["full dead its queue is full", "other waiting "])
    }

    @Test func whatWasDeliveredIsForgottenAfterAMonth() throws {
        let scratch = try Scratch()
        let outbox = try Outbox(path: "\(scratch.path)/o")
        let sink = MemorySink("a")
        try Self.note(Self.notice("one", isFiring: false), in: outbox, for: sink, at: 0)
        let next = try #require(try outbox.next(for: "a", now: AlertBookTests.minute(0)))
        try outbox.end(next.number, error: nil, retry: nil, now: AlertBookTests.minute(0))
        try outbox.forget(now: AlertBookTests.minute(29 * 1440))
        #expect(try outbox.standings().count == 1)
        try outbox.forget(now: AlertBookTests.minute(31 * 1440))
        #expect(try outbox.standings().isEmpty && outbox.deliveries(of: next.delivery.lane).isEmpty)
    }

    @Test func pausesDoubleWithinTheirJitterAndHeedTheReceiver() {
        let retry = RetrySchedule.standard
        #expect(
            (1...4).map { retry.pause(after: $0, retryAfterMilliseconds: nil, jitter: 1) } == [1000, 2000, 4000, 8000])
        #expect(retry.pause(after: 1, retryAfterMilliseconds: nil, jitter: 0) == 500)
        #expect(retry.pause(after: 40, retryAfterMilliseconds: nil, jitter: 1) == 300_000)
        #expect(retry.pause(after: 1, retryAfterMilliseconds: 7000, jitter: 0.5) == 7000)
    }
}

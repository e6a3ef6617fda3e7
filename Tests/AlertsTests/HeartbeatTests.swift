import Dispatch
import Events
import Foundation
import Synchronization
import Testing

@testable import Alerts

@Suite struct HeartbeatTests {
    private static func minute(_ minutes: Double) -> Timestamp { AlertBookTests.minute(minutes) }

    private static func heartbeat(seconds: Int64 = 60) -> Heartbeat {
        Heartbeat(everyMicroseconds: seconds * 1_000_000, start: minute(0))
    }

    private func wait(_ what: Comment, until isTrue: () -> Bool) {
        let deadline = ContinuousClock().now + .seconds(20)
        while !isTrue(), ContinuousClock().now < deadline { usleep(2000) }
        #expect(isTrue(), what)
    }

    @Test func oneIsDueAtOnceAndThenAfterEachInterval() {
        var heartbeat = Self.heartbeat()
        let beats = stride(from: 0, to: 5, by: 0.1).filter { heartbeat.pass(Self.minute($0)) != nil }
        #expect(beats.count == 5 && beats.first == 0)
        #expect(heartbeat.pass(Self.minute(4.5)) == nil)
        #expect(heartbeat.pass(Self.minute(300)) != nil, "after a pause one, not all that were missed")
        #expect(heartbeat.pass(Self.minute(300.5)) == nil)
    }

    @Test func aClockThatIsPutBackKeepsNoneAway() {
        var heartbeat = Self.heartbeat()
        #expect(heartbeat.pass(Self.minute(60)) != nil)
        #expect(heartbeat.pass(Self.minute(1)) != nil)
        #expect(heartbeat.pass(Self.minute(1.5)) == nil)
    }

    @Test func eachHasAKeyOfItsOwnAndIsOneAlert() throws {
        var heartbeat = Self.heartbeat()
        let beats = [0, 1].map { heartbeat.pass(Self.minute($0)) }
        let first = try #require(beats[0])
        let second = try #require(beats[1])
        #expect(first.key != second.key && first.id == second.id && first.start == second.start)
        #expect(first.labels == ["alertname": "TollgateWatchdog", "severity": "none"])
        let object = try JSONSerialization.jsonObject(with: Data(first.json.utf8)) as? [String: Any]
        #expect(object?["rule"] as? String == "TollgateWatchdog" && object?["state"] as? String == "firing")
        let payload = WebhookPayload(AlertDelivery(key: first.key, lane: AlertGroup.key(first), notices: [first]))
        #expect(payload.status == "firing" && payload.groupKey == "{}:{alertname=\"TollgateWatchdog\"}")
    }

    @Test func sinksHearOfAWatchWhoseLoopComesRoundAndOfNoOther() {
        let sink = MemorySink("switch")
        let desk = HeartbeatDesk(Self.heartbeat(), sinks: [sink]) { _, _ in }
        desk.pass(Self.minute(0))
        wait("the first") { sink.deliveries.count == 1 }
        usleep(100_000)
        #expect(sink.deliveries.count == 1, "the loop stands still, however late it is")
        for second in 1...59 { desk.pass(Self.minute(Double(second) / 60)) }
        desk.pass(Self.minute(1))
        wait("the second") { sink.deliveries.count == 2 }
        desk.close()
    }

    /// A heartbeat that comes late says what is not so.
    @Test func whatFailedIsReportedAndNeverTriedAgain() {
        let reports = Mutex<[String]>([])
        let sink = MemorySink("switch", failures: [SinkError(.status, "status 503")])
        let desk = HeartbeatDesk(Self.heartbeat(), sinks: [sink]) { name, error in
            reports.withLock { $0.append("\(name): \(error)") }
        }
        desk.pass(Self.minute(0))
        wait("a report") { reports.withLock { $0 } == ["switch: status 503"] }
        desk.pass(Self.minute(0.9))
        desk.pass(Self.minute(1))
        wait("the next") { sink.deliveries.count == 1 }
        #expect(sink.attempts.count == 2 && sink.attempts[0].key != sink.attempts[1].key)
        desk.close()
    }

    @Test func aReceiverThatHangsDelaysNoOtherAndGetsTheNewestOnly() {
        let gate = DispatchSemaphore(value: 0)
        let (slow, sound) = (MemorySink("slow", gate: gate), MemorySink("sound"))
        let desk = HeartbeatDesk(Self.heartbeat(), sinks: [slow, sound]) { _, _ in }
        for minute in 0..<5 {
            desk.pass(Self.minute(Double(minute)))
            wait("the sound one's") { sound.deliveries.count == minute + 1 }
        }
        for _ in 0..<9 { gate.signal() }
        wait("the newest") { slow.deliveries.last?.key == sound.deliveries.last?.key }
        #expect(slow.deliveries.count <= 2, "the one that hung, where there was time for it, and the newest")
        desk.close()
    }

    /// An Alertmanager hears what fires from the sinks' threads; of a watch whose loop stands still it hears no sign of life.
    @Test func anAlertmanagersHeartbeatStopsWithTheLoop() throws {
        let folder = try Scratch()
        let now = Mutex(Self.minute(0))
        let sink = RefreshedSink()
        let desk = DeliveryDesk(
            outbox: try Outbox(path: "\(folder.path)/o"), sinks: [sink], clock: { now.withLock { $0 } }, jitter: { 1 },
            report: { _ in })
        wait("the first") { sink.seen == [true] }
        now.withLock { $0 = Self.minute(1.9) }
        wait("still believed") { sink.seen == [true, true] }
        now.withLock { $0 = Self.minute(3) }
        wait("not any more") { sink.seen == [true, true, false] }
        desk.pass(Self.minute(3))
        now.withLock { $0 = Self.minute(4.5) }
        wait("again") { sink.seen == [true, true, false, true] }
        desk.close()
    }
}

/// A sink that wants to be told each minute, and keeps whether the watch was said to be alive.
private final class RefreshedSink: AlertSink {
    let name = "refreshed"
    let refreshMilliseconds: Int? = 60_000
    private let all = Mutex<[Bool]>([])
    var seen: [Bool] { all.withLock { $0 } }

    func deliver(_ delivery: AlertDelivery) throws(SinkError) {}
    func refresh(_ firing: [AlertNotice], isWatching: Bool) throws(SinkError) { all.withLock { $0.append(isWatching) } }
}

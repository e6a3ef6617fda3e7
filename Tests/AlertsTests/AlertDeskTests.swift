import Detection
import Events
import Testing

@testable import Alerts

@Suite struct AlertDeskTests {
    private static func silence(
        _ matchers: [AlertMatcher], from: Double = 0, until: Double = 60, factor: Double? = nil
    ) -> Silence {
        Silence(
            id: "51", matchers: matchers, from: AlertBookTests.minute(from), until: AlertBookTests.minute(until),
            by: "ana", reason: "release", factor: factor)
    }

    private static func take(
        _ notice: AlertNotice, _ desk: inout AlertDesk, at minutes: Double, isQuiet: Bool = false
    ) -> [AlertDesk.Change] {
        desk.take(
            notice, state: notice.isFiring ? "firing" : "resolved", isQuiet: isQuiet,
            now: AlertBookTests.minute(minutes))
    }

    @Test(arguments: [
        ("ci-*", true), ("*", true), ("ci-??", true), ("ci-07", true), ("*7", true), ("*-*7", true), ("ci-?", false),
        ("ci", false), ("", false), ("CI-07", false), ("ci-07x*", false),
    ])
    func patternsMatchWholeNames(_ pattern: String, _ matches: Bool) {
        #expect(AlertMatcher(.agent, pattern).matches(OutboxTests.notice("ci-07")) == matches)
    }

    @Test func whatIsSilencedIsRecordedAndToldWhenTheSilenceEnds() {
        var desk = AlertDesk()
        desk.add(Self.silence([AlertMatcher(.agent, "ci-*"), AlertMatcher(.tool, "build")]))
        let muted = Self.take(OutboxTests.notice("ci-07"), &desk, at: 1)
        #expect(muted.map(\.isTold) == [false] && muted.map(\.standing.state) == ["silenced"])
        #expect(muted.map(\.isNews) == [true] && muted.map(\.standing.who) == ["ana"])
        #expect(muted.first?.standing.reason == "51: release")
        #expect(Self.take(OutboxTests.notice("web"), &desk, at: 1).map(\.isTold) == [true])
        #expect(desk.tick(AlertBookTests.minute(59)).isEmpty)
        let told = desk.tick(AlertBookTests.minute(60))
        #expect(told.map(\.isTold) == [true] && told.map(\.standing.state) == ["firing"])
        #expect(told.first?.standing.notice.key != muted.first?.standing.notice.key)
        #expect(desk.tick(AlertBookTests.minute(61)).isEmpty)
    }

    @Test func whatEndsWhileItIsSilencedIsNeverToldUnlessItsBeginningWas() {
        var desk = AlertDesk()
        desk.add(Self.silence([AlertMatcher(.agent, "*")], from: 10))
        _ = Self.take(OutboxTests.notice("told"), &desk, at: 1)
        let later = desk.tick(AlertBookTests.minute(10))
        #expect(later.map(\.standing.state) == ["silenced"] && later.map(\.isTold) == [false])
        _ = Self.take(OutboxTests.notice("unheard"), &desk, at: 11)
        #expect(Self.take(OutboxTests.notice("unheard", isFiring: false), &desk, at: 12).map(\.isTold) == [false])
        #expect(Self.take(OutboxTests.notice("told", isFiring: false), &desk, at: 12).map(\.isTold) == [true])
    }

    @Test func anAcknowledgedAlertIsNotToldWhileItGrowsButWhenItBecomesWorseAndEnds() {
        var desk = AlertDesk()
        let notice = OutboxTests.notice("one")
        _ = Self.take(notice, &desk, at: 1)
        let taken = desk.acknowledge(notice.id, by: "ana", reason: "mine")
        #expect(taken?.standing.state == "acknowledged" && taken?.isNews == true && taken?.isTold == false)
        #expect(desk.acknowledge("none", by: "ana", reason: nil) == nil)
        var grown = notice
        grown.cause = "grew"
        let step = Self.take(grown, &desk, at: 5)
        #expect(step.map(\.isTold) == [false] && step.map(\.standing.state) == ["acknowledged"])
        var worse = notice
        worse.cause = "escalated"
        #expect(Self.take(worse, &desk, at: 6).map(\.isTold) == [true])
        _ = desk.acknowledge(notice.id, by: "ana", reason: "mine")
        #expect(Self.take(OutboxTests.notice("one", isFiring: false), &desk, at: 9).map(\.isTold) == [true])
    }

    @Test func aFleetsAlertMutesTheAgentsOnesAboutItsToolUntilItEnds() {
        var desk = AlertDesk()
        var fleet = OutboxTests.notice("")
        fleet.rule = AlertDesk.inhibitingRule
        fleet.id = "f1ee"
        fleet.agent = nil
        #expect(Self.take(fleet, &desk, at: 0).map(\.isTold) == [true])
        let muted = Self.take(OutboxTests.notice("one"), &desk, at: 1)
        #expect(muted.map(\.standing.state) == ["inhibited"] && muted.map(\.standing.who) == ["alert f1ee"])
        #expect(Self.take(OutboxTests.notice("one", tool: "deploy"), &desk, at: 1).map(\.isTold) == [true])
        fleet.isFiring = false
        #expect(Self.take(fleet, &desk, at: 5).map(\.isTold) == [true])
        let told = desk.tick(AlertBookTests.minute(5))
        #expect(told.map(\.isTold) == [true] && told.map(\.standing.notice.agent) == ["one"])
    }

    @Test func anExpectedLoadRaisesTheThresholdAndMutesNothingBeyond() {
        var desk = AlertDesk()
        desk.add(Self.silence([AlertMatcher(.agent, "*")], factor: 5))
        var notice = OutboxTests.notice("one")
        notice.observed = 34
        notice.threshold = 7
        #expect(Self.take(notice, &desk, at: 1).map(\.standing.state) == ["silenced"])
        notice.observed = 35
        notice.cause = "grew"
        #expect(Self.take(notice, &desk, at: 2).map(\.isTold) == [true])
    }

    @Test func aQuietReturnIsNotTold() {
        var desk = AlertDesk()
        _ = Self.take(OutboxTests.notice("one"), &desk, at: 0)
        _ = Self.take(OutboxTests.notice("one", isFiring: false), &desk, at: 5)
        let again = Self.take(OutboxTests.notice("one"), &desk, at: 9, isQuiet: true)
        #expect(again.map(\.isTold) == [false] && again.map(\.standing.isTold) == [false])
        #expect(
            Self.take(OutboxTests.notice("one", isFiring: false), &desk, at: 10, isQuiet: true).map(\.isTold) == [false]
        )
    }

    @Test func whatFlapsIsToldOnce() {
        var book = AlertBook()
        var told: [AlertTransition.Cause] = []
        for round in 0..<20 {
            let start = Double(round) * 25
            let finding = AlertBookTests.finding(from: start, to: start + 1)
            for (kind, minutes) in [(FindingChange.Kind.raised, start + 1), (.cleared, start + 11)] {
                told += book.apply(AlertBookTests.change(kind, finding, at: minutes))
                    .filter { $0.audience == .everyone }.map(\.cause)
            }
        }
        #expect(told == [.raised, .cleared])
    }

    @Test func aWarningThatBecomesAPageIsToldAtOnce() {
        var book = AlertBook()
        _ = book.apply(
            AlertBookTests.change(.raised, AlertBookTests.finding(from: 0, to: 1, severity: .warn), at: 1))
        let worse = book.apply(
            AlertBookTests.change(.continues, AlertBookTests.finding(from: 0, to: 1.1, severity: .page), at: 1.1))
        #expect(worse.map(\.cause) == [.escalated] && worse.map(\.audience) == [.everyone])
        #expect(worse.first?.alert.firedAt == AlertBookTests.minute(1))
    }
}

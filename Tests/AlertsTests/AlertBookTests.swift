import Alerts
import Detection
import Events
import Testing

@Suite struct AlertBookTests {
    static let start = Timestamp(microseconds: 1_793_610_000_000_000)

    static func minute(_ minutes: Double) -> Timestamp {
        start.advanced(by: Int64(minutes * 60_000_000))
    }

    static func finding(
        from: Double, to: Double, attempts: Int = 8, rule: RuleName = .loop, severity: Severity = .page
    ) -> Finding {
        var finding = Finding(
            rule: rule, severity: severity, agent: "ci-07", server: "ecs", tool: "build", start: minute(from),
            firstRecord: RecordReference(log: "gw", seq: 12))
        finding.detected = minute(from + 0.5)
        finding.lastSeen = minute(to)
        finding.attempts = attempts
        finding.same = attempts - 1
        finding.denied = 2
        finding.threshold = 7
        finding.peakPerMinute = 6
        return finding
    }

    static func change(_ kind: FindingChange.Kind, _ finding: Finding, at minutes: Double) -> FindingChange {
        FindingChange(kind: kind, finding: finding, at: minute(minutes))
    }

    @Test func firesAtOnceAndIsResolved() {
        var book = AlertBook()
        let raised = book.apply(Self.change(.raised, Self.finding(from: 0, to: 1), at: 1))
        #expect(raised.map(\.to) == [.firing] && raised.map(\.from) == [nil] && raised.map(\.cause) == [.raised])
        #expect(book.firing.map(\.id) == raised.map(\.alert.id))
        let cleared = book.apply(Self.change(.cleared, Self.finding(from: 0, to: 9, attempts: 50), at: 19))
        #expect(cleared.map(\.to) == [.resolved] && cleared.map(\.from) == [.firing])
        #expect(cleared.first?.alert.finding.attempts == 50 && cleared.first?.alert.resolvedAt == Self.minute(19))
        #expect(book.firing.isEmpty)
        #expect((raised + cleared).allSatisfy { $0.audience == .everyone })
    }

    @Test func idIsThatOfFingerprintAndStartAlone() {
        let id = Alert.id(of: Self.finding(from: 0, to: 1))
        #expect(id == Alert.id(of: Self.finding(from: 0, to: 77, attempts: 900, severity: .warn)))
        #expect(id.utf8.count == 16 && id.allSatisfy(\.isHexDigit))
        var other = Self.finding(from: 0, to: 1)
        other.tool = "uild"
        other.server = "ecsb"
        let others = [
            Alert.id(of: Self.finding(from: 0.1, to: 1)), Alert.id(of: Self.finding(from: 0, to: 1, rule: .cap)),
            Alert.id(of: other),
        ]
        #expect(Set(others + [id]).count == 4)
        // Fixed: an id in a log must be found again by later versions.
        #expect(id == "4d30cb89e5d853b8")
    }

    @Test func waitsWhileItIsPending() {
        var book = AlertBook()
        book.pendingMicroseconds = 120_000_000
        let raised = book.apply(Self.change(.raised, Self.finding(from: 0, to: 0.5), at: 0.5))
        #expect(raised.map(\.to) == [.pending] && raised.map(\.audience) == [.record])
        #expect(book.tick(Self.minute(2.4)).isEmpty)
        let fired = book.tick(Self.minute(9))
        #expect(fired.map(\.to) == [.firing] && fired.map(\.at) == [Self.minute(2.5)])
        #expect(fired.map(\.from) == [.pending] && fired.map(\.audience) == [.everyone])
    }

    @Test func whatEndsWhilePendingIsNeverTold() {
        var book = AlertBook()
        book.pendingMicroseconds = 3_600_000_000
        _ = book.apply(Self.change(.raised, Self.finding(from: 0, to: 0.5), at: 0.5))
        let cleared = book.apply(Self.change(.cleared, Self.finding(from: 0, to: 1), at: 11))
        #expect(cleared.map(\.audience) == [.record] && book.tick(Self.minute(300)).isEmpty)
    }

    @Test func tellsOfGrowthAtMostEveryFiveMinutes() {
        var book = AlertBook()
        var told: [Int] = []
        for (minutes, attempts) in [(0.5, 7), (1, 21), (3, 63), (8, 189), (9, 567), (20, 1701)] {
            let finding = Self.finding(from: 0, to: minutes, attempts: attempts)
            let kind: FindingChange.Kind = attempts == 7 ? .raised : .continues
            told += book.apply(Self.change(kind, finding, at: minutes)).map(\.alert.finding.attempts)
        }
        #expect(told == [7, 189, 1701])
    }

    @Test func againWithinTheHourIsTheSameAlertAndOnlyRecorded() {
        var book = AlertBook()
        let first = book.apply(Self.change(.raised, Self.finding(from: 0, to: 1), at: 1))
        _ = book.apply(Self.change(.cleared, Self.finding(from: 0, to: 1), at: 11))
        let again = book.apply(Self.change(.raised, Self.finding(from: 60, to: 61), at: 61))
        #expect(again.map(\.alert.id) == first.map(\.alert.id) && again.map(\.cause) == [.reopened])
        #expect(again.map(\.audience) == [.record] && again.map(\.from) == [.resolved])
        #expect(again.first?.alert.start == Self.start)
        let over = book.apply(Self.change(.cleared, Self.finding(from: 60, to: 61), at: 71))
        #expect(over.map(\.audience) == [.record])
        let later = book.apply(Self.change(.raised, Self.finding(from: 140, to: 141), at: 141))
        #expect(later.map(\.alert.id) != first.map(\.alert.id) && later.map(\.audience) == [.everyone])
    }

    @Test func whatComesBackThreeTimesAsLargeIsTold() {
        var book = AlertBook()
        _ = book.apply(Self.change(.raised, Self.finding(from: 0, to: 1), at: 1))
        _ = book.apply(Self.change(.cleared, Self.finding(from: 0, to: 1), at: 11))
        _ = book.apply(Self.change(.raised, Self.finding(from: 30, to: 31), at: 31))
        let grown = book.apply(Self.change(.continues, Self.finding(from: 30, to: 40, attempts: 24), at: 40))
        #expect(grown.map(\.audience) == [.everyone])
        let over = book.apply(Self.change(.cleared, Self.finding(from: 30, to: 40, attempts: 24), at: 50))
        #expect(over.map(\.audience) == [.everyone])
    }

    @Test func rulesAndToolsDoNotMix() {
        var book = AlertBook()
        _ = book.apply(Self.change(.raised, Self.finding(from: 0, to: 1), at: 1))
        _ = book.apply(Self.change(.raised, Self.finding(from: 0, to: 1, rule: .cap), at: 1))
        #expect(book.firing.count == 2)
        _ = book.apply(Self.change(.cleared, Self.finding(from: 0, to: 1, rule: .cap), at: 12))
        #expect(book.firing.map(\.finding.rule) == [.loop])
    }

    @Test func aStepSurvivesItsRecord() throws {
        var book = AlertBook()
        let raised = try #require(book.apply(Self.change(.raised, Self.finding(from: 0, to: 1), at: 1)).first)
        let cleared = try #require(book.apply(Self.change(.cleared, Self.finding(from: 0, to: 9), at: 19)).first)
        for step in [raised, cleared] {
            var line = LineBuffer()
            line.append(Record(seq: 3, timestamp: step.at, body: .control(step.control)))
            let record = try Record(utf8: line.bytes)
            guard case .control(let control) = record.body, let back = AlertTransition(control: control) else {
                Issue.record("\(record) is not the step's record")
                continue
            }
            #expect(back.alert.id == step.alert.id && back.to == step.to && back.cause == step.cause)
            #expect(back.at == step.at && back.alert.start == step.alert.start)
            #expect(back.alert.finding.attempts == step.alert.finding.attempts)
            #expect(back.alert.finding.firstRecord == step.alert.finding.firstRecord)
        }
        #expect(AlertTransition(control: Control(.alert)) == nil)
        #expect(AlertTransition(control: Control(.heartbeat)) == nil)
    }
}

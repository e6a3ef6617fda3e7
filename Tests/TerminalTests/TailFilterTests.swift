import Events
import Testing

@testable import Terminal

@Suite("TailFilter")
struct TailFilterTests {
    private let build = Fixture.entry(1, 10, Fixture.decision(verdict: .throttle))
    private let outcome = Fixture.entry(2, 11, Fixture.outcome(of: 1))
    private let heartbeat = Fixture.entry(3, 12, .control(Control(.heartbeat)))

    private func passes(_ entry: TailEntry, _ change: (inout TailFilter) -> Void) -> Bool {
        var filter = TailFilter()
        change(&filter)
        return filter.passes(entry)
    }

    @Test func anEmptyFilterPassesEverything() {
        #expect(TailFilter().isEmpty)
        #expect([build, outcome, heartbeat].allSatisfy { TailFilter().passes($0) })
    }

    @Test func eachFieldSelects() {
        #expect(passes(build) { $0.agents = ["nobody", "ci-*"] })
        #expect(!passes(build) { $0.agents = ["ci"] })
        #expect(passes(build) { $0.servers = ["ecs"] })
        #expect(!passes(build) { $0.servers = ["git"] })
        #expect(passes(build) { $0.tools = ["*uil*"] })
        #expect(!passes(build) { $0.tools = ["push"] })
        #expect(passes(build) { $0.decisions = [.throttle, .deny] })
        #expect(!passes(build) { $0.decisions = [.allow] })
        #expect(passes(build) { $0.reasons = [.limit] })
        #expect(!passes(build) { $0.reasons = [.require] })
        #expect(passes(build) { $0.risks = [.execute] })
        #expect(!passes(build) { $0.risks = [.read] })
    }

    @Test func filtersOnDecisionsLeaveDecisionsOnly() {
        #expect(!passes(outcome) { $0.decisions = [.throttle] })
        #expect(!passes(heartbeat) { $0.risks = [.execute] })
        #expect(passes(outcome) { $0.agents = ["ci-builder"] })
        #expect(!passes(heartbeat) { $0.agents = ["ci-builder"] })
    }

    @Test func timeIsHalfOpen() {
        #expect(passes(build) { $0.since = Fixture.at(10) })
        #expect(!passes(build) { $0.since = Fixture.at(10.5) })
        #expect(!passes(build) { $0.until = Fixture.at(10) })
        #expect(passes(build) { $0.until = Fixture.at(10.000001) })
    }

    @Test func textIsSoughtInTheLineItselfWithoutRegardToCase() {
        #expect(passes(build) { $0.text = "CI-Builder" })
        #expect(passes(build) { $0.text = "\"decision\":\"throttle\"" })
        #expect(!passes(build) { $0.text = "elsewhere" })
    }

    @Test(arguments: [
        ("", "", true), ("*", "", true), ("a*c", "abc", true), ("a*c", "ac", true), ("a*c", "acb", false),
        ("*b*", "abc", true),
        ("a", "ab", false), ("**", "x", true), ("a*a", "a", false),
    ])
    func starsCoverAnyRun(pattern: String, text: String, covers: Bool) {
        #expect(TailFilter.glob(Array(pattern.utf8), Array(text.utf8)) == covers)
    }

    @Test func manyStarsAreNoAttack() {
        let pattern = Array(String(repeating: "a*", count: 60).utf8) + Array("b".utf8)
        #expect(!TailFilter.glob(pattern, Array(String(repeating: "a", count: 5_000).utf8)))
    }
}

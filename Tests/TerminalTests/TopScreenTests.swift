import Events
import Testing

@testable import Terminal

@Suite("TopScreen")
struct TopScreenTests {
    @Test func theBusiestPairStandsFirstAndIsChosen() {
        var fixture = TopFixture()
        #expect(fixture.chosen().contains("ci-builder"))
        #expect(fixture.chosen().contains("ecs·build"))
        #expect(fixture.shown().contains("34 calls/min"))
        #expect(fixture.shown().contains("agents × tools (3)  by calls/min ↓"))
    }

    @Test func onesWayInLeadsThroughAnAgentsToolsToAPairsCallsAndBack() {
        var fixture = TopFixture()
        fixture.press(.enter)
        #expect(fixture.shown().contains("agents × tools › tools of ci-builder (2)"))
        #expect(fixture.chosen().contains("ecs·build"))
        fixture.press(.down, .enter)
        #expect(fixture.shown().contains("newest calls of ci-builder → ecs·push (1)"))
        #expect(fixture.chosen().contains("deny_if"))
        #expect(fixture.chosen().hasSuffix("gw/30"))
        fixture.press(.enter)
        #expect(fixture.shown().hasSuffix("tollgate explain gw/30"))
        fixture.press(.escape)
        #expect(fixture.chosen().contains("ecs·push"))
        fixture.press(.left, .left, .left)
        #expect(fixture.shown().contains("agents × tools (3)"))
    }

    @Test func tabTurnsToAgentsAndTools() {
        var fixture = TopFixture()
        fixture.press(.tab)
        #expect(fixture.shown().contains("agents (2)"))
        #expect(fixture.chosen().contains("2 tools"))
        fixture.press(.tab)
        #expect(fixture.shown().contains("tools (3)"))
        fixture.press(.enter)
        #expect(fixture.shown().contains("agents of ecs·build (1)"))
        fixture.press(.escape, .backTab, .backTab)
        #expect(fixture.shown().contains("agents × tools (3)"))
    }

    @Test func aChosenRowIsFollowedAndTheFirstPlaceIsWhoeverIsFirst() {
        var fixture = TopFixture()
        fixture.press(.down)
        #expect(fixture.chosen().contains("log-reader"))
        for call in 0..<50 { fixture.call("log-reader", "read", at: 16 + Double(call) / 10) }
        fixture.update(at: 22)
        #expect(fixture.chosen().contains("log-reader"))
        #expect(fixture.screen.level.index == 0)
        fixture.press(.home)
        for call in 0..<90 { fixture.call("other", "read", at: 23 + Double(call) / 90) }
        fixture.update(at: 24)
        #expect(fixture.chosen().contains("other"))
    }

    @Test func sortingMovesByColumnsDigitsAndTurnsRound() {
        var fixture = TopFixture()
        fixture.press(.character(">"))
        #expect(fixture.shown().contains("by usual ↓"))
        fixture.press(.character("7"))
        #expect(fixture.shown().contains("by denied ↓"))
        #expect(fixture.chosen().contains("ecs·push"))
        fixture.press(.character("1"))
        #expect(fixture.shown().contains("by agent ↑"))
        fixture.press(.character("r"))
        #expect(fixture.shown().contains("by agent ↓"))
        #expect(fixture.chosen().contains("log-reader"))
    }

    @Test func aFilterHoldsWhileItIsTypedAndEscapeTakesItBack() {
        var fixture = TopFixture()
        fixture.type("/BUILD ci")
        #expect(fixture.shown().contains("agents × tools (2)"), "both of ci-builder's: the words are in the names")
        fixture.type("x")
        #expect(fixture.shown().contains("nothing matches the filter"))
        fixture.press(.backspace, .enter)
        #expect(fixture.shown().contains("filter: BUILD ci"))
        fixture.type("/")
        fixture.press(.clear)
        #expect(fixture.shown().contains("agents × tools (3)"))
        fixture.press(.escape)
        #expect(fixture.shown().contains("agents × tools (2)"))
        fixture.press(.escape)
        #expect(fixture.shown().contains("agents × tools (3)"))
    }

    @Test func aPausedScreenStandsStillAndSaysHowMuchItMisses() {
        var fixture = TopFixture()
        fixture.press(.character("p"))
        let before = fixture.row("ci-builder", "build")
        for call in 0..<5 { fixture.call("late", "read", at: 16 + Double(call)) }
        fixture.update(at: 40)
        #expect(fixture.shown().contains("PAUSED, 5 records since"))
        #expect(!fixture.shown().contains("late"))
        #expect(fixture.screen.rows.first == before)
        fixture.press(.enter)
        #expect(fixture.shown().contains("tools of ci-builder (2)"), "one may look around in it")
        fixture.press(.escape, .character(" "))
        #expect(fixture.shown().contains("late"))
        #expect(!fixture.shown().contains("PAUSED"))
    }

    @Test func aSilenceIsAskedForStepByStep() {
        var fixture = TopFixture()
        fixture.type("s")
        #expect(fixture.shown().contains("silence alerts about ci-builder → ecs·build for (30m, 2h, 7d): 1h▏"))
        fixture.press(.clear)
        fixture.type("soon")
        fixture.press(.enter)
        #expect(fixture.shown().contains("a duration is 30m, 2h or 7d"))
        fixture.press(.clear)
        fixture.type("2h")
        fixture.press(.enter, .enter)
        #expect(fixture.shown().contains("a silence needs a reason"))
        fixture.type("release day")
        fixture.press(.enter)
        #expect(fixture.shown().contains("silence agent=ci-builder server=ecs tool=build for 2h? y/n"))
        let wanted = TopSilence(
            .pair("ci-builder", TopTool(server: "ecs", name: "build")), duration: "2h", reason: "release day")
        #expect(fixture.press(.character("y")) == .silence(wanted))
    }

    @Test func nothingIsSilencedWithoutAYes() {
        for keys in [[TopKey.escape], [.enter, .escape], [.enter, .character("x"), .enter, .character("n")]] {
            var fixture = TopFixture()
            fixture.type("s")
            for key in keys { #expect(fixture.press(key) == .none) }
            #expect(fixture.shown().hasSuffix("not silenced"))
        }
    }

    @Test func aSilenceIsAboutTheRowThatWasChosenWhenItWasAskedFor() {
        var fixture = TopFixture()
        fixture.type("s")
        for call in 0..<90 { fixture.call("other", "read", at: 16 + Double(call) / 90) }
        fixture.update(at: 18)
        #expect(fixture.chosen().contains("other"))
        fixture.press(.enter)
        fixture.type("x")
        fixture.press(.enter)
        guard case .silence(let silence) = fixture.press(.character("y")) else {
            Issue.record("no silence")
            return
        }
        #expect((silence.agent, silence.tool) == ("ci-builder", "build"))
    }

    @Test func aNameThatIsAPatternSilencesNoOther() {
        let silence = TopSilence(.pair("*", TopTool(server: "ecs", name: "a*")), duration: "1h", reason: "x")
        #expect((silence.agent, silence.server, silence.tool) == ("?", "ecs", "a?"))
    }

    @Test func strangersCannotBeSilenced() {
        var fixture = TopFixture(busy: false)
        fixture.call(nil, nil, at: 0, verdict: .deny, reason: .identityUnresolved)
        fixture.update(at: 1)
        fixture.type("s")
        #expect(fixture.shown().contains("no alert is about (unresolved) → ecs·tools/list"))
    }

    @Test func helpIsAPageThatAnyKeyLeaves() {
        var fixture = TopFixture()
        fixture.type("?")
        #expect(fixture.shown().contains("silence the row's alerts"))
        #expect(fixture.press(.character("q")) == .none)
        #expect(fixture.shown().contains("ci-builder"))
        #expect(fixture.press(.character("q")) == .quit)
    }

    @Test func anEmptyScreenSaysSo() {
        var fixture = TopFixture(busy: false)
        fixture.update(at: 0)
        #expect(fixture.shown().contains("no calls yet"))
        #expect(fixture.shown().contains("nobody has called within the last hour"))
        for key in [TopKey.enter, .down, .pageDown, .end, .escape, .character("s"), .character("9"), .character("p")] {
            #expect(fixture.press(key) == .none)
        }
    }
}

import Events
import Testing

@testable import Terminal

@Suite("The lines of top")
struct TopLinesTests {
    private func alert(_ id: String, _ state: String = "firing", _ severity: String = "page") -> TopAlert {
        TopAlert(
            id: id, state: state, severity: severity, rule: "loop", agent: "ci-builder", server: "ecs", tool: "build",
            start: Fixture.start.microseconds, summary: "47 calls in 6 min")
    }

    @Test func everySizeIsFittedWhateverIsShown() {
        var fixture = TopFixture()
        let long = String(repeating: "語very-long-", count: 9)
        for call in 0..<60 { fixture.call(long + "\(call)", long, at: 3, verdict: .throttle, arguments: 7) }
        fixture.alerts = TopAlerts(open: (0..<9).map { alert("\($0)") } + [alert("s", "silenced")])
        for keys in [
            [], [TopKey.enter], [.enter, .enter], [.character("?")], [.character("s")], [.tab], [.tab, .tab],
        ] {
            var fixture = fixture
            fixture.update(at: 15)
            for key in keys { fixture.press(key) }
            for columns in [1, 5, 20, 40, 60, 80, 100, 120, 200, 300] {
                for rows in [1, 2, 3, 4, 5, 6, 8, 10, 24, 60] {
                    let lines = fixture.screen.lines(columns: columns, rows: rows, .none)
                    #expect(lines.count <= rows, "\(columns)×\(rows) \(keys)")
                    #expect(lines.allSatisfy { DisplayWidth.of($0) <= columns }, "\(columns)×\(rows) \(keys)")
                }
            }
        }
    }

    @Test func narrowTerminalsLoseTheLeastImportantColumnsFirst() {
        var fixture = TopFixture()
        let shown = [160, 120, 100, 80, 60, 45].map { columns in
            fixture.screen.lines(columns: columns, rows: 24, .none)
                .first { $0.contains("calls/min↓") }.map { $0.split(separator: " ").count } ?? 0
        }
        #expect(shown == shown.sorted(by: >))
        #expect(shown.first == 13 && shown.last.map { $0 >= 3 } == true)
    }

    @Test func theChosenRowIsAlwaysInSight() {
        var fixture = TopFixture(busy: false)
        for agent in 0..<100 { fixture.call("agent-\(agent)", "t", at: 0) }
        fixture.update(at: 1)
        _ = fixture.shown(100, 12)
        for key in [TopKey.end, .pageUp, .up, .pageUp, .home, .down, .pageDown] {
            fixture.press(key)
            #expect(fixture.shown(100, 12).split(separator: "\n").count { $0.hasPrefix("▸") } == 1, "\(key)")
        }
    }

    @Test func alertsThatFireStandAboveAndMarkTheirRows() {
        var fixture = TopFixture()
        fixture.alerts = TopAlerts(
            open: [alert("w", "firing", "warn"), alert("p"), alert("a", "acknowledged"), alert("s", "silenced")])
        fixture.update(at: 15)
        let lines = fixture.shown().split(separator: "\n")
        #expect(lines[1].hasPrefix("PAGE loop ci-builder → ecs·build  since 14:02:00  47 calls in 6 min"))
        #expect(lines[2].hasPrefix("WARN loop"))
        #expect(lines[3] == "1 acknowledged, 1 silenced")
        #expect(fixture.chosen().hasPrefix("▸!"))
        #expect(lines.count { $0.hasPrefix(" !") } == 0, "of the agent's other tools none is meant")
    }

    @Test func moreAlertsThanFitAreCounted() {
        var fixture = TopFixture()
        fixture.alerts = TopAlerts(open: (0..<20).map { alert("\($0)") })
        fixture.update(at: 15)
        #expect(fixture.shown(140, 30).contains("16 more fire"))
        #expect(fixture.shown(140, 8).contains("20 alerts fire"))
    }

    @Test func troubleWithTheWatchIsSaid() {
        var fixture = TopFixture()
        #expect(fixture.shown().contains("no alert fires"))
        fixture.alerts = TopAlerts(trouble: "no watch has run here")
        fixture.update(at: 15)
        #expect(fixture.shown().contains("no watch has run here"))
        #expect(!fixture.shown().contains("no alert fires"))
    }

    @Test func namesCannotMoveTheCursorOrPaint() {
        let hostile = "ci\u{1B}[2J\u{7}\u{202E}bot\r\n"
        var fixture = TopFixture(busy: false)
        fixture.call(hostile, hostile, at: 0, verdict: .deny) { $0.rule = hostile }
        fixture.alerts = TopAlerts(
            open: [
                TopAlert(
                    id: "1", state: "firing", severity: "page", rule: hostile, agent: hostile, server: hostile,
                    tool: hostile, start: 0, summary: hostile)
            ], trouble: hostile)
        fixture.screen.logs = [hostile]
        for keys in [[], [TopKey.enter], [.enter, .enter], [.enter, .enter, .enter], [.character("s")], [.tab]] {
            var fixture = fixture
            fixture.update(at: 1)
            for key in keys { fixture.press(key) }
            let lines = fixture.screen.lines(columns: 250, rows: 20, Palette(usesColour: true))
            let text = lines.joined()
            #expect(text.contains("ci\\x1b[2J\\x07\\u{202e}bot\\r\\n"), "\(keys)")
            let codes = text.split(separator: "\u{1B}", omittingEmptySubsequences: false).dropFirst()
            #expect(
                codes.allSatisfy { $0.hasPrefix("[") && $0.drop { $0 != "m" }.first == "m" && !$0.hasPrefix("[2J") })
            #expect(text.unicodeScalars.allSatisfy { $0 == "\u{1B}" || !VisibleTextTests.isDangerous($0) })
        }
    }

    @Test func withoutColourNothingIsPaintedAndTheChosenRowIsStillSeen() {
        var fixture = TopFixture()
        #expect(!fixture.shown().contains("\u{1B}"))
        #expect(fixture.chosen().hasPrefix("▸"))
        let painted = fixture.screen.lines(columns: 140, rows: 30, Palette(usesColour: true)).joined()
        #expect(painted.contains("\u{1B}[7m▸"))
    }

    @Test func onlyChangedLinesAreSent() {
        var painter = ScreenPainter()
        #expect(painter.paint(["a", "b"]) == "\u{1B}[H\u{1B}[2J\u{1B}[1;1H\u{1B}[2Ka\u{1B}[2;1H\u{1B}[2Kb")
        #expect(painter.paint(["a", "c"]) == "\u{1B}[2;1H\u{1B}[2Kc")
        #expect(painter.paint(["a", "c"]).isEmpty)
        #expect(painter.paint(["a"]) == "\u{1B}[2;1H\u{1B}[J")
        painter.forget()
        #expect(painter.paint(["a"]).hasPrefix("\u{1B}[H\u{1B}[2J"))
    }

    @Test func aCutLineSaysSoAtTheEdge() {
        var line = StyledLine("abc", .bold)
        line.add("def", .dim)
        for (width, shown) in [(7, "abcdef"), (6, "abcdef"), (5, "abcd…"), (4, "abc…"), (3, "ab…"), (1, "…"), (0, "")] {
            #expect(line.render(width: width, .none) == shown)
        }
        #expect(line.render(width: 8, Palette(usesColour: true), selected: true) == "\u{1B}[7mabcdef  \u{1B}[0m")
    }

    @Test func aListingHasTheAlertsAndAllRows() {
        let fixture = TopFixture()
        let rows = TopSort(.rate).sorted(fixture.model.rows(.pairs, at: fixture.now, minutes: 5))
        let text = TopListing(rows: rows, alerts: TopAlerts(open: [alert("1")]), now: fixture.now)
            .text(width: nil, .none)
        let lines = text.split(separator: "\n")
        #expect(lines[0] == "PAGE loop ci-builder → ecs·build: 47 calls in 6 min")
        #expect(lines[1].hasPrefix("agent") && lines[2].hasPrefix("ci-builder  ecs·build"))
        #expect(lines.count == 5)
    }
}

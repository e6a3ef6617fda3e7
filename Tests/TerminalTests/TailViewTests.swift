import Events
import Testing

@testable import Terminal

@Suite("TailView")
struct TailViewTests {
    private func view(_ display: Display = .pipe, _ change: (inout TailView.Options) -> Void = { _ in }) -> TailView {
        var options = TailView.Options()
        change(&options)
        return TailView(display: display, options: options)
    }

    @Test func aPipeGetsOneStraightLinePerCall() {
        var view = view()
        view.show(Fixture.entry(0, 0, Fixture.decision(arguments: 1)))
        view.show(
            Fixture.entry(
                1, 1,
                Fixture.decision(verdict: .throttle, arguments: 2) {
                    $0.limit = LimitReading(counter: "build_rate", windowSeconds: 60, maximum: 10, used: 10)
                    $0.retryAfterMilliseconds = 42_000
                }))
        view.show(
            Fixture.entry(
                2, 2,
                Fixture.decision("release-bot", "delete_cluster", verdict: .deny, reason: .denyIf, arguments: 3) {
                    $0.rule = "/tools/delete_cluster/deny_if/0"
                }))
        view.finish()
        let lines = Fixture.shown(&view).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines == [
                "2026-11-16T14:02:00Z  ci-builder  ecs·build         allow",
                "2026-11-16T14:02:01Z  ci-builder  ecs·build         throttle  2/min                   "
                    + "limit build_rate · 10/10 per min · retry in 42 s",
                "2026-11-16T14:02:02Z  release-bot  ecs·delete_cluster  deny                              deny_if · deny_if/0",
                "",
            ])
    }

    @Test func jsonIsTheOriginalLineByteForByte() {
        var view = view { $0.json = true }
        let odd = Array(#"{ "ts":"2026-11-16T14:02:00Z","later_key":"\u00e9","#.utf8) + [0xFF]
        let lines = [Fixture.line(0, 0, Fixture.decision()), odd]
        for bytes in lines { view.show(TailEntry(log: 0, seq: 0, bytes: bytes, after: Fixture.start)) }
        view.finish()
        #expect(view.take() == lines[0] + [10] + odd + [10])
    }

    @Test func repeatsInAPipeAreOneLineAndOneSum() {
        var view = view()
        for seq in 0..<38 { view.show(Fixture.entry(UInt64(seq), Double(seq), Fixture.decision())) }
        view.show(Fixture.entry(38, 40, Fixture.decision("other")))
        let lines = Fixture.shown(&view).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("×38 same arguments, since 14:02:00"))
        #expect(lines[1].hasPrefix("2026-11-16T14:02:37Z"))
    }

    @Test func aLongStreakInAPipeIsSummedUpEveryThousandAndAfterASecondOfWaiting() {
        var view = view()
        for seq in 0..<1_001 { view.show(Fixture.entry(UInt64(seq), Double(seq) / 1_000, Fixture.decision())) }
        #expect(Fixture.shown(&view).split(separator: "\n").count == 2)
        view.show(Fixture.entry(1_001, 2, Fixture.decision()))
        view.tick(now: Fixture.at(2))
        #expect(view.take().isEmpty)
        view.tick(now: Fixture.at(2.9))
        #expect(view.take().isEmpty)
        view.tick(now: Fixture.at(3))
        #expect(Fixture.shown(&view).contains("×1,002 same arguments"))
        view.finish()
        #expect(view.take().isEmpty)
    }

    @Test func differentArgumentsAreNoRepeat() {
        var view = view()
        for seq in 0..<3 {
            view.show(Fixture.entry(UInt64(seq), Double(seq), Fixture.decision(arguments: UInt64(seq))))
        }
        #expect(Fixture.shown(&view).split(separator: "\n").count == 3)
    }

    @Test func aTerminalRewritesTheLastLineOnceABatch() {
        var view = view(Fixture.terminal)
        view.show(Fixture.entry(0, 0, Fixture.decision()))
        #expect(Fixture.shown(&view).hasPrefix("── Mon 16 Nov 2026 (UTC) ──\n14:02:00  ci-builder"))
        for seq in 1..<37 { view.show(Fixture.entry(UInt64(seq), Double(seq), Fixture.decision())) }
        let text = Fixture.shown(&view)
        #expect(text.hasPrefix("\u{1B}[1A\r\u{1B}[2K14:02:36  ci-builder"))
        #expect(text.contains("×37 same arguments"))
        #expect(text.split(separator: "\n").count == 1)
        #expect(view.take().isEmpty)
    }

    @Test func anOutcomeJoinsItsCallOnATerminalAndStaysSilentInAPipeWhenItIsWell() {
        for (display, expected) in [(Fixture.terminal, "84 ms"), (.pipe, "")] {
            var view = view(display)
            view.show(Fixture.entry(0, 0, Fixture.decision()))
            _ = view.take()
            view.show(Fixture.entry(1, 0.1, Fixture.outcome(of: 0, microseconds: 84_000)))
            let text = Fixture.shown(&view)
            #expect(expected.isEmpty ? text.isEmpty : text.contains(expected))
        }
    }

    @Test func aFaultAndASlowCallGetTheirOwnLine() {
        var view = view()
        view.show(Fixture.entry(0, 0, Fixture.decision(arguments: 1)))
        view.show(Fixture.entry(1, 1, Fixture.decision(arguments: 2)))
        _ = view.take()
        view.show(Fixture.entry(2, 2, Fixture.outcome(of: 0, .toolError, microseconds: 1_200_000)))
        view.show(Fixture.entry(3, 40, Fixture.outcome(of: 1, microseconds: 39_000_000)))
        #expect(
            Fixture.shown(&view) == """
                2026-11-16T14:02:02Z    ↳ ci-builder ecs·build: tool_error 1.2 s
                2026-11-16T14:02:40Z    ↳ ci-builder ecs·build: slow 39 s

                """)
    }

    @Test func aLoopOfFaultsIsStillOneStreak() {
        var view = view()
        for call in 0..<20 {
            view.show(Fixture.entry(UInt64(call) * 2, Double(call), Fixture.decision()))
            view.show(
                Fixture.entry(UInt64(call) * 2 + 1, Double(call) + 0.5, Fixture.outcome(of: UInt64(call) * 2, .timeout))
            )
        }
        view.finish()
        let lines = Fixture.shown(&view).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.last?.contains("×20 same arguments, 20 failed or slow") == true)
    }

    @Test func outcomesOfCallsThatAreNotShownAreNotShownEither() {
        var view = view { $0.filter.agents = ["other"] }
        view.show(Fixture.entry(0, 0, Fixture.decision()))
        view.show(Fixture.entry(1, 1, Fixture.outcome(of: 0, .timeout)))
        #expect(view.take().isEmpty)
    }

    @Test func controlRecordsOfNoteStandInline() {
        var view = view(Display(isTerminal: true, columns: 100, usesColour: true))
        let alert = Control(.alert).with(.state, "firing").with(.severity, "page").with(.rule, "loop")
            .with(.agent, "ci-builder").with(.server, "ecs").with(.tool, "build").with(.summary, "47 calls in 6 min")
        view.show(Fixture.entry(0, 0, .control(alert)))
        view.show(Fixture.entry(1, 1, .control(alert.with(.state, "resolved"))))
        view.show(Fixture.entry(2, 2, .control(Control(.heartbeat))))
        let text = Fixture.shown(&view)
        #expect(
            text.contains("\u{1B}[1;31mALERT firing · page · loop · ci-builder ecs·build: 47 calls in 6 min\u{1B}[0m"))
        #expect(text.contains("\u{1B}[32mALERT resolved"))
        #expect(text.split(separator: "\n").count == 3)
    }

    @Test func holesAreShownWhateverTheFilter() {
        var view = view { $0.filter.decisions = [.deny] }
        view.show(Fixture.entry(0, 0, .control(Control(.gap).with(.n, 12).with(.reason, "disk full"))))
        view.show(Fixture.entry(1, 1, .control(Control(.policyLoaded).with(.policy, "builders"))))
        view.show(TailEntry(log: 0, seq: 0, bytes: Array("{torn".utf8), after: Fixture.at(2)))
        let text = Fixture.shown(&view)
        #expect(text.contains("GAP: 12 records lost: disk full"))
        #expect(text.contains("unreadable line (5 bytes)"))
        #expect(!text.contains("builders"))
    }

    @Test func whatCannotBeReadIsCountedInWordsAndBesideJSON() throws {
        func shown(_ options: TailView.Options) throws -> (String, [String]) {
            var blocks = [TailBlock(firstSeq: 7, lines: [Fixture.line(7, 10, Fixture.decision())], missing: 4..<7)][...]
            var merger = TailMerger([TailSource(name: "gw") { blocks.popFirst() }])
            var view = TailView(display: .pipe, options: options)
            _ = try view.showPast(&merger, to: Output(descriptor: -1), last: 5)
            return (Fixture.shown(&view), view.takeComplaints())
        }
        var view = self.view { $0.filter.agents = ["nobody"] }
        view.names = ["gw"]
        view.show(TailEntry(log: 0, missing: 4..<7, before: Fixture.start))
        #expect(Fixture.shown(&view).contains("HOLE: 3 records of gw cannot be read any more (4 – 6)"))
        var options = TailView.Options()
        options.json = true
        #expect(try shown(options).1 == ["HOLE: 3 records of gw cannot be read any more (4 – 6)"])
        options.filter.since = Fixture.at(20)
        #expect(try shown(options).1.isEmpty)
    }

    @Test func linesSayWhichRecordTheyAreWhereThatIsAskedFor() {
        for json in [false, true] {
            var view = view {
                $0.references = true
                $0.json = json
            }
            view.names = ["a \"b\\", "gw"]
            view.show(Fixture.entry(3, 0, Fixture.decision(arguments: 1)))
            view.show(Fixture.entry(12, 1, Fixture.decision(arguments: 2), log: 1))
            view.show(Fixture.entry(13, 2, .control(Control(.alert).with(.state, "firing")), log: 1))
            let lines = Fixture.shown(&view).split(separator: "\n")
            if json {
                #expect(lines[0].hasSuffix(#","record":"a \"b\\/3"}"#))
                #expect(lines[1].hasSuffix(#","record":"gw/12"}"#))
            } else {
                #expect(lines[1].hasPrefix("2026-11-16T14:02:01Z  gw/12    ci-builder"))
                #expect(lines[2].hasPrefix("2026-11-16T14:02:02Z  gw/13    ALERT firing"))
            }
        }
        #expect(TailReference.parse("a/b/7").map { ($0.log == "a/b", $0.seq == 7) } ?? (false, false) == (true, true))
        for text in ["", "gw", "gw/", "/7", "gw/x", "gw/-1", "gw/18446744073709551615"] {
            #expect(TailReference.parse(text) == nil)
        }
    }

    @Test func aResizedTerminalIsNotRewritten() {
        var view = view(Fixture.terminal)
        view.show(Fixture.entry(0, 0, Fixture.decision()))
        _ = view.take()
        view.resize(Fixture.terminal)
        view.show(Fixture.entry(1, 1, Fixture.decision()))
        #expect(Fixture.shown(&view).hasPrefix("\u{1B}[1A"))
        view.resize(Display(isTerminal: true, columns: 60, usesColour: false))
        view.show(Fixture.entry(2, 2, Fixture.decision()))
        #expect(!Fixture.shown(&view).contains("\u{1B}"))
    }

    @Test func whatIsSkippedIsCountedAndAlertsNeverAre() {
        var view = view(Fixture.terminal) { $0.maximumBatch = 10 }
        var batch = (0..<322).map {
            Fixture.entry(UInt64($0), Double($0) / 100, Fixture.decision(arguments: UInt64($0)))
        }
        batch.insert(Fixture.entry(999, 0.01, .control(Control(.alert).with(.state, "firing"))), at: 5)
        view.show(batch, following: true)
        let text = Fixture.shown(&view)
        #expect(text.contains("… 312 skipped"))
        #expect(text.contains("ALERT firing"))
        #expect(text.split(separator: "\n").count == 13)
    }

    @Test func aPipeSkipsNothing() {
        var view = view { $0.maximumBatch = 10 }
        view.show(
            (0..<50).map { Fixture.entry(UInt64($0), 0, Fixture.decision(arguments: UInt64($0))) }, following: true)
        #expect(Fixture.shown(&view).split(separator: "\n").count == 50)
    }

    @Test func noLineIsWiderThanTheTerminal() {
        for columns in [40, 60, 80, 100, 120, 200] {
            var view = view(Display(isTerminal: true, columns: columns, usesColour: false))
            for seq in 0..<40 {
                view.show(
                    Fixture.entry(
                        UInt64(seq), Double(seq) / 10,
                        Fixture.decision(
                            "an-agent-with-a-very-long-name-\(seq % 3)", "build_and_push_image_to_ecr",
                            verdict: .throttle
                        ) {
                            $0.limit = LimitReading(counter: "builds", windowSeconds: 60, maximum: 10, used: 10)
                        }))
            }
            for line in Fixture.shown(&view).split(separator: "\n") where !line.hasPrefix("\u{1B}") {
                #expect(DisplayWidth.of(line) <= columns, "\(columns) columns: \(line)")
            }
        }
    }

    @Test func namesCannotMoveTheCursorOrPaint() {
        var view = view(Display(isTerminal: true, columns: 200, usesColour: true))
        let hostile = "ci\u{1B}[2J\u{7}\u{202E}bot\r\n"
        view.show(
            Fixture.entry(
                0, 0, Fixture.decision(hostile, hostile, server: hostile, verdict: .deny) { $0.rule = hostile }))
        view.show(Fixture.entry(1, 1, .control(Control(.policyRejected).with(.policy, hostile).with(.reason, hostile))))
        let text = Fixture.shown(&view)
        #expect(text.contains("ci\\x1b[2J\\x07\\u{202e}bot\\r\\n"))
        let codes = text.split(separator: "\u{1B}", omittingEmptySubsequences: false).dropFirst()
        #expect(codes.allSatisfy { $0.hasPrefix("[0m") || $0.hasPrefix("[2m") || $0.hasPrefix("[31m") })
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\u{1B}" || !VisibleTextTests.isDangerous($0) })
    }
}

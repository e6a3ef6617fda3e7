import Events
import Testing

@testable import Terminal

@Suite("VisibleText")
struct VisibleTextTests {
    static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse: true
        default: false
        }
    }

    @Test func plainAndForeignNamesStayAsTheyAre() {
        for name in ["ci-builder", "Zoë", "構築ロボット", "e\u{301}te", "🤖"] { #expect(VisibleText.of(name) == name) }
    }

    @Test func controlsAndFormatsAreSpelledOut() {
        #expect(VisibleText.of("a\u{1B}[31m\u{9B}2J") == "a\\x1b[31m\\x9b2J")
        #expect(VisibleText.of("\u{202E}txt\u{2066}\u{200B}\u{FEFF}") == "\\u{202e}txt\\u{2066}\\u{200b}\\u{feff}")
        #expect(VisibleText.of("a\r\nb\t\u{2028}") == "a\\r\\nb\\t\\u{2028}")
    }

    @Test func marksThatWouldHideMarkupAreSpelledOut() {
        #expect(VisibleText.of("\"\u{301}x<\u{338}") == "\"\\u{301}x<\\u{338}")
        #expect(VisibleText.of("\u{301}a") == "\\u{301}a")
    }

    @Test func nothingDangerousIsLeftOfAnyScalar() {
        for value in UInt32(0)...0x2FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let shown = VisibleText.of("a\(scalar)")
            #expect(!shown.unicodeScalars.contains(where: VisibleTextTests.isDangerous))
        }
    }
}

@Suite("DisplayWidth")
struct DisplayWidthTests {
    @Test(arguments: [
        ("abc", 3), ("é", 1), ("e\u{301}", 1), ("構築", 4), ("🤖", 2), ("👍🏽", 2), ("…", 1), ("", 0), ("ｆｕ", 4), ("한", 2),
    ])
    func cells(text: String, cells: Int) {
        #expect(DisplayWidth.of(text) == cells)
    }

    @Test func cutTextFitsAndSaysThatItWasCut() {
        #expect(DisplayWidth.truncate("build_and_push", to: 8) == "build_a…")
        #expect(DisplayWidth.truncate("構築ロボット", to: 6) == "構築…")
        #expect(DisplayWidth.truncate("short", to: 5) == "short")
        #expect(DisplayWidth.truncate("short", to: 0) == "")
    }

    @Test func paddingCountsCells() {
        #expect(DisplayWidth.pad("構", to: 4) == "構  ")
        #expect(DisplayWidth.pad("7", to: 3, right: true) == "  7")
    }
}

@Suite("Sparkline")
struct SparklineTests {
    @Test func barsGrowWithTheirValues() {
        #expect(Sparkline.of([0, 1, 2, 3, 4, 5, 6, 7, 8]) == "·▁▂▃▄▅▆▇█")
        #expect(Sparkline.of([1, 1_000_000]) == "▁█")
        #expect(Sparkline.of([]) == "")
        #expect(Sparkline.of([0, 0]) == "··")
        #expect(Sparkline.of([5], maximum: 10) == "▄")
    }
}

@Suite("Words")
struct WordsTests {
    @Test func numbersAreGroupedByThousands() {
        #expect(
            [0, 12, 999, 1_000, 1_234_567, -1_000].map { Words.count($0) } == [
                "0", "12", "999", "1,000", "1,234,567", "−1,000",
            ])
        #expect(Words.count(1, "call") == "1 call")
        #expect(Words.count(2_000, "query", "queries") == "2,000 queries")
    }

    @Test func decimalsRoundHalvesAway() {
        #expect(
            [7.25, 0.04, 12_345.67, -0.04, -1.5].map { Words.decimal($0) } == ["7.3", "0.0", "12,345.7", "0.0", "−1.5"])
        #expect(Words.decimal(2.5, places: 0) == "3")
        #expect(Words.decimal(.nan) == "–")
    }

    @Test func sharesNeverRoundToNothingOrAll() {
        #expect(Words.percent(0) == "0.0 %")
        #expect(Words.percent(0.00001) == "< 0.1 %")
        #expect(Words.percent(0.999999) == "99.9 %")
        #expect(Words.percent(1) == "100.0 %")
        #expect(Words.percent(1, places: 3) == "100.000 %")
        #expect(Words.percent(0.123) == "12.3 %")
    }

    @Test(arguments: [
        (Int64(0), "0 µs"), (999, "999 µs"), (84_000, "84 ms"), (999_499, "999 ms"), (999_500, "1.0 s"),
        (1_249_999, "1.2 s"),
        (9_949_999, "9.9 s"), (9_950_000, "10 s"), (42_000_000, "42 s"), (370_000_000, "6 min 10 s"),
        (11_100_000_000, "3 h 5 min"),
        (3_600_000_000, "1 h"), (187_200_000_000, "2 d 4 h"), (-42_000_000, "−42 s"),
    ])
    func durations(microseconds: Int64, words: String) {
        #expect(Words.duration(microseconds: microseconds) == words)
    }

    @Test func times() {
        let moment = Fixture.moment("2026-11-16T14:02:11.123456Z")
        #expect(Words.time(moment) == "14:02:11")
        #expect(Words.minute(moment) == "14:02")
        #expect(Words.date(moment) == "Mon 16 Nov 2026")
        #expect(Words.moment(moment) == "Mon 16 Nov 14:02")
    }
}

@Suite("TimeArgument")
struct TimeArgumentTests {
    @Test func durations() {
        #expect(TimeArgument.duration("90s") == 90_000_000)
        #expect(TimeArgument.duration("15m") == 900_000_000)
        #expect(TimeArgument.duration("2w") == 1_209_600_000_000)
        for wrong in ["", "7", "d", "-1d", "+1d", "1.5h", "7 d", "9223372036854775807d"] {
            #expect(TimeArgument.duration(wrong) == nil, "\(wrong)")
        }
    }

    @Test func moments() {
        let now = Fixture.moment("2026-11-22T12:00:00Z")
        #expect(TimeArgument.moment("now", now: now) == now)
        #expect(TimeArgument.moment("7d", now: now) == Fixture.moment("2026-11-15T12:00:00Z"))
        #expect(TimeArgument.moment("2026-11-16", now: now) == Fixture.moment("2026-11-16T00:00:00Z"))
        #expect(
            TimeArgument.moment("2026-11-16T14:02:11.5Z", now: now) == Fixture.moment("2026-11-16T14:02:11.500000Z"))
        for wrong in ["", "yesterday", "2026-13-01", "2026-11-16 14:02"] {
            #expect(TimeArgument.moment(wrong, now: now) == nil)
        }
    }
}

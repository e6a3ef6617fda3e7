import Reports
import Testing

@testable import Dashboard

@Suite struct LineDiffTests {
    @Test func linesAroundADifferenceAreShown() {
        let old = (1...12).map { "line \($0)" }
        var new = old
        new[5] = "other"
        new.append("more")
        let diff = LineDiff(old.joined(separator: "\n"), new.joined(separator: "\n"))
        #expect(
            diff.lines == [
                .left(2), .same("line 3"), .same("line 4"), .same("line 5"), .removed("line 6"), .added("other"),
                .same("line 7"), .same("line 8"), .same("line 9"), .same("line 10"), .same("line 11"), .same("line 12"),
                .added("more"),
            ])
        #expect(LineDiff("a\nb", "a\nb").lines.isEmpty)
        #expect(LineDiff("", "<b>").html.markup.contains("<ins>+ &lt;b&gt;"))
    }

    @Test func longTextsAreNotComparedForEver() {
        let old = (0..<40_000).map { "a \($0)" }
        let new = (0..<40_000).map { "b \($0)" }
        let diff = LineDiff(old.joined(separator: "\n"), new.joined(separator: "\n"))
        #expect(diff.lines.count == 80_000)
        #expect(diff.html.markup.contains("78,000 more lines"))
        let longer = LineDiff(old.joined(separator: "\n"), (old + ["more"]).joined(separator: "\n"))
        #expect(longer.lines == [.left(39_997)] + old.suffix(3).map { .same($0) } + [.added("more")])
    }

    @Test func whatABrowserSendsHasTheFilesLineBreaks() {
        #expect(DraftPages.lines("a\r\nb", as: Array("x\ny".utf8)) == Array("a\nb".utf8))
        #expect(DraftPages.lines("a\r\nb", as: Array("x\r\ny".utf8)) == Array("a\r\nb".utf8))
    }
}

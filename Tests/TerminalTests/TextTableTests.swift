import Testing

@testable import Terminal

@Suite("TextTable")
struct TextTableTests {
    private func table() -> TextTable {
        var table = TextTable([
            .init("agent", minimumWidth: 8), .init("calls", .right), .init("tool", minimumWidth: 8),
            .init("week", dropOrder: 1),
        ])
        table.append(["ci-builder", "12,345", "build_and_push_image_to_ecr", "▁▂▃▄▅▆▇"])
        table.append(["構築ロボット", "7", "deploy", ""])
        return table
    }

    @Test func numbersStandToTheRightAndNoLineEndsInBlanks() {
        #expect(
            table().render() == """
                agent          calls  tool                         week
                ci-builder    12,345  build_and_push_image_to_ecr  ▁▂▃▄▅▆▇
                構築ロボット       7  deploy

                """)
    }

    @Test func longNamesAreCutBeforeColumnsAreLeftOut() {
        #expect(
            table().render(width: 48) == """
                agent          calls  tool               week
                ci-builder    12,345  build_and_push_i…  ▁▂▃▄▅▆▇
                構築ロボット       7  deploy

                """)
    }

    @Test(arguments: 18...70)
    func everyLineFits(width: Int) {
        let lines = table().render(width: width).split(separator: "\n")
        for line in lines where !line.hasPrefix("…") {
            #expect(DisplayWidth.of(line) <= max(width, 26), "\(width): \(line)")
        }
        // Which columns are left out stands at the end, on as many lines as that takes.
        let note = lines.drop { !$0.hasPrefix("…") }.joined(separator: " ").split(separator: " ").joined(separator: " ")
        #expect(note.hasPrefix("… not shown at this width: week") == (width < 47))
    }

    @Test func coloursAreOnlyPaintedWhereTheyAreWanted() {
        var table = TextTable([.init("agent")])
        table.append([.init("ci", .red)])
        #expect(table.render() == "agent\nci\n")
        #expect(table.render(palette: Palette(usesColour: true)) == "\u{1B}[2magent\u{1B}[0m\n\u{1B}[31mci\u{1B}[0m\n")
    }

    @Test func hostileCellsAreSpelledOut() {
        var table = TextTable([.init("agent")])
        table.append(["a\u{1B}[2J\nb"])
        #expect(table.render() == "agent\na\\x1b[2J\\nb\n")
    }
}

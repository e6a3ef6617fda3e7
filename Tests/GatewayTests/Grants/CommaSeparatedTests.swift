import Testing

@testable import Gateway

/// Comma-separated values as spreadsheets write them.
struct CommaSeparatedTests {
    private func rows(_ text: String) throws -> [[String]] {
        try CommaSeparated.rows(Array(text.utf8)).map(\.fields)
    }

    @Test(arguments: [
        ("", []), ("\n\n", []), ("a", [["a"]]), ("a,b\n", [["a", "b"]]), ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]),
        ("a,,\n", [["a", "", ""]]), (",", [["", ""]]), ("\"a,b\",c", [["a,b", "c"]]),
        ("\"a\"\"b\"", [["a\"b"]]), ("\"a\nb\"\n", [["a\nb"]]), ("\"\"", []), ("\"\",x", [["", "x"]]),
        ("a\rb,c", [["a\rb", "c"]]), ("a \n", [["a "]]), ("\u{FEFF}a,b", [["a", "b"]]), ("ä,💡", [["ä", "💡"]]),
        ("a\r\n\r\nb", [["a"], ["b"]]),
    ])
    func recordsAreThoseOfTheText(text: String, expected: [[String]]) throws {
        #expect(try rows(text) == expected)
    }

    @Test(arguments: [("a\n\"b", 2), ("a\nb\"c", 2), ("\"a\n\"b", 2), ("\"a\"b", 1), ("a\n\"b\n\n", 2)])
    func quotationMarksOutOfPlaceAreToldWithTheirLine(text: String, line: Int) {
        #expect {
            _ = try CommaSeparated.rows(Array(text.utf8))
        } throws: { ($0 as? CommaSeparated.Defect)?.line == line }
    }

    @Test func textThatIsNotUTF8IsToldWithItsLine() {
        #expect(throws: CommaSeparated.Defect(line: 2, words: "not UTF-8")) {
            _ = try CommaSeparated.rows(Array("a\n".utf8) + [0xFF, 0x0A])
        }
    }

    @Test func whatIsWrittenIsRead() throws {
        for seed in UInt64(1)...300 {
            var generator = SeededGenerator(seed: seed)
            let parts = ["a", ",", "\"", "\n", "\r\n", " ", "ü", "x"]
            let table = (0...generator.below(5)).map { _ in
                (0...generator.below(4)).map { _ in
                    (0..<generator.below(6)).map { _ in generator.pick(parts) }.joined()
                } + ["end"]
            }
            let lineEnd = generator.pick(["\n", "\r\n"])
            let lines = table.map { row in
                row.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",")
            }
            #expect(try rows(lines.joined(separator: lineEnd)) == table, "seed \(seed)")
        }
    }

    @Test func anyBytesAreReadOrRefused() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<3000 {
            let bytes = (0..<generator.below(40)).map { _ in generator.pick(Array("a,\"\r\n".utf8) + [0xC3, 0xA4]) }
            let rows = try? CommaSeparated.rows(bytes)
            #expect(rows.map { $0.allSatisfy { !$0.fields.isEmpty } } ?? true)
        }
    }
}

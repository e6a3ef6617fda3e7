import Events
import Terminal
import Testing
import Warehouse

@testable import Reports

@Suite("Forms")
struct FormsTests {
    @Test func textFitsTheTerminal() throws {
        let report = Sample.filled(with: "an-agent-with-a-long-name", agents: 5, tools: 3)
        for width in [80, 100, 120, 140] {
            for line in try report.rendered(as: .text, width: width, palette: .none).split(separator: "\n") {
                // What is there to be copied is never broken.
                guard !line.contains("tollgate tail"), !line.contains("{\"limits\":") else { continue }
                #expect(DisplayWidth.of(line) <= width, "\(width): \(line)")
            }
        }
    }

    @Test(arguments: [ReportFormat.text, .markdown, .html])
    func namesCannotControlATerminal(format: ReportFormat) throws {
        let text = try Sample.filled(with: "ci\u{1B}[2J\u{9B}31m\u{202E}\u{7}\nbot").rendered(as: format)
        #expect(text.contains("ci\\\u{5C}x1b".replacing("\\\u{5C}", with: "\\")) || text.contains("\\\\x1b"))
        for scalar in text.unicodeScalars where scalar != "\n" {
            #expect(scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && scalar != "\u{202E}")
        }
    }

    @Test func markdownShowsHostileNamesAsText() {
        let renderer = MarkdownRenderer()
        let document = Document(
            title: "<b>*x*</b>", subtitle: "[a](b) \("# h")", verdict: "", tone: .plain,
            blocks: [
                .table(
                    Table(
                        caption: "", columns: [.name("a")], rows: [[.name("x|y`z``w")], [.init("\("a|b <i>")")]],
                        empty: "")),
                .code(id: nil, caption: "", text: "```\nrm"),
            ], footer: [])
        let text = renderer.render(document)
        #expect(text.contains("# \\<b\\>\\*x\\*\\</b\\>"))
        #expect(text.contains("| ``` x\\|y`z``w ``` |"))
        #expect(text.contains("| a\\|b \\<i\\> |"))
        #expect(text.components(between: "```\n", and: "\n```").contains("'''\nrm"))
    }

    @Test func csvQuotesWhatNeedsIt() {
        let csv = CSV(
            columns: ["a", "b"],
            rows: [
                [.text("x,y"), .number(1_234)], [.text("say \"hi\"\r\nthere"), .decimal(0.5)],
                [.empty, .text("plain")],
            ])
        #expect(csv.text == "a,b\r\n\"x,y\",1234\r\n\"say \"\"hi\"\"\r\nthere\",0.5\r\n,plain\r\n")
    }

    @Test func theWeeklyReportHasNoCSVAndSaysWhatHas() {
        let error = #expect(throws: ReportError.self) { try Sample.empty().rendered(as: .csv) }
        #expect(error?.description == "this report has no CSV form\nhint: tollgate report rates --csv")
        #expect(error?.exitCode == 2)
    }

    @Test func shellWordsAreQuoted() {
        #expect(ShellWord.quoted("ci-builder") == "ci-builder")
        #expect(ShellWord.quoted("a b'; rm -rf /") == "'a b'\\''; rm -rf /'")
        #expect(ShellWord.quoted("") == "''")
    }

    @Test func labelsOfBarsKeepTheirDistance() {
        let labels = (0..<90).map { $0.isMultiple(of: 4) ? "14:0\($0 % 10)" : "" }
        let bars = Chart.Bars(
            labels: labels, titles: labels,
            layers: [.init(name: "calls", tone: .plain, values: Array(repeating: 1, count: 90))],
            unit: "calls")
        let drawing = BarChart(bars: bars).html(alternative: "").markup
        let places = drawing.components(between: "<text x=\"", and: "</text>").filter { $0.contains("14:0") }
            .compactMap { Double($0.prefix { $0 != "\"" }) }
        #expect(places.count > 5)
        #expect(zip(places, places.dropFirst()).allSatisfy { $1 - $0 >= SVG.width(of: "14:00") })
    }
}

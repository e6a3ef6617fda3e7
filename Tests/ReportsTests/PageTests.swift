import Testing

@testable import Reports

@Suite("The page")
struct PageTests {
    private static let harmless = Result<Markup, any Error> {
        Markup(try Sample.filled(with: "harmless").rendered(as: .html))
    }

    private func page(_ report: WeeklyReport) throws -> String { try report.rendered(as: .html) }

    @Test func nothingIsLoadedAndNothingRuns() throws {
        let page = try page(Sample.made.get().report)
        for word in [
            "<script", "http://", "https://", "src=", "@import", "url(", "<link", "<iframe", "javascript:", "onclick",
        ] {
            #expect(!page.contains(word), "\(word)")
        }
        #expect(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""))
    }

    @Test func aFleetOf400AgentsAnd60ToolsStaysBelow300KB() throws {
        let report = Sample.filled(with: "an-agent-with-quite-a-long-name", agents: 400, tools: 60)
        let bytes = try page(report).utf8.count
        #expect(bytes < 300_000)
    }

    @Test(arguments: [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg/onload=alert(1)>",
        "</style><script>x</script>",
        "\"\u{301} onmouseover=alert(1) x=\"\u{301}", "<\u{338}img src=x>", "{{{style}}}", "{{>page}}", "&lt;b&gt;",
        "a\u{202E}b\u{0}c",
    ])
    func noNameBecomesMarkup(name: String) throws {
        let hostile = try page(Sample.filled(with: name))
        let harmless = try PageTests.harmless.get()
        #expect(Markup(hostile).tags == harmless.tags)
        #expect(Markup(hostile).attributeNames == harmless.attributeNames)
        #expect(!hostile.unicodeScalars.contains("\u{202E}") && !hostile.unicodeScalars.contains("\u{0}"))
    }

    @Test func everyElementIsClosedAndEveryAnchorLeadsSomewhere() throws {
        for report in [try Sample.made.get().report, Sample.empty(), Sample.filled(with: "x")] {
            let page = try page(report)
            let markup = Markup(page)
            #expect(markup.unclosed.isEmpty, "\(markup.unclosed)")
            let ids = page.components(between: " id=\"", and: "\"")
            #expect(Set(ids).count == ids.count)
            for target in page.components(between: "href=\"#", and: "\"") {
                #expect(ids.contains(target), "#\(target)")
            }
        }
    }

    @Test func everyDrawingHasATextAlternative() throws {
        let page = try page(Sample.made.get().report)
        let drawings = page.components(between: "<svg", and: ">")
        #expect(drawings.count > 10)
        for drawing in drawings { #expect(drawing.contains("role=\"img\"")) }
        #expect(page.components(between: "<svg class=\"ch\"", and: ">").allSatisfy { $0.contains("aria-label=\"") })
        #expect(
            page.components(between: "<svg class=\"sp", and: "</title>").allSatisfy {
                $0.contains("<title>calls of the last 28 days")
            })
    }

    /// WCAG 2.2, 1.4.3: texts keep 4.5 to 1 on their ground.
    @Test(arguments: ["light", "dark"])
    func textsHaveContrast(scheme: String) throws {
        let roots = PageStyle.css.components(between: ":root{", and: "}")
        var colours = try Colour.all(#require(roots.first))
        if scheme == "dark" { colours.merge(try Colour.all(roots[1])) { $1 } }
        func contrast(_ text: String, _ ground: String) throws -> Double {
            try Colour.contrast(#require(colours[text]), #require(colours[ground]))
        }
        for text in ["fg", "mut", "link", "ok", "warn", "bad"] {
            #expect(try contrast(text, "bg") >= 4.5, "\(text) on \(scheme)")
        }
        #expect(try contrast("fg", "soft") >= 4.5)
        for shade in 0...3 { #expect(try contrast("fg", "h\(shade)") >= 4.5, "h\(shade) \(scheme)") }
        for shade in 4...5 { #expect(try contrast("hi", "h\(shade)") >= 4.5, "h\(shade) \(scheme)") }
    }
}

/// A page's tags, read the way a browser's tokenizer does.
private struct Markup: Sendable {
    private(set) var tags: [String] = []
    private(set) var attributeNames: Set<String> = []
    private(set) var unclosed: [String] = []

    private static let void: Set<String> = ["meta", "!doctype", "wbr"]

    init(_ page: String) {
        var rest = Array(page.unicodeScalars)[...]
        while let open = rest.firstIndex(of: "<") {
            rest = rest[(open + 1)...]
            guard let first = rest.first, first.properties.isAlphabetic || first == "/" || first == "!" else {
                continue
            }
            let name = String(String.UnicodeScalarView(rest.prefix { $0 != ">" && $0 != " " && $0 != "\n" }))
            rest = rest[(rest.startIndex + name.unicodeScalars.count)...]
            var isSelfClosing = false
            read(&rest, &isSelfClosing)
            // A break that a name allows is not structure.
            if name != "wbr" { tags.append(name) }
            note(name.hasSuffix("/") ? String(name.dropLast()) : name, isSelfClosing || name.hasSuffix("/"))
            if name == "style" { rest = rest[Markup.end(of: "</style", in: rest)...] }
        }
    }

    /// Attributes up to `>`; quoted values may hold anything.
    private mutating func read(_ rest: inout ArraySlice<Unicode.Scalar>, _ isSelfClosing: inout Bool) {
        var name = ""
        while let scalar = rest.popFirst(), scalar != ">" {
            if scalar == "\"" {
                while let inner = rest.popFirst(), inner != "\"" {}
            } else if scalar == " " || scalar == "=" || scalar == "\n" {
                if !name.isEmpty { attributeNames.insert(name) }
                name = ""
            } else {
                isSelfClosing = scalar == "/"
                name.unicodeScalars.append(scalar)
            }
        }
    }

    private mutating func note(_ name: String, _ isSelfClosing: Bool) {
        if name.hasPrefix("/") {
            if unclosed.last == String(name.dropFirst()) { unclosed.removeLast() } else { unclosed.append(name) }
        } else if !isSelfClosing, !Markup.void.contains(name) {
            unclosed.append(name)
        }
    }

    private static func end(of text: String, in rest: ArraySlice<Unicode.Scalar>) -> Int {
        let wanted = Array(text.unicodeScalars)
        return rest.indices.first { rest[$0...].starts(with: wanted) } ?? rest.endIndex
    }
}

/// Colours and their contrast, by WCAG 2.2's definition of relative luminance.
private enum Colour {
    static func all(_ root: String) throws -> [String: Int] {
        var colours: [String: Int] = [:]
        for entry in root.split(separator: ";") {
            let parts = entry.split(separator: ":")
            guard parts.count == 2, let hash = parts[1].firstIndex(of: "#") else { continue }
            var digits = parts[1][parts[1].index(after: hash)...]
            if digits.count == 3 { digits = Substring(digits.flatMap { [$0, $0] }) }
            colours[String(parts[0].drop { $0 == "-" })] = Int(digits, radix: 16)
        }
        return colours
    }

    static func contrast(_ a: Int, _ b: Int) -> Double {
        let lights = [luminance(a), luminance(b)].sorted()
        return (lights[1] + 0.05) / (lights[0] + 0.05)
    }

    private static func luminance(_ colour: Int) -> Double {
        func linear(_ channel: Int) -> Double {
            let value = Double(channel & 255) / 255
            return value <= 0.04045 ? value / 12.92 : power((value + 0.055) / 1.055)
        }
        return 0.2126 * linear(colour >> 16) + 0.7152 * linear(colour >> 8) + 0.0722 * linear(colour)
    }

    /// value^2.4 as value² · value^(2/5); the fifth root by Newton's method.
    private static func power(_ value: Double) -> Double {
        var root = value
        for _ in 0..<60 { root -= (root * root * root * root * root - value) / (5 * root * root * root * root) }
        return value * value * root * root
    }
}

extension String {
    /// What stands between two marks, everywhere.
    func components(between start: String, and end: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let open = rest.firstRange(of: start) {
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: end) else { break }
            found.append(String(rest[..<close.lowerBound]))
        }
        return found
    }
}

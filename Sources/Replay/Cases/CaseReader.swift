import Events
import Policy
import StrictJSON

/// Reads a file of cases and collects everything that is wrong with it.
struct CaseReader {
    private static let fields = [
        "name", "tool", "args", "agent", "grant", "session", "server", "at", "fresh", "expect", "rule",
    ]
    /// Seconds that `at` may be: ten years.
    private static let maximumSeconds = 315_360_000.0

    private let tree: JSONTree
    private var problems: [(offset: Int, problem: CaseProblem)] = []
    /// The moment of the case before.
    private var now = CaseFile.start

    static func read(_ bytes: [UInt8]) throws(CaseRefusal) -> CaseFile {
        let tree: JSONTree
        do {
            tree = try JSONTree(
                parsing: bytes, limits: JSONLimits(maximumBytes: CaseFile.maximumBytes, duplicateKeys: .allow))
        } catch {
            let line = 1 + bytes.prefix(error.offset).count { $0 == 0x0A }
            throw CaseRefusal(problems: [
                CaseProblem(
                    pointer: "", line: line, found: "what is no JSON (\(error.code.explanation))",
                    expected: "a JSON list of cases", suggestion: nil)
            ])
        }
        var reader = CaseReader(tree)
        let cases = reader.cases()
        guard reader.problems.isEmpty else { throw CaseRefusal(problems: reader.sorted()) }
        return CaseFile(cases: cases, tree: tree)
    }

    private init(_ tree: JSONTree) {
        self.tree = tree
    }

    private mutating func cases() -> [CaseFile.Case] {
        for key in tree.repeatedKeys(in: tree.root) {
            refuse(key, tree.pointer(to: key), expected: "each key once in an object")
        }
        guard tree.kind(tree.root) == .array, tree.count(tree.root) > 0 else {
            refuse(tree.root, "", expected: "a list of at least one case")
            return []
        }
        return tree.elements(tree.root).enumerated().compactMap { one($0.element, "/\($0.offset)") }
    }

    private mutating func one(_ node: JSONNode, _ pointer: String) -> CaseFile.Case? {
        guard tree.kind(node) == .object else {
            refuse(node, pointer, expected: "a case: an object with \"tool\" and \"expect\"")
            return nil
        }
        var values: [String: JSONNode] = [:]
        var misspelt: Set<String> = []
        for (key, value) in tree.members(node) {
            let name = tree.string(key) ?? ""
            guard !Self.fields.contains(name) else {
                values[name] = values[name] ?? value
                continue
            }
            let nearest = Self.nearest(to: name, among: Self.fields)
            if let nearest { misspelt.insert(nearest) }
            refuse(
                key, tree.pointer(to: key), expected: "one of \(Self.fields.joined(separator: ", "))",
                suggestion: nearest)
        }
        for field in ["tool", "expect"] where values[field] == nil && !misspelt.contains(field) {
            refuse(node, "\(pointer)/\(field)", found: "nothing", expected: "\"\(field)\"")
        }
        let isFresh = flag(values["fresh"], "\(pointer)/fresh")
        if isFresh { now = CaseFile.start }
        let at = moment(values["at"], "\(pointer)/at")
        let texts = ["name", "tool", "rule", "server", "session"].map { text(values[$0], "\(pointer)/\($0)") }
        let agent = name(values["agent"], "\(pointer)/agent", otherwise: "agent")
        let grant = name(values["grant"], "\(pointer)/grant", otherwise: nil)
        let expected = verdict(values["expect"], "\(pointer)/expect")
        guard let tool = texts[1], let expected else { return nil }
        return CaseFile.Case(
            name: texts[0], tool: tool,
            caller: Caller(agent: agent, grant: grant, session: texts[4], server: texts[3] ?? "server"), at: at,
            isFresh: isFresh, expected: expected, rule: texts[2], arguments: values["args"])
    }

    // MARK: Values

    private mutating func text(_ node: JSONNode?, _ pointer: String) -> String? {
        guard let node else { return nil }
        guard let text = tree.string(node), !text.isEmpty else {
            refuse(node, pointer, expected: "a text")
            return nil
        }
        return text
    }

    /// A name, or null for a caller that has none.
    private mutating func name(_ node: JSONNode?, _ pointer: String, otherwise: String?) -> String? {
        guard let node else { return otherwise }
        if tree.kind(node) == .null { return nil }
        return text(node, pointer)
    }

    private mutating func flag(_ node: JSONNode?, _ pointer: String) -> Bool {
        guard let node else { return false }
        if tree.bool(node) == nil { refuse(node, pointer, expected: "true or false") }
        return tree.bool(node) ?? false
    }

    private mutating func verdict(_ node: JSONNode?, _ pointer: String) -> Verdict? {
        guard let node else { return nil }
        if let verdict = tree.string(node).flatMap({ Verdict(rawValue: $0) }) { return verdict }
        let words = Verdict.allCases.map(\.rawValue)
        refuse(
            node, pointer, expected: words.map { "\"\($0)\"" }.joined(separator: " or "),
            suggestion: tree.string(node).flatMap { Self.nearest(to: $0, among: words) })
        return nil
    }

    /// Seconds from the file's start, or RFC 3339; the moment of the case before where there is none.
    private mutating func moment(_ node: JSONNode?, _ pointer: String) -> Timestamp {
        guard let node else { return now }
        var moment: Timestamp?
        if let text = tree.string(node) {
            moment = Timestamp(text: text)
        } else if tree.kind(node) == .number {
            let seconds = tree.withUnsafeBytes(of: node) { Double(String(decoding: $0, as: UTF8.self)) }
            if let seconds, seconds >= 0, seconds <= Self.maximumSeconds {
                moment = CaseFile.start.advanced(by: Int64((seconds * 1_000_000).rounded()))
            }
        }
        guard let moment else {
            refuse(node, pointer, expected: "seconds from the file's start, from 0, or RFC 3339 in UTC")
            return now
        }
        guard moment >= now else {
            refuse(node, pointer, expected: "no moment before \(now), that of the case before, unless \"fresh\": true")
            return now
        }
        now = moment
        return moment
    }

    // MARK: Problems

    private mutating func refuse(
        _ node: JSONNode, _ pointer: String, found: String? = nil, expected: String, suggestion: String? = nil
    ) {
        let offset = tree.range(node).lowerBound
        let line = 1 + tree.bytes.prefix(offset).count { $0 == 0x0A }
        let problem = CaseProblem(
            pointer: pointer, line: line, found: found ?? describe(node), expected: expected, suggestion: suggestion)
        problems.append((offset, problem))
    }

    private func describe(_ node: JSONNode) -> String {
        switch tree.kind(node) {
        case .array: return tree.count(node) == 0 ? "an empty list" : "a list"
        case .object: return "an object"
        case .string, .number, .null, .true, .false:
            let text = tree.withUnsafeBytes(of: node) { String(decoding: $0, as: UTF8.self) }
            return text.count > 60 ? "\(text.prefix(57))…" : text
        }
    }

    private func sorted() -> [CaseProblem] {
        problems.enumerated()
            .sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }.map(\.element.problem)
    }

    private static func nearest(to word: String, among words: [String]) -> String? {
        words.map { ($0, Spelling.distance(word.lowercased(), $0)) }.filter {
            $0.1 <= max(1, ($0.0.utf8.count + 1) / 3)
        }
        .min { $0.1 < $1.1 }?.0
    }
}

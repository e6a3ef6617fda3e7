import StrictJSON

/// Reads one document and collects everything that is wrong with it.
struct DocumentReader {
    /// A value and the pointer to it.
    struct Place {
        var node: JSONNode
        var pointer: String

        init(_ node: JSONNode, _ pointer: String) {
            self.node = node
            self.pointer = pointer
        }
    }

    let tree: JSONTree
    /// Problems and the byte offsets they are at; line and column are filled in at the end.
    private var problems: [(offset: Int, problem: PolicyProblem)] = []

    init(_ bytes: [UInt8]) throws(JSONError) {
        let limits = JSONLimits(maximumBytes: PolicyFields.maximumDocumentBytes, duplicateKeys: .allow)
        tree = try JSONTree(parsing: bytes, limits: limits)
    }

    var root: Place { Place(tree.root, "") }
    var hasErrors: Bool { problems.contains { $0.problem.severity == .error } }

    /// The errors or the warnings in the order of the text.
    func problems(_ severity: PolicyProblem.Severity) -> [PolicyProblem] {
        DocumentReader.placed(problems.filter { $0.problem.severity == severity }, in: tree.bytes)
    }

    // MARK: Reporting

    mutating func refuse(
        _ code: PolicyProblem.Code, _ place: Place, found: String? = nil, expected: String, suggestion: String? = nil
    ) {
        append(.error, code, place, found ?? describe(place.node), expected, suggestion)
    }

    mutating func warn(_ code: PolicyProblem.Code, _ place: Place, found: String, expected: String) {
        append(.warning, code, place, found, expected, nil)
    }

    private mutating func append(
        _ severity: PolicyProblem.Severity, _ code: PolicyProblem.Code, _ place: Place, _ found: String,
        _ expected: String, _ suggestion: String?
    ) {
        let problem = PolicyProblem(
            severity: severity, code: code, pointer: place.pointer, line: 0, column: 0, found: found,
            expected: expected, suggestion: suggestion)
        problems.append((tree.range(place.node).lowerBound, problem))
    }

    /// The value as an error shows it: scalars as written, shortened.
    func describe(_ node: JSONNode) -> String {
        switch tree.kind(node) {
        case .array: "a list"
        case .object: "an object"
        case .string, .number, .null, .true, .false:
            tree.withUnsafeBytes(of: node) { bytes in
                guard bytes.count > 60 else { return String(decoding: bytes, as: UTF8.self) }
                var end = 57
                while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
                return String(decoding: bytes[..<end], as: UTF8.self) + "…"
            }
        }
    }

    /// Sorts problems by offset and fills in lines and columns, in one walk over the text.
    private static func placed(
        _ problems: [(offset: Int, problem: PolicyProblem)], in bytes: [UInt8]
    ) -> [PolicyProblem] {
        let sorted = problems.enumerated()
            .sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }.map(\.element)
        var (at, line, column) = (0, 1, 1)
        return sorted.map { offset, problem in
            while at < min(offset, bytes.count) {
                if bytes[at] == UInt8(ascii: "\n") {
                    (line, column) = (line + 1, 1)
                } else if bytes[at] & 0xC0 != 0x80 {
                    column += 1
                }
                at += 1
            }
            var placed = problem
            (placed.line, placed.column) = (line, column)
            return placed
        }
    }

    /// The problem of a document that is no JSON.
    static func notJSON(_ error: JSONError, _ bytes: [UInt8]) -> PolicyProblem {
        let first = bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        let problem = PolicyProblem(
            severity: .error, code: .notJSON, pointer: "", line: 1, column: 1,
            found: "what is no JSON (\(error.code.explanation))",
            expected: looksLikeJSON ? "a JSON document" : "a JSON object (or YAML, in a file ending in .yaml)",
            suggestion: nil)
        return placed([(error.offset, problem)], in: bytes).first ?? problem
    }

    // MARK: Duplicate keys

    /// Refuses every key that repeats one of its object, wherever in the document.
    mutating func refuseDuplicateKeys() {
        for key in tree.repeatedKeys(in: tree.root) {
            refuse(.duplicateKey, Place(key, tree.pointer(to: key)), expected: "each key once in an object")
        }
    }
}

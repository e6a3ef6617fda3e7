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
    private(set) var errors: [PolicyProblem] = []
    private(set) var warnings: [PolicyProblem] = []
    /// Byte offsets at which lines begin.
    private let lineStarts: [Int]

    init(_ bytes: [UInt8]) throws(JSONError) {
        let limits = JSONLimits(maximumBytes: PolicyFields.maximumDocumentBytes, duplicateKeys: .allow)
        tree = try JSONTree(parsing: bytes, limits: limits)
        lineStarts = DocumentReader.lineStarts(of: bytes)
    }

    var root: Place { Place(tree.root, "") }
    var sortedErrors: [PolicyProblem] { DocumentReader.sorted(errors) }
    var sortedWarnings: [PolicyProblem] { DocumentReader.sorted(warnings) }

    // MARK: Reporting

    mutating func refuse(
        _ code: PolicyProblem.Code, _ place: Place, found: String? = nil, expected: String, suggestion: String? = nil
    ) {
        let (line, column) = position(of: tree.range(place.node).lowerBound)
        errors.append(
            PolicyProblem(
                severity: .error, code: code, pointer: place.pointer, line: line, column: column,
                found: found ?? describe(place.node), expected: expected, suggestion: suggestion))
    }

    mutating func warn(_ code: PolicyProblem.Code, _ place: Place, found: String, expected: String) {
        let (line, column) = position(of: tree.range(place.node).lowerBound)
        warnings.append(
            PolicyProblem(
                severity: .warning, code: code, pointer: place.pointer, line: line, column: column, found: found,
                expected: expected, suggestion: nil))
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

    private func position(of offset: Int) -> (line: Int, column: Int) {
        DocumentReader.position(of: offset, in: tree.bytes, lineStarts: lineStarts)
    }

    private static func position(of offset: Int, in bytes: [UInt8], lineStarts: [Int]) -> (line: Int, column: Int) {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let end = min(offset, bytes.count)
        let column = bytes[min(lineStarts[low], end)..<end].reduce(1) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        return (low + 1, column)
    }

    private static func lineStarts(of bytes: [UInt8]) -> [Int] {
        [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
    }

    private static func sorted(_ problems: [PolicyProblem]) -> [PolicyProblem] {
        problems.enumerated()
            .sorted {
                ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
            }
            .map(\.element)
    }

    /// The problem of a document that is no JSON.
    static func notJSON(_ error: JSONError, _ bytes: [UInt8]) -> PolicyProblem {
        let (line, column) = position(of: error.offset, in: bytes, lineStarts: lineStarts(of: bytes))
        let first = bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        return PolicyProblem(
            severity: .error, code: .notJSON, pointer: "", line: line, column: column,
            found: "\(error.code.explanation)",
            expected: looksLikeJSON ? "a JSON document" : "a JSON object (YAML is not read yet)", suggestion: nil)
    }

    // MARK: Duplicate keys

    /// Refuses every key that repeats one of its object, wherever in the document.
    mutating func refuseDuplicateKeys() {
        refuseDuplicateKeys(in: tree.root)
    }

    private mutating func refuseDuplicateKeys(in node: JSONNode) {
        for element in tree.elements(node) { refuseDuplicateKeys(in: element) }
        var seen: Set<[UInt8]> = []
        for (key, value) in tree.members(node) {
            var name: [UInt8] = []
            tree.appendUnescaped(key, to: &name)
            if !seen.insert(name).inserted {
                refuse(.duplicateKey, Place(key, tree.pointer(to: key)), expected: "each key once in an object")
            }
            refuseDuplicateKeys(in: value)
        }
    }
}

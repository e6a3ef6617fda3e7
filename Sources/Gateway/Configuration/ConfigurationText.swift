import StrictJSON

/// A configuration's text, JSON or YAML, as a tree whose values know their line.
struct ConfigurationText {
    /// How the text is written.
    enum Form: Sendable {
        case json
        case yaml

        /// By the file's ending: `.yaml` and `.yml` are YAML, all else JSON.
        init(path: String) {
            let name = path.lowercased()
            self = name.hasSuffix(".yaml") || name.hasSuffix(".yml") ? .yaml : .json
        }
    }

    let tree: JSONTree
    /// Where the bytes of the tree came from, ascending; empty where they are the text itself.
    private let marks: [YAMLDocument.Place]
    /// Where the lines of the tree's bytes begin, ascending.
    private let lines: [Int]

    /// Reads a text; a key that occurs twice is left to the reader, which tells all of them.
    init(_ bytes: [UInt8], form: Form) throws(ConfigurationProblem) {
        let json: [UInt8]
        switch form {
        case .json: (json, marks) = (bytes, [])
        case .yaml: (json, marks) = try YAMLDocument.json(of: bytes)
        }
        lines = [0] + json.indices.filter { json[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
        let limits = JSONLimits(
            maximumBytes: ConfigurationFields.maximumDocumentBytes, maximumDepth: ConfigurationFields.maximumDepth,
            duplicateKeys: .allow)
        do {
            tree = try JSONTree(parsing: json, limits: limits)
        } catch {
            let place = ConfigurationText.place(of: error.offset, in: json, lines, marks)
            throw ConfigurationProblem(
                code: .notReadable, pointer: "", line: place.line, column: place.column,
                found: "what cannot be read (\(error.code.explanation))",
                expected: form == .json ? "a JSON object (or YAML, in a file ending in .yaml)" : "a YAML mapping")
        }
    }

    /// Line and column of a byte of the tree, both from 1.
    func place(of offset: Int) -> (line: Int, column: Int) {
        ConfigurationText.place(of: offset, in: tree.bytes, lines, marks)
    }

    private static func place(
        of offset: Int, in bytes: [UInt8], _ lines: [Int], _ marks: [YAMLDocument.Place]
    ) -> (line: Int, column: Int) {
        guard marks.isEmpty else {
            let mark = marks[max(count(of: marks, upTo: offset) { $0.offset } - 1, 0)]
            return (mark.line, mark.column)
        }
        let line = count(of: lines, upTo: offset) { $0 }
        let before = bytes[lines[max(line - 1, 0)]..<min(max(offset, 0), bytes.count)]
        // Continuation bytes are no columns of their own.
        return (line, before.count { $0 & 0xC0 != 0x80 } + 1)
    }

    /// How many of the ascending elements stand at or before an offset.
    private static func count<Element>(
        of elements: [Element], upTo offset: Int, _ position: (Element) -> Int
    ) -> Int {
        var (low, high) = (0, elements.count)
        while low < high {
            let middle = (low + high) / 2
            if position(elements[middle]) <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

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

    /// Reads a text; a key that occurs twice is left to the reader, which tells all of them.
    init(_ bytes: [UInt8], form: Form) throws(ConfigurationProblem) {
        let document: (json: [UInt8], marks: [YAMLDocument.Place])
        switch form {
        case .json: document = (bytes, [])
        case .yaml: document = try YAMLDocument.json(of: bytes)
        }
        marks = document.marks
        let limits = JSONLimits(
            maximumBytes: ConfigurationFields.maximumDocumentBytes, maximumDepth: ConfigurationFields.maximumDepth,
            duplicateKeys: .allow)
        do {
            tree = try JSONTree(parsing: document.json, limits: limits)
        } catch {
            let place = ConfigurationText.place(of: error.offset, in: document.json, marks)
            throw ConfigurationProblem(
                code: .notReadable, pointer: "", line: place.line, column: place.column,
                found: "what cannot be read (\(error.code.explanation))",
                expected: form == .json ? "a JSON object (or YAML, in a file ending in .yaml)" : "a YAML mapping")
        }
    }

    /// Line and column of a byte of the tree, both from 1.
    func place(of offset: Int) -> (line: Int, column: Int) {
        ConfigurationText.place(of: offset, in: tree.bytes, marks)
    }

    private static func place(
        of offset: Int, in bytes: [UInt8], _ marks: [YAMLDocument.Place]
    ) -> (line: Int, column: Int) {
        if !marks.isEmpty {
            var (low, high) = (0, marks.count)
            while low < high {
                let middle = (low + high) / 2
                if marks[middle].offset <= offset { low = middle + 1 } else { high = middle }
            }
            let mark = marks[max(low - 1, 0)]
            return (mark.line, mark.column)
        }
        var (line, column) = (1, 1)
        for byte in bytes.prefix(max(offset, 0)) {
            if byte == UInt8(ascii: "\n") {
                (line, column) = (line + 1, 1)
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }
}

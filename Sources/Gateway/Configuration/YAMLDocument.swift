import Yams

/// YAML as JSON: the same document, for the same reader.
///
/// Scalars are read by YAML 1.2's JSON schema, narrower than 1.1's, in which `no` is a boolean and `0600` is 384: plain
/// `null`, `true`, `false` and JSON's numbers are what they look like; everything else is text.
enum YAMLDocument {
    /// Where a byte of the JSON came from.
    struct Place: Sendable {
        var offset: Int
        var line: Int
        var column: Int
    }

    /// Turns a YAML text into JSON.
    ///
    /// - Throws: a problem when the text is no YAML, has an object with the same key twice, or grows past its bound.
    static func json(of bytes: [UInt8]) throws(ConfigurationProblem) -> (json: [UInt8], marks: [Place]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw problem(1, 1, "what is not UTF-8") }
        guard bytes.count <= ConfigurationFields.maximumDocumentBytes else { throw problem(1, 1, "too many bytes") }
        let node: Node?
        do {
            node = try compose(yaml: text)
        } catch let error as YamlError {
            throw problem(of: error)
        } catch {
            throw problem(1, 1, "what cannot be read")
        }
        var writer = Writer(maximumBytes: (1 << 20) + 4 * bytes.count)
        if let node { try writer.write(node, depth: 0) }
        return (writer.json, writer.marks)
    }

    private static func problem(_ line: Int, _ column: Int, _ found: String) -> ConfigurationProblem {
        ConfigurationProblem(
            code: .notReadable, pointer: "", line: max(line, 1), column: max(column, 1), found: found,
            expected: "a YAML mapping")
    }

    /// Yams' own text quotes the line, which may hold a secret: only its place and its kind are taken over.
    private static func problem(of error: YamlError) -> ConfigurationProblem {
        switch error {
        case .scanner(_, let words, let mark, _), .parser(_, let words, let mark, _),
            .composer(_, let words, let mark, _):
            problem(mark.line, mark.column, "what is no YAML (\(words))")
        case .duplicatedKeysInMapping(let keys, let context):
            ConfigurationProblem(
                code: .duplicateKey, pointer: "", line: context.mark.line, column: context.mark.column,
                found: keys.map { "\"\($0)\"" }.joined(separator: ", "), expected: "each key once in a mapping")
        default: problem(1, 1, "what is no YAML")
        }
    }

    private struct Writer {
        /// Aliases can name a value again and again, each time with all that is in it.
        let maximumBytes: Int
        var json: [UInt8] = []
        var marks: [Place] = []

        mutating func write(_ node: Node, depth: Int) throws(ConfigurationProblem) {
            mark(node)
            guard json.count <= maximumBytes, depth <= ConfigurationFields.maximumDepth else {
                throw problem(node.mark?.line ?? 1, node.mark?.column ?? 1, "a document nested too deep or too large")
            }
            switch node {
            case .scalar(let scalar): write(scalar)
            case .sequence(let sequence):
                json.append(UInt8(ascii: "["))
                for (index, element) in sequence.enumerated() {
                    if index > 0 { json.append(UInt8(ascii: ",")) }
                    try write(element, depth: depth + 1)
                }
                json.append(UInt8(ascii: "]"))
            case .mapping(let mapping):
                json.append(UInt8(ascii: "{"))
                for (index, (key, value)) in mapping.enumerated() {
                    if index > 0 { json.append(UInt8(ascii: ",")) }
                    guard case .scalar(let name) = key else {
                        throw problem(key.mark?.line ?? 1, key.mark?.column ?? 1, "a key that is no text")
                    }
                    mark(key)
                    JSONText.append(name.string, to: &json)
                    json.append(UInt8(ascii: ":"))
                    try write(value, depth: depth + 1)
                }
                json.append(UInt8(ascii: "}"))
            case .alias:
                throw problem(node.mark?.line ?? 1, node.mark?.column ?? 1, "an alias that names nothing")
            }
        }

        private mutating func write(_ scalar: Node.Scalar) {
            let isPlain = scalar.style == .plain || scalar.style == .any
            if isPlain, ["", "~", "null"].contains(scalar.string) {
                json.append(contentsOf: "null".utf8)
            } else if isPlain, ["true", "false"].contains(scalar.string) || JSONText.isNumber(scalar.string) {
                json.append(contentsOf: scalar.string.utf8)
            } else {
                JSONText.append(scalar.string, to: &json)
            }
        }

        private mutating func mark(_ node: Node) {
            guard let mark = node.mark else { return }
            marks.append(Place(offset: json.count, line: mark.line, column: mark.column))
        }
    }
}

import StrictJSON

/// Reads one document, a configuration or a file of grants, and collects everything that is wrong with it.
struct ConfigurationReader {
    /// A value and the pointer to it.
    struct Place {
        var node: JSONNode
        var pointer: String

        init(_ node: JSONNode, _ pointer: String) {
            self.node = node
            self.pointer = pointer
        }
    }

    /// The same value's fields by name.
    typealias Fields = [String: Place]

    let text: ConfigurationText
    /// What the document may look at.
    let surroundings: ConfigurationSurroundings
    /// The file's name in problems, nil for the configuration itself.
    private let file: String?
    /// Problems and the byte offsets they are at; line and column are filled in at the end.
    private var found: [(offset: Int, problem: ConfigurationProblem)] = []
    /// Files that were looked at, besides the document.
    private(set) var stamps: [FileStamp] = []

    var tree: JSONTree { text.tree }
    var root: Place { Place(tree.root, "") }
    var hasProblems: Bool { !found.isEmpty }
    var problemCount: Int { found.count }

    init(_ text: ConfigurationText, surroundings: ConfigurationSurroundings, file: String? = nil) {
        self.text = text
        self.surroundings = surroundings
        self.file = file
    }

    /// Everything that is wrong, in the order of the text.
    var problems: [ConfigurationProblem] {
        found.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
            .map { entry in
                var problem = entry.element.problem
                (problem.line, problem.column) = text.place(of: entry.element.offset)
                return problem
            }
    }

    // MARK: Reporting

    mutating func refuse(
        _ code: ConfigurationProblem.Code, _ place: Place, found what: String? = nil, expected: String,
        suggestion: String? = nil
    ) {
        let problem = ConfigurationProblem(
            code: code, file: file, pointer: place.pointer, line: 0, column: 0, found: what ?? describe(place.node),
            expected: expected, suggestion: suggestion)
        found.append((tree.range(place.node).lowerBound, problem))
    }

    /// The value as an error shows it: scalars as written, shortened.
    ///
    /// Never for values that may be secret: those are described by the one who reads them.
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

    /// The kind of a value whose text is nobody's business.
    func describeKind(_ node: JSONNode) -> String {
        switch tree.kind(node) {
        case .array: "a list"
        case .object: "an object"
        case .string: "a text"
        case .number: "a number"
        case .null: "null"
        case .true, .false: "a boolean"
        }
    }

    // MARK: Files and variables

    /// Reads a file that the document names, and remembers that it was.
    mutating func contents(of path: String) -> Result<
        ConfigurationSurroundings.Contents, ConfigurationSurroundings.Unreadable
    > {
        // Before reading, so that a change in between is noticed.
        stamps.append(FileStamp(path))
        return surroundings.contents(path)
    }

    // MARK: Duplicate keys

    /// Refuses every key that repeats one of its object, wherever in the document.
    mutating func refuseDuplicateKeys() {
        for key in tree.repeatedKeys(in: tree.root) {
            refuse(.duplicateKey, Place(key, tree.pointer(to: key)), expected: "each key once in an object")
        }
    }
}

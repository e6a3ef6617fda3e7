import StrictJSON

/// A client's list of MCP servers (`mcp.json`, `claude_desktop_config.json`), edited in place: only the bytes of
/// commands and arguments change, so that a person finds the file as it was left.
public struct ClientConfiguration: Sendable {
    /// What became of one server's entry.
    public enum Change: Sendable, Equatable {
        /// `run` now stands before its command.
        case wrapped
        /// It was wrapped before and stays so.
        case alreadyWrapped
        /// Its command stands alone again.
        case unwrapped
        /// It was not wrapped.
        case notWrapped
        /// It is reached over HTTP, which `tollgate serve` is for.
        case remote
        /// Neither command nor URL.
        case unknown
    }

    /// What wrapping puts before a server's command.
    public struct Prefix: Sendable {
        /// The absolute path of `tollgate`.
        public var executable: String
        /// The absolute path of the policy, if one is to be enforced.
        public var policy: String?

        /// Makes a prefix.
        public init(executable: String, policy: String?) {
            self.executable = executable
            self.policy = policy
        }
    }

    /// Why a file cannot be edited.
    public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        /// What is wrong.
        public let description: String
    }

    /// The file's bytes.
    public private(set) var bytes: [UInt8]
    /// The servers in the file's order, and what became of each.
    public private(set) var changes: [(server: String, change: Change)] = []

    /// The keys under which clients list their servers: Claude, Cursor and most; VS Code.
    private static let sections: [StaticString] = ["mcpServers", "servers"]

    /// Takes a file's bytes.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Puts `run` before every server's command.
    ///
    /// - Throws: `Refusal` when the file is not such a list.
    public mutating func wrap(_ prefix: Prefix) throws(Refusal) {
        try edit { tree, name, entry, edits in
            guard let command = tree.member(entry, "command"), let program = tree.string(command) else {
                return tree.member(entry, "url") == nil && tree.member(entry, "serverUrl") == nil ? .unknown : .remote
            }
            let arguments = tree.member(entry, "args")
            if ClientConfiguration.wrappedCommand(tree, arguments, program) != nil { return .alreadyWrapped }
            if let arguments, tree.kind(arguments) != .array { return .unknown }
            var words = name.hasPrefix("-") ? ["run", "--server=\(name)"] : ["run", "--server", name]
            if let policy = prefix.policy { words += ["--policy", policy] }
            words += ["--", program]
            let list = words.map(JSONString.of).joined(separator: ", ")
            edits.append((tree.range(command), JSONString.of(prefix.executable)))
            if let arguments {
                let inside = tree.range(arguments).lowerBound + 1
                edits.append((inside..<inside, tree.count(arguments) > 0 ? list + ", " : list))
            } else {
                let after = tree.range(command).upperBound
                edits.append((after..<after, ", \"args\": [\(list)]"))
            }
            return .wrapped
        }
    }

    /// Takes `run` away again.
    ///
    /// - Throws: `Refusal` when the file is not such a list.
    public mutating func unwrap() throws(Refusal) {
        try edit { tree, _, entry, edits in
            guard let command = tree.member(entry, "command"), let program = tree.string(command) else {
                return tree.member(entry, "url") == nil && tree.member(entry, "serverUrl") == nil ? .unknown : .remote
            }
            guard let arguments = tree.member(entry, "args"),
                let original = ClientConfiguration.wrappedCommand(tree, arguments, program),
                let first = tree.element(arguments, at: 0)
            else { return .notWrapped }
            edits.append((tree.range(command), JSONString.of(original.program)))
            let start = tree.range(first).lowerBound
            guard let last = tree.element(arguments, at: original.index) else { return .notWrapped }
            // What `wrap` put before the first argument ended in ", "; white space that stood there stays.
            let end = tree.range(last).upperBound
            let separator = tree.bytes[end...].starts(with: ", ".utf8) ? 2 : 0
            if let next = tree.element(arguments, at: original.index + 1) {
                edits.append((start..<(separator > 0 ? end + separator : tree.range(next).lowerBound), ""))
            } else {
                edits.append((start..<end, ""))
            }
            return .unwrapped
        }
    }

    private typealias Edits = [(range: Range<Int>, text: String)]

    private mutating func edit(
        _ body: (JSONTree, String, JSONNode, inout Edits) -> Change
    ) throws(Refusal) {
        let tree: JSONTree
        do {
            tree = try JSONTree(parsing: bytes)
        } catch {
            throw Refusal(description: "not JSON that can be edited safely: \(error)")
        }
        let found = ClientConfiguration.sections.compactMap { section in
            tree.kind(tree.root) == .object ? tree.member(tree.root, section) : nil
        }
        let lists = found.filter { tree.kind($0) == .object }
        guard !lists.isEmpty else {
            throw Refusal(description: "no list of servers ('mcpServers' or 'servers') in it")
        }
        var edits: Edits = []
        changes = []
        for servers in lists {
            for (key, entry) in tree.members(servers) {
                let name = tree.string(key) ?? ""
                let isEntry = tree.kind(entry) == .object
                changes.append((name, isEntry ? body(tree, name, entry, &edits) : .unknown))
            }
        }
        for edit in edits.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            bytes.replaceSubrange(edit.range, with: Array(edit.text.utf8))
        }
    }

    /// The command behind `run … --`, and its place among the arguments; nil where the entry is not wrapped.
    private static func wrappedCommand(
        _ tree: JSONTree, _ arguments: JSONNode?, _ program: String
    ) -> (program: String, index: Int)? {
        guard program.split(separator: "/").last == "tollgate", let arguments, tree.kind(arguments) == .array else {
            return nil
        }
        let words = tree.elements(arguments).map { tree.string($0) ?? "" }
        guard words.first == "run", let dashes = words.firstIndex(of: "--"), dashes + 1 < words.count else {
            return nil
        }
        return (words[dashes + 1], dashes + 1)
    }
}

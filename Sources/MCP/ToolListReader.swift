public import StrictJSON

/// Reads the answer to `tools/list`, and takes tools out of it without touching another byte.
public struct ToolListReader: Sendable {
    /// The last message's tree.
    public private(set) var tree = JSONTree()
    private var canonicalizer = JSONCanonicalizer()
    private let limits: JSONLimits

    /// Makes a reader.
    ///
    /// - Parameter maximumBytes: the most bytes of one page; 16 MiB by default.
    public init(maximumBytes: Int = 16 << 20) {
        limits = JSONLimits(maximumBytes: maximumBytes, maximumDepth: 256, duplicateKeys: .allow)
    }

    /// Reads a page of tools.
    ///
    /// - Throws: ``ToolListError`` when the message cannot be read reliably. It must not be passed on then where tools
    ///   are to be hidden: the client may find in it what the gateway did not.
    public mutating func read(_ message: UnsafeRawBufferPointer) throws(ToolListError) -> ToolList {
        do {
            try tree.parse(message, limits: limits)
        } catch {
            throw .notJSON(error)
        }
        if let key = tree.firstDuplicateKey(in: tree.root, deep: false) { throw .duplicateKey(at: offset(key)) }
        guard let result = tree.member(tree.root, "result") else {
            if tree.member(tree.root, "error") != nil { return ToolList() }
            throw .notAToolList
        }
        guard tree.kind(result) == .object else { throw .notAToolList }
        if let key = tree.firstDuplicateKey(in: result, deep: false) { throw .duplicateKey(at: offset(key)) }
        var list = ToolList()
        list.result = result
        list.cacheScope = tree.member(result, "cacheScope")
        guard let tools = tree.member(result, "tools") else {
            // An interim result (2026-07-28) asks for input and lists nothing.
            if tree.member(result, "resultType") != nil { return list }
            throw .notAToolList
        }
        guard tree.kind(tools) == .array else { throw .notAToolList }
        list.isComplete = true
        list.elements = tree.range(tools)
        for element in tree.elements(tools) {
            if let key = tree.firstDuplicateKey(in: element, deep: false) { throw .duplicateKey(at: offset(key)) }
            if let tool = ToolDefinition(element, in: tree) {
                list.tools.append(tool)
            } else {
                list.nameless.append(tree.range(element))
            }
        }
        return list
    }

    /// Appends a definition's canonical bytes: the same for every spelling of it, for its digest.
    public mutating func appendCanonical(_ tool: ToolDefinition, to buffer: inout [UInt8]) {
        canonicalizer.append(tool.node, of: tree, to: &buffer)
    }

    /// Takes tools out of the page that was read last.
    ///
    /// - Parameters:
    ///   - list: what ``read(_:)`` returned.
    ///   - privateCache: whether the page must say `"cacheScope": "private"` (2026-07-28, SEP-2549): what one caller
    ///     may see must not be served to another.
    ///   - isHidden: whether a tool of this name has to go. Elements without a name go too once any tool is hidden.
    ///   - buffer: gets the message appended, if it changes.
    /// - Returns: how many elements are gone, and whether anything changed at all.
    public func filter(
        _ list: ToolList, privateCache: Bool, into buffer: inout [UInt8], hiding isHidden: (String) -> Bool
    ) -> ToolListChange {
        var edits = Splice()
        let removed = list.removals(hiding: isHidden, edits: &edits)
        if privateCache, list.isComplete, let result = list.result { forcePrivate(result, list.cacheScope, &edits) }
        guard !edits.isEmpty else { return ToolListChange(removed: 0, isChanged: false) }
        edits.apply(to: tree.bytes, into: &buffer)
        return ToolListChange(removed: removed, isChanged: true)
    }

    private func forcePrivate(_ result: JSONNode, _ cacheScope: JSONNode?, _ edits: inout Splice) {
        if let cacheScope {
            guard !tree.text(cacheScope, is: "private") else { return }
            edits.replace(tree.range(cacheScope), by: "\"private\"")
        } else {
            let inside = tree.range(result).lowerBound + 1
            edits.replace(
                inside..<inside,
                by: tree.count(result) > 0 ? "\"cacheScope\":\"private\"," : "\"cacheScope\":\"private\"")
        }
    }

    private func offset(_ key: JSONNode) -> Int { tree.range(key).lowerBound }
}

/// A page of tools.
public struct ToolList: Sendable {
    /// The tools, in the server's order.
    public internal(set) var tools: [ToolDefinition] = []
    /// The places of elements that have no name.
    var nameless: [Range<Int>] = []
    /// The place of the whole array.
    var elements: Range<Int>?
    var result: JSONNode?
    var cacheScope: JSONNode?
    /// Whether it is a page at all, rather than an error or a request for input.
    public internal(set) var isComplete = false

    /// Notes which bytes have to go, and returns how many elements that takes away.
    ///
    /// Each element that stays keeps the bytes between it and the one before it, the first that stays those behind the
    /// opening bracket; so commas come out right and all white space stays that can.
    func removals(hiding isHidden: (String) -> Bool, edits: inout Splice) -> Int {
        let hidden = Set(tools.indices.filter { isHidden(tools[$0].name) }.map { tools[$0].range.lowerBound })
        guard !hidden.isEmpty else { return 0 }
        let all = (tools.map { ($0.range, hidden.contains($0.range.lowerBound)) } + nameless.map { ($0, true) })
            .sorted { $0.0.lowerBound < $1.0.lowerBound }
        let firstKept = all.firstIndex { !$0.1 } ?? all.count
        for (index, (range, goes)) in all.enumerated() where goes {
            if index > firstKept {
                edits.replace(all[index - 1].0.upperBound..<range.upperBound, by: "")
            } else if index + 1 < all.count {
                edits.replace(range.lowerBound..<all[index + 1].0.lowerBound, by: "")
            } else {
                edits.replace(range, by: "")
            }
        }
        return all.count { $0.1 }
    }
}

/// What a filter did to a page.
public struct ToolListChange: Sendable, Equatable {
    /// How many elements are gone.
    public let removed: Int
    /// Whether the buffer got a new message; if not, the old one is to be passed on.
    public let isChanged: Bool
}

/// Why a page of tools cannot be read reliably.
public enum ToolListError: Error, Equatable, Sendable {
    /// Not JSON, or beyond the limits.
    case notJSON(JSONError)
    /// One key twice where it decides which tools there are; byte offset.
    case duplicateKey(at: Int)
    /// No result with a list of tools, and no error either.
    case notAToolList
}

extension ToolListError: CustomStringConvertible {
    /// One sentence without any of the message's content.
    public var description: String {
        switch self {
        case .notJSON(let error): "the list of tools is not JSON: \(error)"
        case .duplicateKey(let offset): "the list of tools has the same key twice at byte \(offset)"
        case .notAToolList: "the answer to tools/list contains no list of tools"
        }
    }
}

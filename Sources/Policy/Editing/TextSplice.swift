import StrictJSON

/// A JSON text whose objects and lists are changed member by member: every byte that a change is not about stays, and what is
/// added is laid out as its neighbours are.
struct TextSplice {
    private(set) var tree: JSONTree
    /// Whether a blank stands behind colons.
    private let isSpaced: Bool
    /// What a level of the text is indented by; nil where it is written in one line.
    private let indent: [UInt8]?

    /// - Parameter bytes: a JSON text without duplicate keys.
    init(_ bytes: [UInt8]) throws(JSONError) {
        let tree = try TextSplice.parsed(bytes)
        self.tree = tree
        let first = tree.members(tree.root).first { _ in true }
        isSpaced = first.map { tree.range($0.key).upperBound + 1 < tree.range($0.value).lowerBound } ?? true
        let lead = first.map { TextSplice.blanks(before: tree.range($0.key).lowerBound, in: bytes) } ?? []
        indent =
            lead.contains(UInt8(ascii: "\n")) ? lead.split(separator: UInt8(ascii: "\n")).last.map(Array.init) : nil
    }

    var bytes: [UInt8] { tree.bytes }

    // MARK: Changes

    /// Adds a member behind the last one of an object.
    ///
    /// - Parameter isBlock: whether it gets a line of its own where the object is empty and the text has lines.
    mutating func append(
        _ key: String, _ value: String, to object: JSONNode, isBlock: Bool = false
    ) throws(JSONError) {
        let text = "\(JSONString.of(key)):\(isSpaced ? " " : "")\(value)"
        try append(text, behind: tree.members(object).map { whole($0) }, in: object, isBlock: isBlock)
    }

    /// Adds an element behind the last one of a list.
    mutating func append(element: String, to list: JSONNode) throws(JSONError) {
        try append(element, behind: tree.elements(list).map { tree.range($0) }, in: list, isBlock: false)
    }

    /// Takes a member out of an object; does nothing where it has none of this name.
    mutating func remove(_ key: String, from object: JSONNode) throws(JSONError) {
        let members = Array(tree.members(object))
        let own = Array(key.utf8)
        guard let index = members.firstIndex(where: { tree.equals($0.key, own) }) else { return }
        try remove(index, of: members.map { whole($0) }, in: object)
    }

    /// Takes a text out of a list, as often as it is there.
    mutating func remove(element text: String, from list: (JSONTree) -> JSONNode?) throws(JSONError) {
        let own = Array(text.utf8)
        while let node = list(tree) {
            let elements = Array(tree.elements(node))
            guard let index = elements.firstIndex(where: { tree.equals($0, own) }) else { return }
            try remove(index, of: elements.map { tree.range($0) }, in: node)
        }
    }

    /// Puts another value in a value's place.
    mutating func replace(_ node: JSONNode, with text: String) throws(JSONError) {
        try replace(tree.range(node), with: Array(text.utf8))
    }

    /// A text with its blanks as this document's: `{ "a": 1 }` or `{"a":1}`.
    func styled(_ spaced: String, _ compact: String) -> String { isSpaced ? spaced : compact }

    // MARK: Bytes

    private mutating func append(
        _ text: String, behind items: [Range<Int>], in container: JSONNode, isBlock: Bool
    ) throws(JSONError) {
        let text = Array(text.utf8)
        let range = tree.range(container)
        if let last = items.last {
            let lead = TextSplice.blanks(before: last.lowerBound, in: bytes)
            // A first item often stands at its bracket without a blank.
            let gap = lead.isEmpty && isSpaced ? [UInt8(ascii: " ")] : lead
            return try replace(last.upperBound..<last.upperBound, with: [UInt8(ascii: ",")] + gap + text)
        }
        let inside = (range.lowerBound + 1)..<(range.upperBound - 1)
        guard isBlock, let indent else { return try replace(inside, with: text) }
        let line = TextSplice.lineIndent(at: range.lowerBound, in: bytes)
        let feed = [UInt8(ascii: "\n")]
        try replace(inside, with: feed + line + indent + text + feed + line)
    }

    private mutating func remove(_ index: Int, of items: [Range<Int>], in container: JSONNode) throws(JSONError) {
        let range = tree.range(container)
        if items.count == 1 {
            try replace((range.lowerBound + 1)..<(range.upperBound - 1), with: [])
        } else if index + 1 < items.count {
            try replace(items[index].lowerBound..<items[index + 1].lowerBound, with: [])
        } else {
            try replace(items[index - 1].upperBound..<items[index].upperBound, with: [])
        }
    }

    private mutating func replace(_ range: Range<Int>, with new: [UInt8]) throws(JSONError) {
        var changed = bytes
        changed.replaceSubrange(range, with: new)
        tree = try TextSplice.parsed(changed)
    }

    private func whole(_ member: (key: JSONNode, value: JSONNode)) -> Range<Int> {
        tree.range(member.key).lowerBound..<tree.range(member.value).upperBound
    }

    private static func parsed(_ bytes: [UInt8]) throws(JSONError) -> JSONTree {
        try JSONTree(parsing: bytes, limits: JSONLimits(maximumBytes: PolicyFields.maximumDocumentBytes))
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func blanks(before offset: Int, in bytes: [UInt8]) -> [UInt8] {
        var start = offset
        while start > 0, isBlank(bytes[start - 1]) { start -= 1 }
        return Array(bytes[start..<offset])
    }

    /// The blanks at the beginning of the line in which a byte stands.
    private static func lineIndent(at offset: Int, in bytes: [UInt8]) -> [UInt8] {
        let start = bytes[..<offset].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return Array(bytes[start..<offset].prefix { $0 == 0x20 || $0 == 0x09 })
    }
}

extension JSONTree {
    /// Whether a string says exactly these bytes.
    fileprivate func equals(_ node: JSONNode, _ text: [UInt8]) -> Bool {
        text.withUnsafeBytes { equals(node, utf8: $0) }
    }
}

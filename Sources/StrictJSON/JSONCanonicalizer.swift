/// Writes values in one canonical form, for digests; reuse it and it allocates nothing when warm.
///
/// Keys are sorted by their UTF-8 bytes, there is no white space, strings are escaped as RFC 8785 §3.2.2.2 says
/// (`\b \t \n \f \r \" \\`, other control characters as `\u00xx`, nothing else), numbers are written exactly: integers
/// of up to 19 digits plainly, others as `0.` digits `e` exponent. Equal values give equal bytes, different values
/// different bytes, and the result is JSON. Not RFC 8785 itself, whose numbers are rounded to a double's precision.
public struct JSONCanonicalizer: Sendable {
    /// A container that is being written.
    private struct Frame {
        var isObject: Bool
        /// The next element's index, or the next member's place in `order`.
        var next: Int
        var end: Int
        /// Where this object's keys begin in `order`.
        var base: Int
    }

    private var frames: [Frame] = []
    /// Indices of the key nodes of all open objects, each object's sorted.
    private var order: [Int32] = []

    /// Makes a writer without any memory yet.
    public init() {}

    /// Appends the canonical bytes of a value.
    ///
    /// Where an object was accepted with one key twice, both stay, in document order.
    public mutating func append(_ node: JSONNode, of tree: JSONTree, to buffer: inout [UInt8]) {
        frames.removeAll(keepingCapacity: true)
        order.removeAll(keepingCapacity: true)
        begin(node, of: tree, to: &buffer)
        while let frame = frames.last {
            let top = frames.count - 1
            guard frame.next < frame.end else {
                buffer.append(frame.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
                if frame.isObject { order.removeLast(order.count - frame.base) }
                frames.removeLast()
                continue
            }
            if buffer.last != UInt8(ascii: "{"), buffer.last != UInt8(ascii: "[") { buffer.append(UInt8(ascii: ",")) }
            if frame.isObject {
                let key = JSONNode(Int(order[frame.next]))
                frames[top].next += 1
                JSONCanonicalizer.append(string: key, of: tree, to: &buffer)
                buffer.append(UInt8(ascii: ":"))
                begin(JSONNode(Int(key.index) + 1), of: tree, to: &buffer)
            } else {
                frames[top].next = Int(tree.nodes[frame.next].next)
                begin(JSONNode(frame.next), of: tree, to: &buffer)
            }
        }
    }

    /// Writes a scalar whole, or a container's opening bracket.
    private mutating func begin(_ node: JSONNode, of tree: JSONTree, to buffer: inout [UInt8]) {
        switch tree.kind(node) {
        case .null, .true, .false:
            tree.withUnsafeBytes(of: node) { buffer.append(contentsOf: $0) }
        case .number:
            tree.withUnsafeBytes(of: node) { token in
                if JSONCanonicalizer.isCanonical(number: token) { return buffer.append(contentsOf: token) }
                JSONNumber(token: token)?.appendCanonical(to: &buffer)
            }
        case .string:
            JSONCanonicalizer.append(string: node, of: tree, to: &buffer)
        case .array:
            buffer.append(UInt8(ascii: "["))
            frames.append(
                Frame(isObject: false, next: Int(node.index) + 1, end: Int(tree[node].next), base: order.count))
        case .object:
            buffer.append(UInt8(ascii: "{"))
            let base = order.count
            for (key, _) in tree.members(node) { order.append(key.index) }
            sort(from: base, of: tree)
            frames.append(Frame(isObject: true, next: base, end: order.count, base: base))
        }
    }

    /// Sorts the keys that `order` holds from `base` on.
    private mutating func sort(from base: Int, of tree: JSONTree) {
        let count = order.count - base
        guard count > 1 else { return }
        tree.bytes.withUnsafeBufferPointer { bytes in
            order.withUnsafeMutableBufferPointer { order in
                // In place: sorting a slice of the array would copy it.
                var keys = UnsafeMutableBufferPointer(rebasing: order[base...])
                guard count > 16 else { return JSONCanonicalizer.insertionSort(keys, nodes: tree.nodes, bytes: bytes) }
                keys.sort { left, right in
                    JSONCanonicalizer.precedes(tree.nodes[Int(left)], tree.nodes[Int(right)], in: bytes)
                }
            }
        }
    }

    /// Sorts the few keys that most objects have.
    private static func insertionSort(
        _ keys: UnsafeMutableBufferPointer<Int32>, nodes: [Node], bytes: UnsafeBufferPointer<UInt8>
    ) {
        for index in 1..<keys.count {
            let key = keys[index]
            var place = index
            while place > 0, precedes(nodes[Int(key)], nodes[Int(keys[place - 1])], in: bytes) {
                keys[place] = keys[place - 1]
                place -= 1
            }
            keys[place] = key
        }
    }

    /// Orders by key, then by position, so that the result does not depend on how the sort treats equal keys.
    private static func precedes(_ left: Node, _ right: Node, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let leftContent = JSONTree.content(left, in: bytes)
        let rightContent = JSONTree.content(right, in: bytes)
        if (left.tag | right.tag) & Node.escapeBit == 0 {
            let shared = min(leftContent.count, rightContent.count)
            for index in 0..<shared where leftContent[index] != rightContent[index] {
                return leftContent[index] < rightContent[index]
            }
            guard leftContent.count == rightContent.count else { return leftContent.count < rightContent.count }
            return left.start < right.start
        }
        var leftBytes = UnescapedUTF8(leftContent)
        var rightBytes = UnescapedUTF8(rightContent)
        while let rightByte = rightBytes.next() {
            guard let leftByte = leftBytes.next() else { return true }
            guard leftByte == rightByte else { return leftByte < rightByte }
        }
        return leftBytes.next() == nil && left.start < right.start
    }

    /// Whether a number is an integer so short that it is canonical as it stands.
    private static func isCanonical(number token: UnsafeRawBufferPointer) -> Bool {
        guard token.count <= JSONNumber.keptDigits else { return false }
        for index in 0..<token.count where token[index] &- UInt8(ascii: "0") > 9 {
            // A minus in front, but not of a zero.
            guard index == 0, token[0] == UInt8(ascii: "-"), token[1] != UInt8(ascii: "0") else { return false }
        }
        return true
    }

    private static func append(string node: JSONNode, of tree: JSONTree, to buffer: inout [UInt8]) {
        let found = tree[node]
        // Without escapes a token is canonical as it stands: nothing in it may need one.
        guard found.hasEscapes else {
            return tree.withUnsafeBytes(of: node) { buffer.append(contentsOf: $0) }
        }
        buffer.append(UInt8(ascii: "\""))
        tree.withContent(found) { content in
            var iterator = UnescapedUTF8(content)
            while let byte = iterator.next() { appendEscaped(byte, to: &buffer) }
        }
        buffer.append(UInt8(ascii: "\""))
    }
}

/// Appends one byte of a string's UTF-8 form, escaped where JSON requires it.
private func appendEscaped(_ byte: UInt8, to buffer: inout [UInt8]) {
    let letter: UInt8
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): letter = byte
    case 0x08: letter = UInt8(ascii: "b")
    case 0x09: letter = UInt8(ascii: "t")
    case 0x0A: letter = UInt8(ascii: "n")
    case 0x0C: letter = UInt8(ascii: "f")
    case 0x0D: letter = UInt8(ascii: "r")
    case ..<0x20:
        buffer.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
        for digit in [byte >> 4, byte & 0xF] {
            buffer.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        return
    default:
        return buffer.append(byte)
    }
    buffer.append(UInt8(ascii: "\\"))
    buffer.append(letter)
}

extension JSONTree {
    /// Appends the canonical bytes of a value, for digests; see ``JSONCanonicalizer`` for the form.
    ///
    /// Allocates a few small arrays; where that matters, keep a ``JSONCanonicalizer``.
    public func appendCanonical(_ node: JSONNode, to buffer: inout [UInt8]) {
        var canonicalizer = JSONCanonicalizer()
        canonicalizer.append(node, of: self, to: &buffer)
    }
}

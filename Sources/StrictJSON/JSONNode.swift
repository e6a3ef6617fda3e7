/// The index of a value, or of an object's key, in a ``JSONTree``.
///
/// An index means something only to the tree that handed it out, until that tree's next `parse`.
public struct JSONNode: Hashable, Sendable {
    /// The position in the tree's flat array, in document order; the root is 0.
    public let index: Int32

    init(_ index: Int) {
        self.index = Int32(truncatingIfNeeded: index)
    }
}

/// The seven kinds of value that RFC 8259 §3 knows, the two booleans told apart.
public enum JSONKind: UInt8, Sendable {
    /// The literal `null`.
    case null
    /// The literal `false`.
    case `false`
    /// The literal `true`.
    case `true`
    /// A number of any size and precision; see ``JSONNumber``.
    case number
    /// A string, or an object's key.
    case string
    /// A list of values.
    case array
    /// A list of key and value pairs, in document order.
    case object
}

/// What the tree keeps of one value: 16 bytes, so that a typical call fits into a few cache lines.
struct Node: Sendable {
    /// Offset of the first byte of the token or container.
    var start: UInt32
    /// Offset past its last byte.
    var end: UInt32
    /// Index past the value's subtree; in a container that is still open while parsing, its parent's index.
    var next: UInt32
    /// Kind in bits 0–2, "has escapes" in bit 3, the number of members or elements above.
    var tag: UInt32

    static let escapeBit: UInt32 = 1 << 3
    static let countUnit: UInt32 = 1 << 4
    static let none = Node(start: 0, end: 0, next: 1, tag: 0)

    @inline(__always) var kind: JSONKind { JSONKind(rawValue: UInt8(truncatingIfNeeded: tag & 0b111)) ?? .null }
    @inline(__always) var hasEscapes: Bool { tag & Node.escapeBit != 0 }
    @inline(__always) var count: Int { Int(tag >> 4) }
    /// The bytes between a string's quotation marks.
    @inline(__always) var contentCount: Int { Int(end &- start) &- 2 }
}

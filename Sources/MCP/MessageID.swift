import StrictJSON

/// The place of a JSON-RPC id in its message.
///
/// The protocol allows strings and integers; `1` and `"1"` are different ids.
public struct MessageID: Sendable, Equatable {
    /// The id's own token, quotation marks included: what an answer has to repeat byte for byte.
    public let range: Range<Int>
    /// Whether it is a string.
    public let isString: Bool
}

/// An id by value, to find the request that an answer belongs to.
///
/// Servers parse ids and write them anew, so `"\u0061"` comes back as `"a"`. Ids up to 15 ASCII bytes, and integers in
/// 64 bits, cost no allocation.
public struct MessageKey: Hashable, Sendable {
    private enum Value: Hashable {
        case integer(Int64)
        /// ASCII only, where Swift's string equality is equality of bytes.
        case text(String)
        case bytes([UInt8])
        case wideInteger([UInt8])
    }

    private let value: Value

    /// Makes a key of an id's token.
    ///
    /// - Returns: nil unless the token is a string, or an integer written as digits only.
    public init?(token: UnsafeRawBufferPointer) {
        guard token.first == UInt8(ascii: "\"") else {
            guard MessageKey.isPlainInteger(token), let number = JSONNumber(token: token) else { return nil }
            value = number.int64.map { .integer($0) } ?? .wideInteger(Array(token))
            return
        }
        guard token.count >= 2, token.last == UInt8(ascii: "\"") else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: token[1..<token.count - 1])
        if content.allSatisfy({ $0 >= 0x20 && $0 < 0x80 && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"") }) {
            value = .text(String(decoding: content, as: UTF8.self))
            return
        }
        guard let tree = try? JSONTree(parsing: Array(token)), tree.kind(tree.root) == .string else { return nil }
        var bytes: [UInt8] = []
        tree.appendUnescaped(tree.root, to: &bytes)
        value = bytes.allSatisfy { $0 < 0x80 } ? .text(String(decoding: bytes, as: UTF8.self)) : .bytes(bytes)
    }

    /// Whether a number's token is an integer that every server repeats as it stands: no fraction, no exponent, no
    /// negative zero.
    static func isPlainInteger(_ token: UnsafeRawBufferPointer) -> Bool {
        let digits = token.first == UInt8(ascii: "-") ? token.dropFirst() : token[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else { return false }
        return digits.count == token.count || digits.first != UInt8(ascii: "0")
    }
}

extension JSONTree {
    /// The id that a node stands for; nil unless it is a string, or an integer written as digits only.
    func messageID(_ node: JSONNode) -> MessageID? {
        switch kind(node) {
        case .string: MessageID(range: range(node), isString: true)
        case .number where withUnsafeBytes(of: node, MessageKey.isPlainInteger):
            MessageID(range: range(node), isString: false)
        default: nil
        }
    }
}

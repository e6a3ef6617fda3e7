import Events
import StrictJSON

/// What a record keeps of a call's arguments: keys, size and digest, never a value.
struct CallFields {
    private var canonicalizer = JSONCanonicalizer()
    private var canonical: [UInt8] = []
    private static let maximumKeys = 32

    /// Fills in the fields of a decision about `arguments`.
    ///
    /// - Parameter known: the arguments that the tool's listed schema declares; nil where it was never listed.
    mutating func describe(
        _ arguments: JSONNode?, in tree: JSONTree, known: Set<String>?, key: DigestKey, into decision: inout Decision
    ) {
        guard let arguments else { return }
        decision.argumentBytes = tree.range(arguments).count
        canonical.removeAll(keepingCapacity: true)
        canonicalizer.append(arguments, of: tree, to: &canonical)
        decision.argumentDigest = canonical.withUnsafeBytes { key.digest($0) }
        var keys: [String] = []
        keys.reserveCapacity(min(tree.count(arguments), CallFields.maximumKeys))
        var others = 0
        for (node, _) in tree.members(arguments) {
            guard let name = tree.string(node) else { continue }
            // A key may itself be a value (`{"alice@example.org": true}`): only declared or plain ones are kept.
            let isKept = known.map { $0.contains(name) } ?? CallFields.isPlain(name)
            if isKept { keys.append(name) } else { others += 1 }
        }
        keys.sort()
        if keys.count > CallFields.maximumKeys {
            others += keys.count - CallFields.maximumKeys
            keys.removeSubrange(CallFields.maximumKeys...)
        }
        decision.argumentKeys = keys
        decision.argumentKeysOther = others > 0 ? others : nil
    }

    /// Whether a name is `[A-Za-z_][A-Za-z0-9_.-]{0,63}`.
    private static func isPlain(_ name: String) -> Bool {
        guard name.utf8.count <= 64, let first = name.utf8.first else { return false }
        let isLetter = { (byte: UInt8) in byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte == UInt8(ascii: "_") }
        return isLetter(first)
            && name.utf8.allSatisfy { byte in
                isLetter(byte) || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: ".")
                    || byte == UInt8(ascii: "-")
            }
    }
}

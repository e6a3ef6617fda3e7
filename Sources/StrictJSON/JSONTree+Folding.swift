extension JSONTree {
    /// Whether a reader that ignores case could take a string for `key`; true as well where they are equal.
    ///
    /// For keys that decide something: Go's `encoding/json` and .NET's web defaults match object keys without regard
    /// to case, so `AMOUNT` reaches the field `amount`. Follows Unicode simple case folding (`ſ` U+017F folds to `s`,
    /// the Kelvin sign U+212A to `k`), and counts the dotted and dotless `i` as `i`, as some of those readers do.
    /// Allocates nothing while the string is ASCII.
    public func folds(_ stringNode: JSONNode, to key: StaticString) -> Bool {
        key.withUTF8Buffer { folds(stringNode, toUTF8: $0) }
    }

    /// Whether a reader that ignores case could take a string for `key`; see ``folds(_:to:)-(_,StaticString)``.
    public func folds(_ stringNode: JSONNode, to key: String) -> Bool {
        var key = key
        return key.withUTF8 { folds(stringNode, toUTF8: $0) }
    }

    private func folds(_ stringNode: JSONNode, toUTF8 key: UnsafeBufferPointer<UInt8>) -> Bool {
        let found = self[stringNode]
        guard found.kind == .string else { return false }
        return withContent(found) { content in
            var text = UnescapedUTF8(content)
            var wanted = key.makeIterator()
            var textDecoder = UTF8()
            var wantedDecoder = UTF8()
            while true {
                switch (textDecoder.decode(&text), wantedDecoder.decode(&wanted)) {
                case (.scalarValue(let one), .scalarValue(let other)) where one.simplyFolded == other.simplyFolded:
                    continue
                case (.emptyInput, .emptyInput):
                    return true
                default:
                    return false
                }
            }
        }
    }
}

extension Unicode.Scalar {
    /// The scalar that stands for all those that differ from this one in case only.
    ///
    /// Made from the standard library's case mappings, of which only those to one scalar count.
    public var simplyFolded: Unicode.Scalar {
        switch value {
        case 0x41...0x5A: return Unicode.Scalar(UInt8(truncatingIfNeeded: value | 0x20))
        case 0x130, 0x131: return "i"
        case ..<0x80: return self
        default:
            let upper = Unicode.Scalar.only(in: properties.uppercaseMapping) ?? self
            return Unicode.Scalar.only(in: upper.properties.lowercaseMapping) ?? upper
        }
    }

    private static func only(in text: String) -> Unicode.Scalar? {
        let scalars = text.unicodeScalars
        return scalars.count == 1 ? scalars.first : nil
    }
}

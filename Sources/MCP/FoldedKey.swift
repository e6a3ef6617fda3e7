import StrictJSON

/// Keys that decide something, in a form that ignores case: up to sixteen ASCII letters in one integer.
///
/// One pass over a key, whatever it contains, so that an envelope with a hundred thousand keys costs no more per key
/// than any other.
struct FoldedKey: Sendable {
    /// The deciding keys of a message.
    static let topLevel = FoldedKey(["jsonrpc", "id", "method", "params", "result", "error"])
    /// The deciding keys of a tool call's parameters.
    static let callParameters = FoldedKey(["name", "arguments", "_meta", "task"])
    /// What decides which prompt is got, or which tool is called.
    static let promptParameters = FoldedKey(["name"])
    /// What decides which resource is read.
    static let resourceParameters = FoldedKey(["uri"])

    private let names: [UInt128]

    private init(_ names: [StaticString]) {
        self.names = names.map { name in name.withUTF8Buffer { FoldedKey.pack($0) ?? 0 } }
    }

    /// Whether some reader takes a key, which is none of these exactly, for one of them.
    ///
    /// Such are the keys that equal one under Unicode simple case folding (Go and .NET match so), and those with a
    /// control character in them (C readers end a key at U+0000).
    func covers(_ key: JSONNode, in tree: JSONTree) -> Bool {
        tree.withUnescaped(key) { text in
            if hasControlCharacter(text) { return true }
            guard let packed = FoldedKey.pack(text) else { return false }
            return names.contains(packed)
        } ?? false
    }

    /// Folds a key to lower-case ASCII; nil when it contains something that folds to nothing in ASCII, or is too long.
    static func pack(_ text: UnsafeBufferPointer<UInt8>) -> UInt128? {
        var packed: UInt128 = 0
        var at = 0
        while at < text.count {
            // Nothing longer than the type holds is a deciding key.
            guard packed >> 120 == 0 else { return nil }
            var letter = text[at]
            at += 1
            if letter >= 0x80 {
                guard let (folded, length) = asciiFold(text[(at - 1)...]) else { return nil }
                letter = folded
                at += length - 1
            } else if letter >= UInt8(ascii: "A"), letter <= UInt8(ascii: "Z") {
                letter |= 0x20
            }
            packed = packed << 8 | UInt128(letter)
        }
        return packed
    }

    /// The only characters beyond ASCII that fold into it: ſ, the Kelvin sign, and the Turkish letters İ and ı, which
    /// some readers take for `i`.
    private static func asciiFold(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> (letter: UInt8, length: Int)? {
        if text.starts(with: "\u{17F}".utf8) { return (UInt8(ascii: "s"), 2) }
        if text.starts(with: "\u{212A}".utf8) { return (UInt8(ascii: "k"), 3) }
        if text.starts(with: "\u{130}".utf8) || text.starts(with: "\u{131}".utf8) { return (UInt8(ascii: "i"), 2) }
        return nil
    }
}

/// Whether UTF-8 text contains a character of the categories C0 or C1, or U+007F.
func hasControlCharacter(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    for (index, byte) in text.enumerated() {
        if byte < 0x20 || byte == 0x7F { return true }
        if byte == 0xC2, index + 1 < text.count, text[index + 1] < 0xA0 { return true }
    }
    return false
}

/// Whether a server that is generous about case and white space could take a method for `tools/call`.
func looksLikeToolsCall(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    var wanted = "tools/call".unicodeScalars.makeIterator()
    var bytes = name.makeIterator()
    var decoder = UTF8()
    while case .scalarValue(let scalar) = decoder.decode(&bytes) {
        if scalar.properties.isWhitespace { continue }
        guard wanted.next() == scalar.simplyFolded else { return false }
    }
    return wanted.next() == nil
}

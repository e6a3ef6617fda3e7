/// A text with signatures under it (C2SP signed-note): the text's lines, an empty line, a line for each signature.
public struct SignedNote: Sendable, Equatable {
    /// One of the lines under the text.
    public struct Signature: Sendable, Equatable {
        /// Who signed.
        public let name: String
        /// With which of its keys.
        public let id: UInt32
        /// What the key made of the text.
        public let bytes: [UInt8]
    }

    /// How a signature's line begins.
    static let mark = "\u{2014} "
    /// The most bytes that are read as a note: what is larger is none of ours.
    private static let maximumBytes = 64 << 10
    /// The most signatures; more are refused, as C2SP allows.
    private static let maximumSignatures = 100

    /// The text, its last line feed included.
    public let text: String
    /// The signatures, in their order.
    public let signatures: [Signature]

    /// Reads a note strictly; nil for anything else.
    public init?(_ note: String) {
        guard note.utf8.count <= SignedNote.maximumBytes,
            !note.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" }),
            let end = SignedNote.lastEmptyLine(note.utf8)
        else { return nil }
        text = String(note[..<end])
        let lines = note[note.utf8.index(after: end)...].split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 1, lines.count <= SignedNote.maximumSignatures + 1, lines.last == "" else { return nil }
        var signatures: [Signature] = []
        for line in lines.dropLast() {
            guard let signature = Signature(line: line) else { return nil }
            signatures.append(signature)
        }
        self.signatures = signatures
    }

    /// Where the empty line above the signatures begins; nil without one.
    private static func lastEmptyLine(_ note: String.UTF8View) -> String.Index? {
        var found: String.Index?
        var isLineStart = false
        for index in note.indices {
            let isLineFeed = note[index] == 0x0A
            if isLineFeed, isLineStart { found = index }
            isLineStart = isLineFeed
        }
        return found
    }

    /// The note as it was read.
    public var whole: String {
        signatures.reduce(into: text + "\n") { whole, signature in
            let id = withUnsafeBytes(of: signature.id.bigEndian) { Array($0) }
            whole += "\(SignedNote.mark)\(signature.name) \(Base64.encode(id + signature.bytes))\n"
        }
    }

    /// Whether a key signed the text.
    ///
    /// Signatures of other keys are not looked at; one that claims to be this key's and is not makes the note false.
    public func isSigned(by verifier: NoteVerifier) -> Bool {
        let own = signatures.filter { $0.name == verifier.name && $0.id == verifier.id }
        return !own.isEmpty && own.allSatisfy { verifier.accepts($0.bytes, for: Array(text.utf8)) }
    }
}

extension SignedNote.Signature {
    fileprivate init?(line: Substring) {
        guard line.hasPrefix(SignedNote.mark) else { return nil }
        let parts = line.dropFirst(SignedNote.mark.count).split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[0].contains("+"),
            let bytes = Base64.decode(parts[1]), bytes.count > 4
        else { return nil }
        name = String(parts[0])
        id = bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        self.bytes = Array(bytes.dropFirst(4))
    }
}

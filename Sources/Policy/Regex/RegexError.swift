/// Why a pattern was refused, and where in it.
public struct RegexError: Error, Equatable, Sendable {
    /// What is wrong, in words that need no knowledge of the engine.
    public var reason: String
    /// Where: a byte offset into the pattern's UTF-8 form.
    public var offset: Int

    init(_ reason: String, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension RegexError: CustomStringConvertible {
    /// One sentence.
    public var description: String { "\(reason) at byte \(offset) of the pattern" }
}

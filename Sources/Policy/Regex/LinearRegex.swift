/// A regular expression that answers in time linear in the text, whatever the pattern and the text.
///
/// All positions of the pattern are followed at once, as a Pike machine does, but as bits of a few machine words:
/// where a bit's next positions are comes from tables made when the pattern is read. There is no backtracking and no
/// state that a text could blow up. Without captures the answer is a yes or a no, so greedy and lazy are the same.
///
/// Unanchored; works on Unicode scalars; `RegexParser` lists the syntax.
public struct LinearRegex: Sendable {
    /// The longest pattern, in bytes of UTF-8.
    public static let maximumPatternBytes = 1024
    /// The most positions a pattern may have once its counted repetitions are written out.
    public static let maximumPositions = 512
    /// The most instructions, which bounds what empty groups and alternatives can add.
    static let maximumInstructions = 4096

    /// The pattern as it was written.
    public let pattern: String
    let tables: RegexTables

    /// Reads a pattern.
    ///
    /// - Throws: ``RegexError`` with the place of the first thing that is wrong or not supported, or that makes the
    ///   pattern too large.
    public init(_ pattern: String) throws(RegexError) {
        guard pattern.utf8.count <= LinearRegex.maximumPatternBytes else {
            throw RegexError(
                "longer than \(LinearRegex.maximumPatternBytes) bytes", at: LinearRegex.maximumPatternBytes)
        }
        let node = try RegexParser.parse(pattern)
        let size = node.size
        guard size.positions <= LinearRegex.maximumPositions else {
            throw RegexError(
                "with its repetitions written out it has more than \(LinearRegex.maximumPositions) positions", at: 0)
        }
        guard size.instructions <= LinearRegex.maximumInstructions else {
            throw RegexError("with its repetitions written out it is too large", at: 0)
        }
        self.pattern = pattern
        tables = try RegexTables(RegexProgram(node))
    }

    /// Whether the pattern matches anywhere in a text.
    public func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { tables.match($0) }
    }

    /// Whether the pattern matches anywhere in a text.
    ///
    /// - Parameter utf8: valid UTF-8.
    public func matches(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        tables.match(utf8)
    }
}

extension LinearRegex: CustomStringConvertible {
    /// The pattern.
    public var description: String { pattern }
}

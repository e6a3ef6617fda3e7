/// Why a line is no record.
///
/// Never holds bytes of the line.
public struct RecordError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, in words.
    public var what: String
    /// The byte at which it was seen, counted from the line's first.
    public var offset: Int

    init(_ what: String, at offset: Int) {
        self.what = what
        self.offset = offset
    }

    /// One sentence.
    public var description: String {
        "\(what) at byte \(offset)"
    }
}

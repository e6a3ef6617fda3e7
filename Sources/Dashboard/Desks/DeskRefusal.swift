/// Why what a page asked for was not done, in words for whoever asked.
public struct DeskRefusal: Error, Sendable, CustomStringConvertible {
    /// What happened.
    public var message: String
    /// A command that helps.
    public var hint: String?
    /// Whether what was asked for is no longer there, or another by now, rather than out of reach.
    public var isConflict: Bool

    /// Makes one.
    public init(_ message: String, hint: String? = nil, isConflict: Bool = false) {
        self.message = message
        self.hint = hint
        self.isConflict = isConflict
    }

    /// The message.
    public var description: String { message }
}

/// Why grants cannot be listed or changed.
public struct GrantError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of trouble.
    public enum Code: String, Sendable {
        /// What was asked for cannot be: a bad name, a bad row.
        case usage
        /// There is no grant of this id.
        case notFound
        /// There is a grant of this id already.
        case exists
        /// The file is not a file of grants, or others can read it.
        case refused
        /// The file system refused.
        case disk
    }

    /// The kind of trouble.
    public var code: Code
    /// What happened, one line for each thing wrong.
    public var message: String
    /// A command that helps.
    public var hint: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The message.
    public var description: String { message }

    /// The process's exit status for this error.
    public var exitCode: Int32 { code == .disk ? 6 : 2 }
}

/// What keeps a gateway from starting or going on: what, where, and what to do about it.
public struct GatewayError: Error, Sendable, CustomStringConvertible {
    /// The kinds of trouble.
    public enum Code: Sendable {
        /// The command line is not as it must be.
        case usage
        /// The policy cannot be used.
        case policy
        /// The server cannot be started.
        case cannotStart
        /// A key file cannot be read or made, or others can read it.
        case key
        /// The server was started and does not list its tools.
        case server
        /// What a server listed last cannot be read or kept.
        case memory
    }

    /// The kind of trouble.
    public var code: Code
    /// What happened.
    public var message: String
    /// A command that helps.
    public var hint: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The process's exit status for this error; 127 as a shell has it for a command that cannot be started.
    public var exitCode: Int32 {
        code == .cannotStart ? 127 : 2
    }

    /// The message.
    public var description: String { message }
}

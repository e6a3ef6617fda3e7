public import AuditLog

/// Why the process that holds a log cannot be reached, or cannot listen.
public struct ControlError: Error, Sendable, CustomStringConvertible {
    /// The kinds of trouble.
    public enum Code: String, Sendable {
        /// No process listens: nobody holds the log, or one that takes no requests.
        case notRunning
        /// It did not answer in time.
        case timedOut
        /// Another process listens already.
        case inUse
        /// The other side belongs to another user, or the socket lies where others could have put it.
        case foreign
        /// What was sent is no request, or no reply.
        case `protocol`
        /// The system refused.
        case system
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

    /// Takes over a failed system call.
    public init(_ error: SystemError) {
        self.init(.system, error.description, hint: "tollgate doctor")
    }

    /// The message.
    public var description: String { message }

    /// The process's exit status for this error.
    public var exitCode: Int32 { code == .system ? 6 : 2 }
}

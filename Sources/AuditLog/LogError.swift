/// What went wrong with a log: what, where, and what to do about it.
public struct LogError: Error, Sendable, CustomStringConvertible {
    /// The kinds of trouble.
    public enum Code: String, Sendable {
        /// There is no such log.
        case notFound
        /// Another process writes it.
        case locked
        /// Bytes that were durable are damaged.
        case corrupt
        /// The log is shorter than, or different from, what was seen before.
        case rolledBack
        /// Signed data is missing.
        case signedDataMissing
        /// The file system refused.
        case disk
        /// The folder is not a log, or one of a newer version.
        case format
    }

    /// The kind of trouble.
    public var code: Code
    /// What happened, in one sentence.
    public var message: String
    /// The log or file that it happened to.
    public var path: String
    /// A command that helps.
    public var hint: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, path: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.path = path
        self.hint = hint
    }

    init(_ error: SystemError, hint: String? = nil) {
        self.init(error.number == 2 ? .notFound : .disk, error.description, path: error.path, hint: hint)
    }

    /// The process's exit status for this error.
    public var exitCode: Int32 {
        switch code {
        case .notFound, .format: 2
        case .corrupt: 3
        case .rolledBack: 4
        case .signedDataMissing: 5
        case .disk: 6
        case .locked: 7
        }
    }

    /// Message and path.
    public var description: String {
        message.contains(path) ? message : "\(message): \(path)"
    }
}

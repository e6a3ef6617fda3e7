/// Why `serve` cannot be configured: everything that is wrong, at once.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// The kinds of trouble.
    public enum Code: Sendable {
        /// There is no such file, or it cannot be read.
        case unreadable
        /// The file is there, and something in it or in what it names is wrong.
        case refused
    }

    /// The kind of trouble.
    public var code: Code
    /// What happened, one line for each problem.
    public var message: String
    /// Everything that is wrong, in the order of the text.
    public var problems: [ConfigurationProblem]
    /// A command that helps.
    public var hint: String?
    /// Every file that was looked at, so that a correction can be noticed.
    public var files: [FileStamp]

    /// The message.
    public var description: String { message }

    /// The process's exit status for this error.
    public var exitCode: Int32 { 2 }

    static func unreadable(_ path: String, _ why: String) -> ConfigurationError {
        ConfigurationError(
            code: .unreadable, message: "cannot read the configuration \(path): \(why)", problems: [],
            hint: "ls -l \(path)", files: [FileStamp(path)])
    }

    static func refused(_ path: String, _ problems: [ConfigurationProblem], files: [FileStamp]) -> ConfigurationError {
        let lines = problems.map { "  \($0)" }.joined(separator: "\n")
        return ConfigurationError(
            code: .refused, message: "the configuration \(path) is refused:\n\(lines)", problems: problems,
            hint: "tollgate serve --config \(path) --check", files: files)
    }
}

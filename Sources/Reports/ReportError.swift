public import Warehouse

/// Why a report could not be made.
public struct ReportError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Sendable {
        /// Something was asked for that is not there to be asked for.
        case usage
        /// The warehouse holds no event in the wanted time.
        case noEvents
        /// The warehouse could not answer.
        case warehouse
        /// A fault of this program.
        case `internal`
    }

    /// The kind of failure.
    public var code: Code
    /// What is wrong.
    public var message: String
    /// A command or step that helps.
    public var hint: String?
    /// The command's exit status.
    public var exitCode: Int32

    init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        exitCode = code == .usage ? 2 : 1
    }

    /// Takes over what the warehouse said.
    public init(_ error: WarehouseError) {
        code = .warehouse
        message = error.message
        hint = error.hint
        exitCode = error.exitCode
    }

    /// One sentence, and the hint on a line of its own.
    public var description: String {
        hint.map { "\(message)\nhint: \($0)" } ?? message
    }
}

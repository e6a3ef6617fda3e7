/// Why a dashboard cannot begin.
public struct DashboardError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public var message: String
    /// What to do about it.
    public var hint: String

    init(_ message: String, hint: String) {
        self.message = message
        self.hint = hint
    }

    /// The message.
    public var description: String { message }
}

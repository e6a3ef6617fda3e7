/// A place where alerts are delivered.
///
/// Once `deliver` returns, the sink has it. A sink may block: each has a thread of its own (`SinkDispatcher`).
public protocol AlertSink: Sendable {
    /// The sink's name in messages, such as `file:/var/log/alerts.ndjson`.
    var name: String { get }

    /// Looks whether the sink can be used at all, before the first alert.
    ///
    /// - Throws: `SinkError` where it cannot.
    func check() throws(SinkError)

    /// Delivers one step.
    ///
    /// - Throws: `SinkError` where it could not be delivered; it will be tried again.
    func deliver(_ transition: AlertTransition) throws(SinkError)
}

extension AlertSink {
    /// Nothing to look at.
    public func check() throws(SinkError) {}
}

/// Why a sink did not take an alert, or could not be made.
public struct SinkError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of fault.
    public enum Code: String, Sendable {
        /// The description of the sink cannot be read.
        case usage
        /// A file could not be opened or written.
        case disk
        /// A command could not be started.
        case spawn
        /// A command ended with an error.
        case exit
        /// A command took too long and was ended.
        case timeout
    }

    /// The kind of fault.
    public var code: Code
    /// What and where.
    public var message: String
    /// A command or a form that works.
    public var hint: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// What, where, and the hint on a line of its own.
    public var description: String {
        hint.map { "\(message)\nhint: \($0)" } ?? message
    }
}

/// A place where alerts are delivered.
///
/// Once `deliver` returns, the sink has it. A sink may block: each has a thread of its own (`DeliveryWorker`).
public protocol AlertSink: Sendable {
    /// The sink's name in messages, such as `file:/var/log/alerts.ndjson`; the outbox knows it by this, and it holds no
    /// secret.
    var name: String { get }

    /// Whether alerts are gathered into one message for a group (`GroupTimes`), or each goes out alone and at once.
    var gathers: Bool { get }

    /// How often the sink wants to be told again of what still fires, in milliseconds; nil for never.
    var refreshMilliseconds: Int? { get }

    /// Looks whether the sink can be used at all, before the first alert.
    ///
    /// - Throws: `SinkError` where it cannot.
    func check() throws(SinkError)

    /// Delivers one message.
    ///
    /// - Throws: `SinkError` where it could not be delivered; it will be tried again unless the error is for good.
    func deliver(_ delivery: AlertDelivery) throws(SinkError)

    /// Tells of what still fires; only asked of sinks with `refreshMilliseconds`.
    ///
    /// - Parameter isWatching: whether the watch's loop has come round of late: else no sign of life may be given.
    func refresh(_ firing: [AlertNotice], isWatching: Bool) throws(SinkError)
}

extension AlertSink {
    /// Each alert alone.
    public var gathers: Bool { false }

    /// Never.
    public var refreshMilliseconds: Int? { nil }

    /// Nothing to look at.
    public func check() throws(SinkError) {}

    /// Nothing to tell.
    public func refresh(_ firing: [AlertNotice], isWatching: Bool) throws(SinkError) {}

    /// Delivers one step alone.
    public func deliver(_ transition: AlertTransition) throws(SinkError) {
        let notice = AlertNotice(transition)
        try deliver(AlertDelivery(key: notice.key, lane: notice.id, notices: [notice]))
    }
}

/// One message to one sink.
public struct AlertDelivery: Sendable, Equatable {
    /// The same in every attempt: receivers recognise a repetition by it.
    public var key: String
    /// Messages of one lane arrive in their order.
    public var lane: String
    /// What is told; one notice where the sink does not gather.
    public var notices: [AlertNotice]

    /// Makes a message.
    public init(key: String, lane: String, notices: [AlertNotice]) {
        self.key = key
        self.lane = lane
        self.notices = notices
    }
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
        /// It took too long and was ended.
        case timeout
        /// The receiver could not be reached, or broke off.
        case network
        /// The receiver answered with a status that is no success.
        case status
        /// The address is one that no sink may have.
        case forbidden
    }

    /// The kind of fault.
    public var code: Code
    /// What and where.
    public var message: String
    /// A command or a form that works.
    public var hint: String?
    /// Whether another attempt is useless.
    public var isFinal = false
    /// How long the receiver asks to be left alone, in milliseconds.
    public var retryAfterMilliseconds: Int?

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

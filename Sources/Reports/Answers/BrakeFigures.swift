import Events

/// One brake: put on by a page or a person, and what became of it.
struct BrakeFigures: Sendable, Equatable, Encodable {
    /// The name of its first record.
    var id: String
    var agent: String
    var server: String
    var tool: String
    /// The rule that fired, or `manual`.
    var rule: String
    /// The alert's id; absent where a person put it on.
    var alert: String?
    /// `throttle` or `deny`.
    var action: String
    var by: String
    var why: String?
    var began: Moment
    /// When its cool-down is over, renewals included.
    var until: Moment
    /// When it ended; absent while it is on.
    var ended: Moment?
    /// Who lifted it; absent where its cool-down was over.
    var liftedBy: String?
    var liftedWhy: String?
    /// Calls that it stopped.
    var stopped = 0
}

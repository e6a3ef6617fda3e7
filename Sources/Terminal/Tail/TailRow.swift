package import Events

/// One line of the tail view before it is laid out.
package struct TailRow: Equatable {
    package var moment: Timestamp
    package var agent: String
    package var target: String
    package var verdict: String
    package var ink: Ink
    /// The rule or reason.
    package var why: String
    /// The rate now against the usual one.
    package var rate: String
    package var rateInk: Ink = .dim
    /// The outcome's duration, and its ending where that was not well.
    package var duration = ""
    package var durationInk: Ink = .dim
}

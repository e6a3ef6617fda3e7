package import Events

/// One line of the tail view before it is laid out.
package struct TailRow: Equatable {
    package var moment: Timestamp
    /// Which record it is, `LOG/SEQ`; empty where nobody asked.
    var reference = ""
    package var agent: String
    package var target: String
    package var verdict: String
    package var ink: Ink
    /// How often it came, where it stands for several calls.
    var repeats = ""
    /// The rule or reason.
    package var why: String
    /// The rate now against the usual one.
    package var rate: String
    package var rateInk: Ink = .dim
    /// The outcome's duration, and its ending where that was not well.
    package var duration = ""
    package var durationInk: Ink = .dim
}

import Events

/// One line of the tail view before it is laid out.
struct TailRow: Equatable {
    var moment: Timestamp
    /// Which record it is, `LOG/SEQ`; empty where nobody asked.
    var reference = ""
    var agent: String
    var target: String
    var verdict: String
    var ink: Ink
    /// How often it came, where it stands for several calls.
    var repeats = ""
    /// The rule or reason.
    var why: String
    /// The rate now against the usual one.
    var rate: String
    var rateInk: Ink = .dim
    /// The outcome's duration, and its ending where that was not well.
    var duration = ""
    var durationInk: Ink = .dim
}

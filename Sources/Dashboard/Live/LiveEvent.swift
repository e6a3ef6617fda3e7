import Events
import StrictJSON
import Terminal

/// One line of the live view.
struct LiveEvent: Sendable {
    /// What kind of line it is.
    enum Kind: String, Sendable, Encodable {
        /// A decision.
        case decision
        /// A call that ended badly or slowly.
        case outcome
        /// A control record, such as an alert.
        case notice
    }

    /// Its place in the feed, without holes.
    var number: UInt64
    /// When its record was written.
    var moment: Timestamp
    /// What it is.
    var kind: Kind
    /// How it looks: `plain`, `dim`, `warn`, `bad`, `good` or `alarm`.
    var tone: String
    /// The agent, as it is shown.
    var agent = ""
    /// Server and tool, as they are shown.
    var target = ""
    /// What was decided.
    var decision = ""
    /// Rule, reason or the whole sentence.
    var why = ""
    /// The rate now against the usual one.
    var rate = ""
    /// `LOG/SEQ`, under which it can be explained.
    var record = ""

    /// The line as JSON, as the page's script reads it.
    var json: String {
        let fields: [(String, String)] = [
            ("at", moment.description), ("time", Words.time(moment)), ("kind", kind.rawValue), ("tone", tone),
            ("agent", agent), ("target", target), ("decision", decision), ("why", why), ("rate", rate),
            ("record", record),
        ]
        return "{\"n\":\(number)," + fields.map { "\"\($0.0)\":\(JSONString.of($0.1))" }.joined(separator: ",") + "}"
    }

    /// Whether it has a text somewhere, ASCII letters of either case.
    func contains(_ text: String) -> Bool {
        let wanted = text.lowercased()
        return [agent, target, decision, why, record].contains { $0.lowercased().contains(wanted) }
    }
}

import Terminal

/// What to change after an incident, from what stopped it and what did not.
struct IncidentAdvice {
    private(set) var sentences: [String] = []
    /// A policy fragment, where no limit or rule stopped anything.
    private(set) var policy: String?
    /// The calls a minute that it allows.
    private(set) var maximum: Int?

    /// - Parameters:
    ///   - incident: the incident.
    ///   - denied: its calls that were denied rather than throttled.
    ///   - usualPeak: the tool's busiest minute of any agent before it.
    init(_ incident: IncidentFigures, denied: Int, usualPeak: Int) {
        let throttled = incident.stopped - denied
        if incident.stopped == 0 {
            let maximum = max(2 * usualPeak, 10)
            let why = usualPeak > 0 ? "twice the busiest minute of the four weeks before" : "no minute before had any"
            sentences.append("Nothing stopped it. Limit the tool to \(Words.count(maximum)) calls a minute (\(why)).")
            self.maximum = maximum
            policy = PolicyPatch.limits([incident.tool: maximum])
        } else if throttled >= denied {
            sentences.append(
                "The limit held; \(Words.count(incident.passed, "call")) reached the server. "
                    + "Let the agent stop, or wait for retry_after, when it is throttled: it went on asking.")
        } else {
            sentences.append(
                "The policy denied it and the agent went on asking. Hide the tool from it, or correct its instructions."
            )
        }
        if incident.identical * 2 >= incident.calls, incident.identical >= 5 {
            let result = incident.resultUnchanged ? " and got the same result" : ""
            sentences.append(
                "It sent the same arguments \(Words.count(incident.identical)) times\(result): let its loop end at the second identical call."
            )
        }
        if incident.alerts.isEmpty {
            sentences.append(
                "Nobody was told while it happened: keep tollgate watch running, with a sink that reaches a person.")
        }
    }
}

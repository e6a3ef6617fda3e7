import Events
import Terminal
import Warehouse

/// What the words mean and how each figure can be asked for again.
struct WeeklyAppendix {
    let report: WeeklyReport

    var section: Section {
        let queries = ReportQueries(report.period).all
        return Section(
            id: "appendix", title: "Definitions and queries",
            lead: "The queries run on the warehouse as it is, with any SQLite tool: sqlite3 -readonly warehouse.sqlite",
            blocks: [.definitions(WeeklyAppendix.definitions + made)]
                + queries.map { .code(id: "q-\($0.id)", caption: Prose(stringLiteral: $0.title), text: $0.sql) },
            isReference: true)
    }

    /// Window, versions and parameters.
    private var made: [(term: String, meaning: Prose)] {
        let period = report.period
        let parameters = report.parameters
        let program = parameters.program.isEmpty ? "" : " \(parameters.program)"
        return [
            (
                "Window",
                "\(period.from.timestamp.description) up to, but not including, \(period.to.timestamp.description); days and hours of the week in \(period.zone.name). Recommendations look at the 28 days up to its end, medians at the four weeks before."
            ),
            (
                "Made with",
                "tollgate\(program), report version \(report.version), warehouse schema \(WarehouseSchema.version)."
            ),
            (
                "Parameters",
                "Detectors learned from \(Words.count(parameters.learningDays, "day")) before the week; loop from \(parameters.loopMinimum) identical calls on, cap from \(parameters.capMinimum) attempts in 60 s; movers from a likelihood of \(Words.decimal(parameters.leastLogLikelihood, places: 2)) on."
            ),
        ]
    }

    static let definitions: [(term: String, meaning: Prose)] = [
        ("Call", "A decided tools/call; where it was held for a person, the hold and its end are one call."),
        (
            "Denied, throttled",
            "Enforced refusals: by a rule, or by a limit. In shadow mode nothing is refused; those count as calls that passed."
        ),
        (
            "Stopped",
            "Denied plus throttled. Its interval is Wilson's, 95 %: where the true share lies given how few calls there are."
        ),
        (
            "Errors",
            "Forwarded calls that ended in a tool error, a protocol or HTTP error, a timeout, or a server that was down or overloaded."
        ),
        ("Active hour", "A UTC hour in which the agent made at least one call."),
        (
            "Most in a minute",
            "The busiest clock minute. “Most in 60 s”, in incidents, is any 60 seconds in a row and so can be higher."
        ),
        (
            "Change",
            "Against the week before, or the same span of it where the week is not over; no percentage on a base below 20 calls."
        ),
        (
            "Runaway",
            "An episode that fires a detector rule of severity page. Findings on one agent and tool within 60 minutes are one incident."
        ),
        (
            "Likelihood",
            "Dunning's log-likelihood ratio of this week's calls and last week's, 2 (a ln(a/e) + b ln(b/e)) with e = (a + b)/2; negative where calls fell. 10.83 and more comes by chance once in a thousand."
        ),
        (
            "Risk-weighted",
            "Calls, each counted by its tool's class: read 1, unknown 2, write 3, execute 10, destructive and financial 20. A convention that ranks agents by what they could spoil."
        ),
        (
            "Median of 4",
            "The middle of the same span of the four weeks before, of those that the log reaches, at least two."
        ),
        (
            "Off hours",
            "All but Monday to Friday, 07–19 h in the report's time zone."
        ),
        (
            "Last 28 days with it",
            "Each grant's calls of the tool by clock minute, on whole UTC days: those beyond the proposed maximum would have been stopped. Agents that would have waited and tried again are not imitated."
        ),
        (
            "Alerts per agent-week",
            "Alerts raised, for each agent that called and each week of the report's length."
        ),
        ("Usual", "The pair's own calls per active minute in the 28 UTC days before its day."),
        ("Coverage", "Records loaded, of those loaded, rejected, missing and known to be lost."),
        ("p95", "The duration that 95 of 100 calls stayed below, upstream time only, exact to 9 %."),
    ]
}

import Events
import Terminal

/// The week in one sentence, the worst first: a hole in the log, then runaways that passed, then those that were stopped.
struct WeeklyVerdict {
    let sentence: Prose
    let tone: Tone

    init(_ report: WeeklyReport) {
        let runaways = report.incidents.filter { $0.severity == "page" }
        let zone = report.period.zone
        if report.totals.counts.calls == 0 {
            sentence = "No tool calls."
            tone = report.coverage.isWhole ? .plain : .warn
        } else if !runaways.isEmpty {
            sentence = WeeklyVerdict.named(runaways)
            tone = .bad
        } else if !report.coverage.isWhole {
            sentence = "\(WeeklyVerdict.quiet(report)) But the log has holes: read every figure as a lower bound."
            tone = .warn
        } else if let before = report.coverage.callsDeletedBefore {
            sentence =
                "\(WeeklyVerdict.quiet(report)) But calls before \(zone.moment(before)) were deleted from the warehouse: no runaway of that time can be found."
            tone = .warn
        } else {
            sentence = WeeklyVerdict.quiet(report)
            tone = .good
        }
    }

    /// The worst two by name, the others by number.
    private static func named(_ runaways: [IncidentFigures]) -> Prose {
        let agents = Set(runaways.map(\.agent)).count
        var sentence: Prose = agents == 1 ? "One runaway agent: " : "\(agents) runaway agents: "
        sentence += Prose.joined(runaways.prefix(2).map(told), separator: "; ")
        let rest = runaways.count - 2
        return rest > 0 ? sentence + "; and \(Words.count(rest, "further incident"))." : sentence + "."
    }

    private static func told(_ incident: IncidentFigures) -> Prose {
        let length = Words.duration(
            microseconds: max(incident.end.timestamp.since(incident.start.timestamp), 1_000_000))
        let end: Prose =
            incident.stopped == 0
            ? "none of them stopped"
            : incident.passed == 0 ? "all of them stopped" : "\(incident.stopped) of them stopped"
        return "\(name: incident.agent) called \(name: incident.tool) \(incident.calls) times in \(length), " + end
    }

    private static func quiet(_ report: WeeklyReport) -> Prose {
        let counts = report.totals.counts
        let share = counts.calls > 0 ? Words.percent(Double(counts.stopped) / Double(counts.calls)) : "0 %"
        return """
            No runaway agent: \(Words.count(counts.calls, "call")) by \(Words.count(report.totals.agents, "agent")), \
            \(share) of them stopped.
            """
    }
}

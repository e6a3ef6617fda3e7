public import ArgumentParser
public import Events
public import Terminal
import Warehouse

/// A moment on the command line: RFC 3339, a date, or a duration ago.
struct Moment: ExpressibleByArgument {
    let timestamp: Timestamp

    init?(argument: String) {
        guard let timestamp = TimeArgument.moment(argument, now: Console.now) else { return nil }
        self.timestamp = timestamp
    }
}

/// The options of commands that look at a span of time.
struct TimeSelection: ParsableArguments {
    @Option(help: ArgumentHelp("From when on: 15m, 7d, 2026-11-16 or RFC 3339.", valueName: "time"))
    var since: Moment?
    @Option(help: ArgumentHelp("Until when, exclusive.", valueName: "time"))
    var until: Moment?
}

extension Verdict: ExpressibleByArgument {}
extension Reason: ExpressibleByArgument {}
extension Risk: ExpressibleByArgument {}

extension TopColumn: ExpressibleByArgument {
    /// Those that rows can be sorted by.
    public static var allValueStrings: [String] { sortable.map(\.rawValue) }
}

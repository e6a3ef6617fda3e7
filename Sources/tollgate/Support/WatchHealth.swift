import Alerts
import Events

/// What a watch sees of itself, handed to the alerts about tollgate.
///
/// For the watch's thread alone.
final class WatchHealth {
    private let outbox: Outbox
    private let publisher: AlertPublisher
    private let sinks: [any AlertSink]
    private let expected: Int64?
    private let started = Console.now
    private var meta = MetaWatch()
    private var problems: [WatchProblem] = []
    private var checked: Timestamp?

    init(outbox: Outbox, publisher: AlertPublisher, sinks: [any AlertSink], expectedMicroseconds: Int64?) {
        self.outbox = outbox
        self.publisher = publisher
        self.sinks = sinks
        expected = expectedMicroseconds
    }

    /// Takes over what the last watch left open.
    func begin() throws {
        meta = MetaWatch(open: try outbox.standings().filter { $0.state != "resolved" }.map(\.notice))
    }

    /// Says at once what could not be read, and lets the next check tell the sinks.
    func report(_ problem: WatchProblem) {
        Console.error("tollgate: \(problem)\n")
        problems.append(problem)
    }

    /// Looks at everything, once a second.
    func check(_ watcher: inout Watcher, _ now: Timestamp) throws {
        guard checked.map({ now.since($0) >= 1_000_000 }) ?? true else { return }
        checked = now
        var steps = meta.tick(now)
        for gap in watcher.takeGaps() {
            steps += meta.observe(.gap, gap.log, problem: gap.description, now: now)
        }
        for problem in problems {
            steps += meta.observe(.logUnreadable, problem.log, problem: problem.description, now: now)
        }
        problems = []
        let failing = try outbox.failing(now: now)
        for sink in sinks {
            let problem = failing[sink.name].map { "\(sink.name): \($0)" }
            steps += meta.observe(.sinkFailing, sink.name, problem: problem, now: now)
        }
        if let expected {
            let last = max(watcher.newestRecord ?? started, started)
            let isQuiet = now.since(last) >= expected
            steps += meta.observe(
                .noEvents, "all logs", problem: isQuiet ? "no record since \(last)" : nil, now: now)
        }
        for step in steps { try publisher.publish(step.notice, state: step.state) }
    }
}

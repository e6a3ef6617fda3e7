import Alerts
import AuditLog
import Events
import Warehouse

/// What a watch sees of itself, handed to the alerts about tollgate.
///
/// For the watch's thread alone.
final class WatchHealth {
    private let outbox: Outbox
    private let publisher: AlertPublisher
    private let desk: DeliveryDesk
    private let plan: WatchPlan
    private var expected: WatchExpectations { plan.expected }
    private let started = Console.now
    private let heartbeats: HeartbeatDesk
    /// Verifies logs; nil in a watch that does not follow.
    private var vigil: LogVigil?
    private var meta = MetaWatch()
    private var problems: [WatchProblem] = []
    private var checked: Timestamp?

    init(outbox: Outbox, publisher: AlertPublisher, desk: DeliveryDesk, plan: WatchPlan) {
        self.outbox = outbox
        self.publisher = publisher
        self.desk = desk
        self.plan = plan
        heartbeats = HeartbeatDesk(
            Heartbeat(everyMicroseconds: plan.heartbeatMicroseconds, start: started), sinks: plan.heartbeatSinks,
            report: { Console.error("tollgate: no heartbeat to \($0): \($1)\n") })
    }

    /// Takes over what the last watch left open, and begins to verify the watch's own log, if any.
    func begin(verifying own: LogDirectory?) throws {
        meta = MetaWatch(open: try outbox.standings().filter { $0.state != "resolved" }.map(\.notice))
        guard let own else { return }
        vigil = LogVigil(suspects: meta.subjects(of: .verificationFailed))
        vigil?.follow(own)
    }

    /// One more log is followed.
    func follow(_ log: LogDirectory) { vigil?.follow(log) }

    /// The watch's loop has come round.
    func pass(_ now: Timestamp) {
        heartbeats.pass(now)
        desk.pass(now)
    }

    /// Ends the threads.
    func end() {
        heartbeats.close()
        vigil?.close()
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
        for (log, problem) in vigil?.findings ?? [:] {
            steps += meta.observe(.verificationFailed, log, problem: problem, now: now)
        }
        for sink in plan.sinks {
            let problem = failing[sink.name].map { "\(sink.name): \($0)" }
            steps += meta.observe(.sinkFailing, sink.name, problem: problem, now: now)
        }
        // Of a sink that is not named any more nothing is heard again.
        for sink in meta.subjects(of: .sinkFailing).subtracting(plan.sinks.map(\.name)) {
            steps += meta.observe(.sinkFailing, sink, problem: nil, now: now)
        }
        if let limit = expected.recordsMicroseconds {
            let last = max(watcher.newestRecord ?? started, started)
            let isQuiet = now.since(last) >= limit
            steps += meta.observe(
                .noEvents, "all logs", problem: isQuiet ? "no record since \(last)" : nil, now: now)
        }
        if let limit = expected.ingestMicroseconds {
            let path = expected.warehouse
            let problem = lag(of: path, behind: watcher.newestRecord, limit: limit)
            steps += meta.observe(.ingestLag, "warehouse", problem: problem, now: now)
        }
        for step in steps { try publisher.publish(step.notice, state: step.state) }
    }

    /// How far the warehouse is behind the newest record; nil where that is not too far.
    private func lag(of path: String, behind newest: Timestamp?, limit: Int64) -> String? {
        guard let newest, Console.now.since(max(newest, started)) >= limit else { return nil }
        do {
            let logs = try WarehouseStore(reading: path).coverage().logs
            let loaded = logs.filter { $0.kind != "watch" }.compactMap(\.last).max()
            guard let loaded, loaded < newest else { return loaded == nil ? "the warehouse is empty" : nil }
            return "the warehouse ends at \(loaded), the logs at \(newest)"
        } catch {
            return "the warehouse cannot be read: \(error)"
        }
    }
}

/// What an operator says will happen while all is well.
struct WatchExpectations {
    /// After how long without any record people are told, in microseconds; nil for never.
    var recordsMicroseconds: Int64?
    /// How long a record may be missing from the warehouse, in microseconds; nil where nobody asks.
    var ingestMicroseconds: Int64?
    /// The warehouse.
    var warehouse = Places.home.warehousePath
}

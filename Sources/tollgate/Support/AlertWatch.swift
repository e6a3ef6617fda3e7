import Alerts
import AuditLog
import Detection
import Events
import Foundation
import Ingest

/// Follows logs and raises alerts: the body of `watch`, and a part of `serve`.
struct AlertWatch {
    /// Where alerts go, and what is to happen when.
    let plan: WatchPlan
    /// The log that alerts are recorded in.
    let ownLog: LogDirectory
    /// All logs to follow, as of now.
    let logs: () throws -> [LogDirectory]
    /// Whether to read what there is, then end.
    let once: Bool
    /// Has gateways put brakes on; nil where what is read is long over.
    let brakes: BrakeRelay?
    /// How often what was learned is kept while the watch follows, in microseconds.
    var keepMicroseconds: Int64 = 60_000_000

    /// Watches until `stop` is set; blocks.
    func run(until stop: StopFlag) throws {
        let sinks = plan.sinks
        try plan.check()
        var options = LogOptions()
        options.purpose = .watch
        options.version = Version.text
        options.stateFolder = Places.state
        let own = try LogWriter.open(ownLog, options: options)
        defer { try? own.close() }
        let outbox = try Outbox(path: Places.outbox(of: ownLog))
        let cursor = try outbox.cursor() ?? own.recovery.nextSeq
        try outbox.begin(at: cursor)
        let desk = DeliveryDesk(
            outbox: outbox, sinks: sinks, times: plan.times, clock: { Console.now },
            jitter: { Double.random(in: 0...1) }, report: { Console.error("tollgate: \($0)\n") })
        defer { desk.close() }
        let publisher = try AlertPublisher(
            outbox: outbox, sinks: sinks, append: { try record($0, in: own) }, clock: { Console.now },
            wake: { desk.wake() })
        let health = WatchHealth(
            outbox: outbox, publisher: publisher, desk: desk, plan: plan)
        try health.begin(verifying: once ? nil : own.log)
        defer { health.end() }
        let resume =
            once
            ? WatchResume()
            : try WatchResume(outbox, settings: plan.settings, ownSeq: own.recovery.nextSeq, logs: others())
        let publish = { (step: AlertTransition) in
            try publisher.publish(step) { recorded in
                brakes?.consider(recorded.control, now: Console.now)
                return witnessed(recorded)
            }
        }
        var watcher =
            resume.memory.map { Watcher(resuming: $0, publish: publish, problem: { health.report($0) }) }
            ?? Watcher(
                settings: plan.settings, delivery: once ? .everything : .sinceLastWatch, publish: publish,
                problem: { health.report($0) })
        try recall(own, into: &watcher, publisher, from: cursor)
        if once {
            try readThrough(&watcher, publisher, until: stop)
        } else {
            let keeper = MemoryKeeper(
                outbox: outbox, places: resume.memory?.places ?? [], clock: { Console.now },
                report: { Console.error("tollgate: what was learned cannot be kept: \($0)\n") })
            let memory = { (watcher: Watcher) in watcher.memory(ownSeq: own.nextSeq) }
            var following = Following(
                resume: resume, keeper: keeper, keepMicroseconds: keepMicroseconds, memory: memory)
            try follow(&following, &watcher, publisher, health, until: stop)
            if let last = memory(watcher) { keeper.finish(last) }
        }
        // A watch that follows is to end soon, and the next one goes on where it was.
        if !desk.drain(timeoutMilliseconds: once ? 15_000 : 5000) {
            Console.error("tollgate: some alerts could not be delivered in time; the next watch goes on with them\n")
        }
    }

    /// Writes a record and waits until it is durable: what sinks are told must be on record.
    private func record(_ control: Control, in own: LogWriter) throws -> UInt64 {
        guard let ticket = own.append(isUrgent: true, { _, _ in .control(control) }),
            own.waitUntilDurable(ticket, milliseconds: 30_000) == .durable
        else { throw Failure("the log of alerts cannot be written", hint: "tollgate doctor", status: 6) }
        return ticket.seq
    }

    /// The step with the newest head of the log that its calls are in.
    ///
    /// Nobody's alert waits for a head that cannot be read: it goes out without.
    private func witnessed(_ step: AlertTransition) -> AlertTransition {
        let name = step.alert.finding.lastRecord.log
        var step = step
        step.brake = brakes?.words(for: step)
        let log = (try? logs())?.first { $0.name == name }
        step.head = log.flatMap { try? KeptHead.newest(of: $0)?.note.whole }
        return step
    }

    /// Learns what earlier runs told, and queues what the last one had written down and did not come to queue.
    private func recall(
        _ own: LogWriter, into watcher: inout Watcher, _ publisher: AlertPublisher, from cursor: UInt64
    ) throws {
        let reader = try LogReader(own.log)
        var left: [Record] = []
        while reader.nextSeq < own.recovery.nextSeq, let block = try reader.nextBlock() {
            block.forEachLine { _, line in
                guard let record = try? Record(utf8: line) else { return }
                watcher.recall(record)
                if record.seq >= cursor { left.append(record) }
            }
        }
        for record in left {
            // Its page was recorded, and the brake may not have been asked for.
            if case .control(let control) = record.body { brakes?.consider(control, now: Console.now) }
            try publisher.recover(record)
        }
    }

    /// The logs to follow: all but the watch's own.
    private func others() throws -> [LogDirectory] {
        try logs().filter { $0 != ownLog }
    }

    /// Reads what there is, from the beginning, and lets the time until now pass.
    private func readThrough(_ watcher: inout Watcher, _ publisher: AlertPublisher, until stop: StopFlag) throws {
        for log in try others() {
            let reader = try LogReader(log)
            watcher.follow(WatchedLog(name: log.name) { try reader.nextBlock()?.bytes })
        }
        while !stop.isSet {
            try publisher.tick(current: { watcher.current }, adding: witnessed)
            guard try watcher.step(now: Console.now) == .more else { break }
        }
        try watcher.finish(now: Console.now)
    }

    private func follow(
        _ following: inout Following, _ watcher: inout Watcher, _ publisher: AlertPublisher, _ health: WatchHealth,
        until stop: StopFlag
    ) throws {
        while !stop.isSet {
            let now = Console.now
            try following.look(others, &watcher, now, found: health.follow) { name in
                ReaderLease.name(name, of: ownLog.path)
            }
            try publisher.tick(current: { watcher.current }, adding: witnessed)
            health.pass(now)
            switch try watcher.step(now: now) {
            case .more: continue
            case .caughtUp:
                brakes?.settle(firing: watcher.firing)
                following.keep(watcher, now)
                try health.check(&watcher, now)
                usleep(100_000)
            }
        }
    }
}

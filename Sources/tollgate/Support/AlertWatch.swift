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

    /// Detectors begin with what happened in the last day.
    private static let warmUp: Int64 = 86_400_000_000

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
        var watcher = Watcher(
            settings: plan.settings, delivery: once ? .everything : .sinceLastWatch,
            publish: { step in
                try publisher.publish(step) { recorded in
                    brakes?.consider(recorded.control, now: Console.now)
                    return witnessed(recorded)
                }
            }, problem: { health.report($0) })
        try recall(own, into: &watcher, publisher, from: cursor)
        try follow(own, &watcher, publisher, health, until: stop)
        if once { try watcher.finish(now: Console.now) }
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

    private func follow(
        _ own: LogWriter, _ watcher: inout Watcher, _ publisher: AlertPublisher, _ health: WatchHealth,
        until stop: StopFlag
    ) throws {
        var known: Set<LogDirectory> = [own.log]
        var readers: [LogReader] = []
        var lookedForLogs: Timestamp?
        while !stop.isSet {
            let now = Console.now
            if lookedForLogs.map({ now.since($0) > 500_000 }) ?? true {
                lookedForLogs = now
                if !once { renewLeases(readers, now) }
                for log in try logs() where known.insert(log).inserted {
                    let reader =
                        once ? try LogReader(log) : try LogReader(log, fromTime: now.advanced(by: -Self.warmUp))
                    readers.append(reader)
                    health.follow(log)
                    watcher.follow(WatchedLog(name: log.name) { try reader.nextBlock()?.bytes })
                }
            }
            try publisher.tick()
            health.pass(now)
            switch try watcher.step(now: now) {
            case .more: continue
            case .caughtUp:
                brakes?.settle(firing: watcher.firing)
                if once { return }
                try health.check(&watcher, now)
                usleep(100_000)
            }
        }
    }
    /// Retention waits for a watch that lags, as for an ingester.
    private func renewLeases(_ readers: [LogReader], _ now: Timestamp) {
        guard now.microseconds / 10_000_000 != now.advanced(by: -500_000).microseconds / 10_000_000 else { return }
        let name = ReaderLease.name("watch", of: ownLog.path)
        for reader in readers { ReaderLease(name: name, nextSeq: reader.nextSeq, at: now).renew(in: reader.log) }
    }
}

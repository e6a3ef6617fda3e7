import Alerts
import AuditLog
import Detection
import Events
import Foundation
import Ingest

/// Follows logs and raises alerts: the body of `watch`, and a part of `serve`.
struct AlertWatch {
    /// Where alerts go, as `--sink` spells it.
    let sinks: [String]
    /// The log that alerts are recorded in.
    let ownLog: LogDirectory
    /// All logs to follow, as of now.
    let logs: () throws -> [LogDirectory]
    /// Whether to read what there is, then end.
    let once: Bool
    /// The rules' parameters and the operator's declarations.
    var settings = DetectionSettings()

    /// Detectors begin with what happened in the last day.
    private static let warmUp: Int64 = 86_400_000_000

    /// Watches until `stop` is set; blocks.
    func run(until stop: StopFlag) throws {
        let sinks = try sinks.map { try SinkDescription.parse($0) }
        for sink in sinks { try sink.check() }
        var options = LogOptions()
        options.purpose = .watch
        options.version = Version.text
        options.stateFolder = Places.state
        let own = try LogWriter.open(ownLog, options: options)
        defer { try? own.close() }
        let dispatcher = SinkDispatcher(sinks: sinks) { report in Console.error("tollgate: \(report)\n") }
        defer { dispatcher.close() }
        var watcher = Watcher(
            settings: settings, delivery: once ? .everything : .sinceLastWatch,
            append: { control in
                guard own.append(control) != nil else {
                    throw Failure("the log of alerts cannot be written", status: 6)
                }
            },
            deliver: { dispatcher.enqueue(witnessed($0)) },
            problem: { Console.error("tollgate: \($0)\n") })
        try recall(own, into: &watcher)
        try follow(own, &watcher, until: stop)
        if once { try watcher.finish(now: Console.now) }
        if !dispatcher.drain(timeoutMilliseconds: 15_000) {
            Console.error("tollgate: some alerts could not be delivered in time\n")
        }
    }

    /// The step with the newest head of the log that its calls are in.
    ///
    /// Nobody's alert waits for a head that cannot be read: it goes out without.
    private func witnessed(_ step: AlertTransition) -> AlertTransition {
        let name = step.alert.finding.lastRecord.log
        var step = step
        let log = (try? logs())?.first { $0.name == name }
        step.head = log.flatMap { try? KeptHead.newest(of: $0)?.note.whole }
        return step
    }

    private func recall(_ own: LogWriter, into watcher: inout Watcher) throws {
        let reader = try LogReader(own.log)
        while reader.nextSeq < own.recovery.nextSeq, let block = try reader.nextBlock() {
            block.forEachLine { _, line in
                if let record = try? Record(utf8: line) { watcher.recall(record) }
            }
        }
    }

    private func follow(_ own: LogWriter, _ watcher: inout Watcher, until stop: StopFlag) throws {
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
                    watcher.follow(WatchedLog(name: log.name) { try reader.nextBlock()?.bytes })
                }
            }
            switch try watcher.step(now: now) {
            case .more: continue
            case .caughtUp:
                if once { return }
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

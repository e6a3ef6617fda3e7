import AuditLog
import Events
import Foundation
import Synchronization
import Terminal

/// Follows all logs on one thread, as `tollgate tail -f` does, and keeps the newest lines for whoever watches.
///
/// Memory is bounded: so many lines, seconds and agents. A reader that falls behind is told how many lines it missed.
final class LiveFeed: Sendable {
    /// Lines that are kept.
    static let kept = 4_096
    /// How far back it reads when it begins, so that it knows what is usual.
    private static let pastMicroseconds: Int64 = 3_600_000_000

    private struct State {
        var ring: [LiveEvent] = []
        var next: UInt64 = 0
        var pulse = LivePulse()
    }

    private let state = Mutex(State())
    private let stopped = Atomic(false)
    private let settings: DashboardSettings
    private let metrics: MetricsDesk

    /// - Parameter metrics: counts every record.
    init(_ settings: DashboardSettings, metrics: MetricsDesk) {
        self.settings = settings
        self.metrics = metrics
    }

    /// Whether streams are to end.
    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    /// Begins to follow.
    func start() {
        let thread = Thread { self.run() }
        thread.name = "live"
        thread.start()
    }

    func stop() {
        stopped.store(true, ordering: .relaxed)
    }

    // MARK: - Asking

    /// The number of the next line.
    var next: UInt64 { state.withLock { $0.next } }

    /// The lines from `number` on, at most so many of the newest, and how many before them were missed.
    func events(from number: UInt64, most: Int = 500) -> (missed: UInt64, events: [LiveEvent]) {
        state.withLock { state in
            let first = state.next - UInt64(state.ring.count)
            let wanted = max(number, state.next - min(UInt64(most), state.next))
            let from = max(wanted, first)
            guard from < state.next else { return (0, []) }
            return (from > number ? from - number : 0, Array(state.ring.suffix(Int(state.next - from))))
        }
    }

    /// The newest lines that pass a test, the oldest first.
    func newest(_ count: Int, where passes: (LiveEvent) -> Bool) -> [LiveEvent] {
        state.withLock { state in
            Array(state.ring.reversed().lazy.filter(passes).prefix(count)).reversed()
        }
    }

    /// Decisions by second and agents at work.
    func pulse(seconds: Int) -> (seconds: [LivePulse.Second], agents: Int) {
        let now = settings.now()
        return state.withLock { ($0.pulse.last(seconds, now: now), $0.pulse.activeAgents(now: now)) }
    }

    // MARK: - Following

    private func run() {
        var logs: Set<LogDirectory> = []
        var readers: [LogReader] = []
        var merger = TailMerger([])
        var formatter = TailFormatter()
        var looked: Timestamp?
        /// Where each log was read to when reading failed.
        var places: [LogDirectory: UInt64] = [:]
        var unopened: Set<LogDirectory> = []
        while !isStopped {
            let now = settings.now()
            if looked.map({ now.since($0) > 500_000 }) ?? true {
                looked = now
                for log in settings.logs() where logs.insert(log).inserted {
                    do {
                        let reader = try open(log, from: places[log], now)
                        readers.append(reader)
                        merger.add(source(reader))
                    } catch {
                        logs.remove(log)
                        // It is tried again; said once.
                        guard unopened.insert(log).inserted else { continue }
                        settings.report("the live view cannot open \(log.path): \(error)")
                    }
                }
            }
            do {
                let batch = try merger.poll(now: now)
                if !batch.isEmpty { take(batch, merger.names, &formatter) }
                if batch.isEmpty { LogReader.awaitNews(readers, milliseconds: merger.isHolding ? 10 : 50) }
            } catch {
                // Whatever it was, the logs are opened anew where they were read to.
                settings.report("the live view cannot read a log: \(error); trying again")
                for reader in readers { places[reader.log] = reader.nextSeq }
                logs = []
                readers = []
                merger = TailMerger([])
                usleep(1_000_000)
            }
        }
    }

    private func open(_ log: LogDirectory, from seq: UInt64?, _ now: Timestamp) throws(LogError) -> LogReader {
        if let seq { return try LogReader(log, from: seq) }
        return try LogReader(log, fromTime: now.advanced(by: -Self.pastMicroseconds))
    }

    private func source(_ reader: LogReader) -> TailSource {
        TailSource(name: reader.log.name) { [metrics] in
            guard let block = try reader.nextBlock() else { return nil }
            if let skipped = block.skipped { metrics.count { $0.noteMissing(skipped, log: reader.log.name) } }
            var lines: [[UInt8]] = []
            lines.reserveCapacity(block.lineCount)
            block.forEachLine { _, line in lines.append(Array(line)) }
            return TailBlock(
                firstSeq: block.firstSeq, lines: lines,
                missing: block.skipped.map { $0.lowerBound..<block.firstSeq })
        }
    }

    private func take(_ batch: [TailEntry], _ names: [String], _ formatter: inout TailFormatter) {
        var events: [LiveEvent] = []
        var decisions: [(Decision, Timestamp)] = []
        metrics.count { metrics in
            for entry in batch where entry.missing == nil { metrics.observe(entry.record, log: names[entry.log]) }
        }
        for entry in batch {
            let log = names[entry.log]
            if let missing = entry.missing { events.append(Self.hole(missing, log, entry.order)) }
            guard let record = entry.record else { continue }
            if case .decision(let decision) = record.body { decisions.append((decision, record.timestamp)) }
            if let event = Self.event(record, log, &formatter) { events.append(event) }
        }
        state.withLock { state in
            for (decision, moment) in decisions { state.pulse.take(decision, at: moment) }
            for event in events.suffix(Self.kept) {
                var event = event
                event.number = state.next
                state.next += 1
                state.ring.append(event)
            }
            if state.ring.count > 2 * Self.kept { state.ring.removeFirst(state.ring.count - Self.kept) }
        }
    }

    /// What says that a view over a hole is one.
    private static func hole(_ missing: Range<UInt64>, _ log: String, _ moment: Timestamp) -> LiveEvent {
        let words = "HOLE: records \(missing.lowerBound) to \(missing.upperBound - 1) of \(log) cannot be read"
        return LiveEvent(
            number: 0, moment: moment, kind: .notice, tone: "alarm", why: VisibleText.of(words),
            record: "\(log)/\(missing.lowerBound)")
    }

    /// A record as a line; nil where it is not of note.
    private static func event(_ record: Record, _ log: String, _ formatter: inout TailFormatter) -> LiveEvent? {
        let name = "\(log)/\(record.seq)"
        switch record.body {
        case .decision(let decision):
            guard let row = formatter.row(decision, at: record.timestamp) else { return nil }
            return LiveEvent(
                number: 0, moment: record.timestamp, kind: .decision, tone: tone(row.ink), agent: row.agent,
                target: row.target, decision: row.verdict, why: row.why, rate: row.rate, record: name)
        case .outcome(let outcome):
            guard let remark = formatter.remark(outcome) else { return nil }
            return LiveEvent(
                number: 0, moment: record.timestamp, kind: .outcome, tone: tone(remark.ink),
                agent: VisibleText.of(outcome.agent ?? ""),
                target: VisibleText.of(outcome.server ?? "?") + "·" + VisibleText.of(outcome.tool ?? ""),
                decision: "↳", why: remark.text, record: "\(log)/\(outcome.of)")
        case .control(let control):
            guard let (words, ink) = ControlLine.of(control) else { return nil }
            return LiveEvent(
                number: 0, moment: record.timestamp, kind: .notice, tone: tone(ink), why: VisibleText.of(words),
                record: name)
        }
    }

    private static func tone(_ ink: Ink) -> String {
        switch ink {
        case .red: "bad"
        case .yellow: "warn"
        case .green: "good"
        case .dim: "quiet"
        case .alarm: "alarm"
        default: "plain"
        }
    }
}

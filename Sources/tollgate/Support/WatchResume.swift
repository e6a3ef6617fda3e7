import Alerts
import AuditLog
import Detection
import Events

/// From where a watch reads each log: where the last one stopped, or where its warm-up begins.
///
/// Whatever cannot be gone on from is said in a line on standard error, and the watch learns from the last day instead.
struct WatchResume {
    /// A log that is to be followed.
    struct Followed {
        let log: LogDirectory
        let reader: LogReader
        let place: WatchedPlace
    }

    /// Detectors begin with what happened in the last day, in microseconds.
    private static let warmUp: Int64 = 86_400_000_000

    /// What the watch goes on from; nil where it begins anew.
    private(set) var memory: WatchMemory?
    /// Logs whose place in the memory does not hold.
    private var displaced: Set<LogDirectory> = []
    /// Before the first look at the logs is over, those of a watch that begins anew are there from long before it.
    private var isStart = true
    private let report: (String) -> Void

    /// A watch that begins anew.
    init(report: @escaping (String) -> Void = { Console.error("tollgate: \($0)\n") }) {
        self.report = report
    }

    /// Looks at what the last watch kept, and whether it fits what is there.
    ///
    /// - Parameters:
    ///   - ownSeq: the seq that the watch's own log goes on with.
    ///   - logs: those that are there.
    ///   - report: is told what cannot be gone on from, a line each.
    init(
        _ outbox: Outbox, settings: DetectionSettings, ownSeq: UInt64, logs: [LogDirectory],
        report: @escaping (String) -> Void = { Console.error("tollgate: \($0)\n") }
    ) throws {
        self.init(report: report)
        switch try outbox.memory(settings: settings) {
        case .none: break
        case .unusable(let why): anew(why)
        case .usable(let kept) where kept.ownSeq > ownSeq:
            anew("the log of alerts was rolled back to record \(ownSeq), before \(kept.ownSeq)")
        case .usable(let kept): check(kept, logs)
        }
    }

    /// Opens a log where the watch is to read on.
    ///
    /// - Parameter newest: the newest record's time in the logs read so far; nil where there is none.
    /// - Throws: `LogError` where the log cannot be read.
    func open(_ log: LogDirectory, newest: Timestamp?, now: Timestamp) throws(LogError) -> Followed {
        let identity = try LogIdentity.read(log)
        if !displaced.contains(log), var place = memory.flatMap({ Self.place(of: identity, in: $0) }) {
            let reader = try LogReader(log, from: place.nextSeq)
            if reader.nextSeq > place.nextSeq {
                report(
                    "log \(log.name): records \(place.nextSeq) to \(reader.nextSeq - 1) were removed before the watch read "
                        + "them; it goes on behind them\nhint: tollgate log verify --log \(log.path)")
                (place.nextSeq, place.lastLine) = (reader.nextSeq, nil)
            }
            place.name = log.name
            return Followed(log: log, reader: reader, place: place)
        }
        let reader = try unread(log, newest: newest, now: now)
        return Followed(
            log: log, reader: reader,
            place: WatchedPlace(
                origin: identity.origin, epoch: identity.epoch, name: log.name, nextSeq: reader.nextSeq))
    }

    /// All logs that were there at the start have been opened.
    mutating func started() {
        isStart = false
    }

    /// A reader of a log without a place: of what happened in the day before now or, of a log that has come since the watch
    /// began, in the day before the newest record, for what is older comes too late for the detectors anyway.
    private func unread(_ log: LogDirectory, newest: Timestamp?, now: Timestamp) throws(LogError) -> LogReader {
        if memory == nil, isStart { return try LogReader(log, fromTime: now.advanced(by: -Self.warmUp)) }
        guard let newest else { return try LogReader(log) }
        return try LogReader(log, fromTime: min(newest, now).advanced(by: -Self.warmUp))
    }

    // MARK: - Checking

    private mutating func anew(_ why: String, hint: String? = nil) {
        memory = nil
        displaced = []
        report(
            "what the last watch had learned is not used: \(why); this one learns from the last day of each log"
                + (hint.map { "\nhint: \($0)" } ?? ""))
    }

    private mutating func check(_ kept: WatchMemory, _ logs: [LogDirectory]) {
        var faults: [(log: LogDirectory, what: String)] = []
        var sound = 0
        for log in logs {
            // What cannot be read now is told when it is opened.
            guard let identity = try? LogIdentity.read(log) else { continue }
            if let place = Self.place(of: identity, in: kept) {
                if let fault = Self.fault(of: place, in: log) { faults.append((log, fault)) } else { sound += 1 }
            } else if let fault = Self.change(of: identity, log, in: kept) {
                faults.append((log, fault))
            }
        }
        guard sound > 0 || faults.isEmpty else {
            // Nothing that the detectors have seen is there any more.
            let first = faults[0]
            return anew(
                "log \(first.log.name) \(first.what)", hint: "tollgate log verify --log \(first.log.path)")
        }
        memory = kept
        for (log, what) in faults {
            displaced.insert(log)
            report(
                "log \(log.name) \(what); of this log the watch reads the last day again"
                    + "\nhint: tollgate log verify --log \(log.path)")
        }
    }

    private static func place(of identity: LogIdentity, in memory: WatchMemory) -> WatchedPlace? {
        memory.places.first { $0.origin == identity.origin && $0.epoch == identity.epoch }
    }

    /// Whether the memory knows a log's earlier life, or another log in its place.
    private static func change(of identity: LogIdentity, _ log: LogDirectory, in memory: WatchMemory) -> String? {
        if let place = memory.places.last(where: { $0.origin == identity.origin }) {
            return "is in epoch \(identity.epoch) now and was read in epoch \(place.epoch)"
        }
        return memory.places.contains { $0.name == log.name } ? "is another one than was read: its origin is new" : nil
    }

    /// Why a place does not hold; nil where the record before it is the one that was read, or retention took that.
    private static func fault(of place: WatchedPlace, in log: LogDirectory) -> String? {
        guard place.nextSeq > 0 else { return nil }
        let seq = place.nextSeq - 1
        do throws(LogError) {
            // The record was durable when it was read; a writer that is just starting need not have said so again yet.
            guard let block = try LogReader(log, from: seq, uncommitted: true).nextBlock() else {
                return "was rolled back: record \(seq), which was read, is no longer there"
            }
            guard block.firstSeq == seq, let lastLine = place.lastLine else { return nil }
            let found = WatchedPlace.digest(ofLine: block.bytes.prefix { $0 != 0x0A })
            return found == lastLine ? nil : "was rolled back or rewritten: record \(seq) is not the one that was read"
        } catch {
            return "cannot be read: \(error)"
        }
    }
}

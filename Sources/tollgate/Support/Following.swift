import Alerts
import AuditLog
import Events

/// The logs that a watch follows: finds new ones, tells retention how far they are read, and has the watch's memory kept.
struct Following {
    private var resume: WatchResume
    private let keeper: MemoryKeeper
    private let keepMicroseconds: Int64
    /// What the watch would go on from; nil before it has caught up for the first time.
    private let memory: (Watcher) -> WatchMemory?
    private var followed: [WatchResume.Followed] = []
    private var known: Set<LogDirectory> = []
    private var looked: Timestamp?
    private var leased: Timestamp?
    /// When a memory was last handed to the keeper, and what had been done then.
    private var kept: (at: Timestamp, counters: WatchCounters, logs: Int)?

    init(
        resume: WatchResume, keeper: MemoryKeeper, keepMicroseconds: Int64, memory: @escaping (Watcher) -> WatchMemory?
    ) {
        self.resume = resume
        self.keeper = keeper
        self.keepMicroseconds = keepMicroseconds
        self.memory = memory
    }

    /// Looks for logs that have come, twice a second.
    ///
    /// - Parameter found: is told of each.
    /// - Throws: what `logs` throws, and `LogError` where one cannot be read.
    mutating func look(
        _ logs: () throws -> [LogDirectory], _ watcher: inout Watcher, _ now: Timestamp,
        found isFound: (LogDirectory) -> Void, lease: (String) -> String
    ) throws {
        guard looked.map({ now.since($0) > 500_000 }) ?? true else { return }
        looked = now
        // Asked once, so that one log that is read first does not decide where another begins.
        let newest = watcher.newestRecord
        for log in try logs() where known.insert(log).inserted {
            let found = try resume.open(log, newest: newest, now: now)
            followed.append(found)
            isFound(log)
            let reader = found.reader
            watcher.follow(
                WatchedLog(at: found.place) {
                    try reader.nextBlock().map { WatchedLog.Block(firstSeq: $0.firstSeq, bytes: $0.bytes) }
                })
        }
        resume.started()
        renewLeases(now, lease)
    }

    /// Hands the watch's memory to the keeper when it is time: at once after the start and whenever a log has come, then every
    /// so often where something was read or told.
    mutating func keep(_ watcher: Watcher, _ now: Timestamp) {
        if let kept, kept.logs == followed.count {
            guard kept.counters != watcher.counters, now.since(kept.at) >= keepMicroseconds else { return }
        }
        guard let memory = memory(watcher), keeper.keep(memory) else { return }
        kept = (now, watcher.counters, followed.count)
    }

    /// Retention waits for a watch that lags, as for an ingester: for what is kept, since that is where a watch that is killed
    /// goes on.
    private mutating func renewLeases(_ now: Timestamp, _ lease: (String) -> String) {
        guard leased.map({ now.since($0) >= 10_000_000 }) ?? true else { return }
        leased = now
        let name = lease("watch")
        let places = keeper.places
        for one in followed {
            let place = places.first { $0.isOfSameLog(one.place) } ?? one.place
            let seq = min(place.nextSeq, one.reader.nextSeq)
            ReaderLease(name: name, nextSeq: max(seq, one.place.nextSeq), at: now).renew(in: one.log)
        }
    }
}

public import AuditLog
import Warehouse

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a following ingester tells.
public enum IngestNotice: Sendable {
    /// A transaction was committed.
    case loaded(IngestSummary)
    /// A log was found that was not looked at before.
    case found(LogDirectory)
    /// A pass of retention is over.
    case kept(KeepSummary)
    /// Something is in the way; it is tried again until it passes.
    case trouble(IngestError)
    /// Nothing is in the way any more.
    case recovered
}

extension Ingester {
    /// Loads what is there and then what comes, until `stop` is set; blocks the calling thread.
    ///
    /// A database that is locked and a disk that is full are waited for; whatever else is wrong with a log is told
    /// once and that log left alone until it changes its name or identity, so that the others go on.
    ///
    /// - Parameters:
    ///   - logs: all logs as of now; asked about once a second, so that new ones are found.
    ///   - notify: is told what happens, on the calling thread.
    /// - Throws: `IngestError` where the warehouse itself is not usable any more.
    public func follow(
        _ logs: () -> [LogDirectory], until stop: StopFlag, _ notify: (IngestNotice) -> Void = { _ in }
    ) throws(IngestError) {
        let clock = ContinuousClock()
        var lastLook: ContinuousClock.Instant?
        var pause: Int64 = 4000
        var isTroubled = false
        var failed: [LogDirectory: String] = [:]
        var keeping = KeepPace(options)
        var hasKept = false
        while !stop.isSet {
            do throws(IngestError) {
                if lastLook.map({ (clock.now - $0).microseconds >= options.discoveryMicroseconds }) ?? true {
                    lastLook = clock.now
                    look(logs(), &failed, notify)
                }
                let more = try hasMore()
                if more {
                    var summary = IngestSummary()
                    let start = clock.now
                    let unreadable = try step(&summary)
                    for (feed, error) in unreadable { leave(feed, error, &failed, notify) }
                    summary.elapsedMicroseconds = (clock.now - start).microseconds
                    if summary.records > 0 { notify(.loaded(summary)) }
                    pause = unreadable.isEmpty ? 4000 : options.pauseMicroseconds
                } else {
                    // Longer and longer, so that a quiet log costs nothing and a busy one no delay.
                    pause = min(options.pauseMicroseconds, pause * 2)
                    renewLeases(isPausing: true)
                }
                // Once it has caught up for the first time; then between transactions, so that loading goes on.
                if let isDue = keeping?.isDue(clock.now), isDue, !more || hasKept {
                    hasKept = true
                    let start = clock.now
                    if let summary = try keeping?.step(self) {
                        if summary.total > 0 { notify(.kept(summary)) }
                    } else {
                        pause = min(pause, max(1000, (clock.now - start).microseconds))
                    }
                }
                if isTroubled { notify(.recovered) }
                isTroubled = false
            } catch {
                guard error.isPassing else { throw error }
                if !isTroubled { notify(.trouble(error)) }
                isTroubled = true
                pause = options.pauseMicroseconds
            }
            if !stop.isSet { Ingester.sleep(microseconds: pause) }
        }
    }

    private func look(
        _ logs: [LogDirectory], _ failed: inout [LogDirectory: String], _ notify: (IngestNotice) -> Void
    ) {
        var errors: [IngestError] = []
        for log in use(logs.filter { failed[$0] == nil || failed[$0] != identity(of: $0) }, { errors.append($0) }) {
            failed[log] = nil
            notify(.found(log))
        }
        for error in errors { notify(.trouble(error)) }
    }

    private func leave(
        _ feed: LogFeed, _ error: LogError, _ failed: inout [LogDirectory: String], _ notify: (IngestNotice) -> Void
    ) {
        notify(.trouble(.log(error)))
        guard error.code != .disk else { return feed.displace() }
        drop(feed)
        failed[feed.log] = identity(of: feed.log)
    }

    /// What must change before a log that failed is tried again.
    private func identity(of log: LogDirectory) -> String {
        guard let key = try? LogFeed.key(of: log) else { return "" }
        return "\(key.origin)/\(key.epoch)"
    }

    static func sleep(microseconds: Int64) {
        var time = timespec(tv_sec: Int(microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1000)
        nanosleep(&time, nil)
    }
}

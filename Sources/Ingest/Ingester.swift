public import AuditLog
import Events
public import Warehouse

/// Loads logs into a warehouse, each record exactly once: rows, roll-ups and cursor move in one transaction.
///
/// Several ingesters may work on one warehouse, in one process or in many; each transaction begins where the last
/// one, whoever made it, ended. Not for several threads.
public final class Ingester {
    let loader: WarehouseLoader
    let options: IngestOptions
    let clock = ContinuousClock()
    let wallClock = SystemLogClock()
    /// Our name among the logs' readers: one for each warehouse.
    private let leaseName: String
    private(set) var feeds: [LogFeed] = []

    /// Begins to work on a warehouse that was opened with `WarehouseStore(creating:)`.
    ///
    /// - Throws: `IngestError.warehouse`.
    public init(_ store: WarehouseStore, options: IngestOptions = IngestOptions()) throws(IngestError) {
        self.options = options
        leaseName = ReaderLease.name("ingest", of: store.path)
        do throws(WarehouseError) {
            loader = try store.loader()
        } catch {
            throw .warehouse(error)
        }
    }

    /// Loads all that is durable now.
    ///
    /// A log that cannot be read does not keep the others from being loaded; its error is thrown afterwards.
    ///
    /// - Parameters:
    ///   - logs: the logs.
    ///   - progress: is told after each transaction how many records have been loaded.
    /// - Throws: `IngestError`.
    public func catchUp(
        _ logs: [LogDirectory], _ progress: (Int) -> Void = { _ in }
    ) throws(IngestError) -> IngestSummary {
        let start = clock.now
        var summary = IngestSummary()
        var failure: IngestError?
        _ = use(logs) { error in failure = failure ?? error }
        while !feeds.isEmpty {
            let failed = try step(&summary)
            progress(summary.records)
            for (feed, error) in failed {
                failure = failure ?? .log(error)
                drop(feed)
            }
            if failed.isEmpty, try !hasMore() { break }
        }
        renewLeases(isPausing: true)
        if let failure { throw failure }
        summary.elapsedMicroseconds = (clock.now - start).microseconds
        return summary
    }

    /// Looks at these logs from now on; gives those that are new.
    func use(_ logs: [LogDirectory], _ failed: (IngestError) -> Void) -> [LogDirectory] {
        var kept: [LogFeed] = []
        var new: [LogDirectory] = []
        for log in logs {
            do throws(LogError) {
                let known = feeds.first { $0.log == log }
                // A folder may have been emptied and begun again as another log.
                if let known, try LogFeed.key(of: log) == known.key {
                    kept.append(known)
                } else {
                    kept.append(try LogFeed(log))
                    new.append(log)
                }
            } catch {
                failed(.log(error))
            }
        }
        feeds = kept
        return new
    }

    /// Lets the logs know how far they are loaded.
    func renewLeases(isPausing: Bool) {
        for feed in feeds { feed.renewLease(leaseName, now: wallClock.now(), isPausing: isPausing) }
    }

    /// Looks at a log no longer.
    func drop(_ feed: LogFeed) {
        feeds.removeAll { $0 === feed }
    }

    /// Whether any log has something new, or was not looked at yet.
    func hasMore() throws(IngestError) -> Bool {
        for feed in feeds {
            do throws(LogError) {
                if !feed.isPlaced { return true }
                if try feed.peek() != nil { return true }
            } catch {
                // The next step meets it again and says whose it is.
                return true
            }
        }
        return false
    }

    /// Loads one transaction's worth, the log with the earliest records first; gives the logs that could not be read.
    func step(_ summary: inout IngestSummary) throws(IngestError) -> [(LogFeed, LogError)] {
        var loaded = IngestSummary()
        let failed: [(LogFeed, LogError)]
        do throws(WarehouseError) {
            try loader.begin()
            failed = try fill(&loaded)
            try loader.commit()
        } catch {
            loader.rollBack()
            for feed in feeds { feed.displace() }
            throw .warehouse(error)
        }
        renewLeases(isPausing: false)
        for log in loaded.logs {
            summary.add(log.key, records: log.records, rejects: log.rejects, nextSeq: log.nextSeq)
        }
        return failed
    }

    private func fill(_ loaded: inout IngestSummary) throws(WarehouseError) -> [(LogFeed, LogError)] {
        var failed: [(LogFeed, LogError)] = []
        var waiting: [(feed: LogFeed, time: Timestamp)] = []
        for feed in feeds {
            let cursor = try loader.open(feed.key)
            loaded.add(feed.key, records: 0, rejects: 0, nextSeq: cursor.nextSeq)
            do throws(LogError) {
                try feed.place(at: cursor)
                if let time = try feed.nextTime() { waiting.append((feed, time)) }
            } catch {
                failed.append((feed, error))
            }
        }
        // Logs of one time are loaded close together, so that few days are open at once.
        waiting.sort { $0.time < $1.time }
        var records = options.transactionRecords
        let deadline = clock.now + .microseconds(options.transactionMicroseconds)
        for (index, (feed, _)) in waiting.enumerated() {
            // The first always gets on, however short the time allowed.
            guard index == 0 || (records > 0 && clock.now < deadline) else { break }
            if let error = try load(feed, &records, until: deadline, &loaded) { failed.append((feed, error)) }
        }
        return failed
    }

    /// Loads one log's share of a transaction; gives the error that ended its reading.
    private func load(
        _ feed: LogFeed, _ records: inout Int, until deadline: ContinuousClock.Instant, _ loaded: inout IngestSummary
    ) throws(WarehouseError) -> LogError? {
        var nextSeq = try loader.open(feed.key).nextSeq
        var last: LogBlock?
        var failure: LogError?
        while records > 0, last == nil || clock.now < deadline {
            let block: LogBlock?
            do throws(LogError) {
                block = try feed.peek()
            } catch {
                failure = error
                break
            }
            guard let block else { break }
            if block.firstSeq > nextSeq {
                let reason = block.skipped == nil ? "no longer in the log" : "damaged"
                try loader.skip(to: block.firstSeq, reason: reason)
            }
            let place = LinePlace(segment: block.segment, member: block.offset)
            try block.forEachLine { seq, line throws(WarehouseError) in try loader.load(line, seq: seq, at: place) }
            feed.advance()
            nextSeq = block.firstSeq + UInt64(block.lineCount)
            records -= block.lineCount
            last = block
        }
        let share = try loader.finish(leaf: last.flatMap(LeafHash.hex(ofLastLine:)))
        loaded.add(feed.key, records: share.records, rejects: share.rejects, nextSeq: nextSeq)
        return failure
    }
}

extension Duration {
    /// Whole microseconds.
    var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}

import AuditLog
import Events
import Terminal

/// The logs that `tail` and `top` follow, as one stream by time; logs that come into being meanwhile join in.
struct LiveLogs {
    /// All lines, by time.
    var merger: TailMerger
    private let places: LivePlaces
    private let open: (LogDirectory) throws -> Beginning
    private var readers: [LogReader] = []
    private var known: Set<LogDirectory> = []
    private var looked = Console.now

    /// A log that was opened, and what cannot be read of what was asked for.
    struct Beginning {
        let reader: LogReader
        var missing: Range<UInt64>?
    }

    /// Opens the logs that are there.
    ///
    /// - Parameter open: opens one where it is to be read from.
    /// - Throws: what `open` throws.
    init(_ logs: [LogDirectory], of places: LivePlaces, open: @escaping (LogDirectory) throws -> Beginning) throws {
        self.places = places
        self.open = open
        merger = TailMerger([])
        for log in logs { try add(log) }
    }

    /// Looks for new logs, twice a second.
    ///
    /// - Throws: what opening one throws.
    mutating func look(_ now: Timestamp) throws {
        guard places.mayGrow, now.since(looked) > 500_000 else { return }
        looked = now
        for log in places.present() where !known.contains(log) { try add(log) }
    }

    /// Returns when there may be something new, and after some time at the most.
    func wait() {
        LogReader.awaitNews(readers, milliseconds: merger.isHolding ? 10 : 30)
    }

    private mutating func add(_ log: LogDirectory) throws {
        let beginning = try open(log)
        known.insert(log)
        readers.append(beginning.reader)
        merger.add(LiveLogs.source(beginning))
    }

    private static func source(_ beginning: Beginning) -> TailSource {
        let reader = beginning.reader
        var missing = beginning.missing
        return TailSource(name: reader.log.name) {
            guard let block = try reader.nextBlock() else { return nil }
            var lines: [[UInt8]] = []
            lines.reserveCapacity(block.lineCount)
            block.forEachLine { _, line in lines.append(Array(line)) }
            let holes = [missing, block.skipped].compactMap(\.self).filter { !$0.isEmpty }
            missing = nil
            return TailBlock(
                firstSeq: block.firstSeq, lines: lines, missing: holes.first.map { $0.lowerBound..<block.firstSeq })
        }
    }

    /// The newest time in a log; nil where it has no record.
    ///
    /// - Throws: `LogError`.
    static func newest(_ log: LogDirectory) throws -> Timestamp? {
        let reader = try LogReader(log, fromTime: Timestamp(microseconds: .max))
        var newest: Timestamp?
        while let block = try reader.nextBlock() {
            block.forEachLine { _, line in
                newest = (try? Record(utf8: line)).map { max($0.timestamp, newest ?? $0.timestamp) } ?? newest
            }
        }
        return newest
    }
}

public import Events

/// Some lines of one log that follow each other.
public struct TailBlock: Sendable {
    /// The first line's seq.
    public var firstSeq: UInt64
    /// The lines without their newlines.
    public var lines: [[UInt8]]
    /// Seqs before these lines that cannot be read.
    public var missing: Range<UInt64>?

    /// Makes a block.
    public init(firstSeq: UInt64, lines: [[UInt8]], missing: Range<UInt64>? = nil) {
        self.firstSeq = firstSeq
        self.lines = lines
        self.missing = missing
    }
}

/// One log's lines, handed over in blocks.
public struct TailSource {
    /// The log's name, for messages.
    public let name: String
    fileprivate let next: () throws -> TailBlock?

    /// Makes a source.
    ///
    /// - Parameters:
    ///   - name: the log's name.
    ///   - next: the log's next lines, in the order of `seq`; nil when there is nothing new now.
    public init(name: String, next: @escaping () throws -> TailBlock?) {
        self.name = name
        self.next = next
    }
}

/// Several logs as one, by time.
///
/// Each log keeps its own order even where its clock stepped back. Equal times come in the order of the sources. Memory is
/// one block per log, and while following at most `bufferedLines` lines per log.
public struct TailMerger {
    /// Lines per log that are read ahead while following.
    public static let bufferedLines = 16_384

    private struct Lane {
        let source: TailSource
        var waiting: [TailEntry] = []
        var head = 0
        var last = Timestamp(microseconds: .min)

        var first: TailEntry? { head < waiting.count ? waiting[head] : nil }

        mutating func fill(_ log: Int, seen: Timestamp? = nil) throws -> Bool {
            guard let block = try source.next() else { return false }
            if head == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                head = 0
            }
            waiting.reserveCapacity(waiting.count + block.lines.count + 1)
            for (index, bytes) in block.lines.enumerated() {
                var entry = TailEntry(log: log, seq: block.firstSeq + UInt64(index), bytes: bytes, after: last)
                entry.seen = seen
                if index == 0, let missing = block.missing {
                    var hole = TailEntry(log: log, missing: missing, before: entry.order)
                    hole.seen = seen
                    waiting.append(hole)
                }
                last = entry.order
                waiting.append(entry)
            }
            return true
        }

        mutating func pop() -> TailEntry {
            let entry = waiting[head]
            head += 1
            if head > 4096 {
                waiting.removeFirst(head)
                head = 0
            }
            return entry
        }
    }

    private let holdBack: Int64
    private var lanes: [Lane]

    /// Makes a merger.
    ///
    /// - Parameters:
    ///   - sources: the logs.
    ///   - holdBackMicroseconds: while following, how long a line waits for an earlier one of another log.
    public init(_ sources: [TailSource], holdBackMicroseconds: Int64 = 100_000) {
        lanes = sources.map { Lane(source: $0) }
        holdBack = holdBackMicroseconds
    }

    /// The logs' names, by `TailEntry.log`.
    public var names: [String] { lanes.map(\.source.name) }

    /// Adds a log that appeared while following.
    public mutating func add(_ source: TailSource) {
        lanes.append(Lane(source: source))
    }

    /// Not following: the earliest line of all logs, nil when all have ended.
    ///
    /// The merge is exact.
    ///
    /// - Throws: what a source throws.
    public mutating func next() throws -> TailEntry? {
        for index in lanes.indices {
            while lanes[index].first == nil, try lanes[index].fill(index) {}
        }
        return earliest().map { lanes[$0].pop() }
    }

    /// Following: the lines that may be shown now.
    ///
    /// A line is let go once every other log has a later one waiting, or once it is older than the hold-back: by its own
    /// time, or, where its clock is ahead of ours, since it was first seen.
    ///
    /// - Parameter now: the time.
    /// - Throws: what a source throws.
    public mutating func poll(now: Timestamp) throws -> [TailEntry] {
        for index in lanes.indices {
            var more = true
            while more, lanes[index].waiting.count - lanes[index].head < TailMerger.bufferedLines {
                more = try lanes[index].fill(index, seen: now)
            }
        }
        var entries: [TailEntry] = []
        while let index = earliest(), mayGo(index, now: now) {
            entries.append(lanes[index].pop())
        }
        return entries
    }

    /// Whether lines are held back, so that `poll` should be asked again soon.
    public var isHolding: Bool { lanes.contains { $0.first != nil } }

    private func mayGo(_ index: Int, now: Timestamp) -> Bool {
        guard let entry = lanes[index].first else { return false }
        if lanes.allSatisfy({ $0.first != nil }) { return true }
        return now.since(entry.order) >= holdBack || entry.seen.map { now.since($0) >= holdBack } ?? true
    }

    private func earliest() -> Int? {
        var best: Int?
        for index in lanes.indices {
            guard let candidate = lanes[index].first?.order else { continue }
            if let current = best.flatMap({ lanes[$0].first?.order }), current <= candidate { continue }
            best = index
        }
        return best
    }
}

public import Events

// The two loops of `tollgate tail`, without their waiting: that is the command's.
extension TailView {
    /// Shows everything the merger has, outcomes joined to their calls.
    ///
    /// - Parameters:
    ///   - merger: the logs.
    ///   - output: where the lines go.
    ///   - last: only the last so many lines; those before teach what is usual.
    ///   - isWhole: false where the logs were opened somewhere in their middle and, if there are not `last` lines behind it,
    ///     are to be opened further back.
    ///   - goesOn: whether following comes next, so that the last streak stays open.
    ///   - progress: is told how many records were read while nothing is shown yet, and nil when that is over.
    /// - Returns: false where nothing was shown because there are fewer than `last` lines and the logs were not whole.
    /// - Throws: what a source throws.
    public mutating func showPast(
        _ merger: inout TailMerger, to output: Output, last: Int? = nil, isWhole: Bool = true, goesOn: Bool = false,
        progress: (Int?) -> Void = { _ in }
    ) throws -> Bool {
        names = merger.names
        var join = OutcomeJoin()
        var window = LastEntries(count: last)
        var isDone = false
        var count = 0
        while !isDone, output.isOpen, let entry = try merger.next() {
            isDone = options.filter.isPast(entry)
            guard !isDone else { break }
            if options.json {
                advance(&window, entry)
            } else {
                for joined in join.push(entry) { advance(&window, joined) }
            }
            flush(to: output, atLeast: 16 << 10)
            count += 1
            if window.isBounded, count.isMultiple(of: 1_024) { progress(count) }
        }
        for joined in join.finish() { advance(&window, joined) }
        progress(nil)
        guard isWhole || window.isFull else { return false }
        for entry in window.finish() { show(entry) }
        if !goesOn { finish() }
        flush(to: output)
        return true
    }

    /// One step of following: shows what came, lets time pass, writes it out.
    ///
    /// Returns how many lines came.
    ///
    /// - Parameters:
    ///   - merger: the logs.
    ///   - output: where the lines go.
    ///   - now: the time.
    /// - Throws: what a source throws.
    @discardableResult
    public mutating func showNew(_ merger: inout TailMerger, to output: Output, now: Timestamp) throws -> Int {
        names = merger.names
        let batch = try merger.poll(now: now)
        show(batch, following: true)
        tick(now: now)
        flush(to: output)
        return batch.count
    }

    private mutating func advance(_ window: inout LastEntries, _ entry: TailEntry) {
        guard window.isBounded else { return show(entry) }
        guard wouldShow(entry) else { return learn(entry) }
        if let old = window.push(entry) { learn(old) }
    }

    /// Ends following: what is still owed is said.
    public mutating func finish(to output: Output) {
        finish()
        flush(to: output)
    }

    private mutating func flush(to output: Output, atLeast bytes: Int = 0) {
        guard dueBytes >= bytes else { return }
        let due = take()
        guard !due.isEmpty else { return }
        output.write(due)
        output.flush()
    }
}

/// The last so many lines.
struct LastEntries {
    private let count: Int?
    private var ring: [TailEntry] = []
    private var next = 0

    init(count: Int?) {
        self.count = count.map { max($0, 1) }
    }

    var isBounded: Bool { count != nil }

    /// Whether so many lines have come.
    var isFull: Bool { count.map { ring.count == $0 } ?? true }

    /// Takes a line and gives the one that it pushes out.
    mutating func push(_ entry: TailEntry) -> TailEntry? {
        guard let count, ring.count == count else {
            ring.append(entry)
            return nil
        }
        defer { next = (next + 1) % count }
        let old = ring[next]
        ring[next] = entry
        return old
    }

    func finish() -> [TailEntry] {
        Array(ring[next...] + ring[..<next])
    }
}

import Events

/// Gives the roots over runs of a log's records: from tiles where they are kept, else from the records themselves.
///
/// What it gives is not checked here: whoever asks compares the tree's root with a signed head's.
final class TreeSource {
    private let log: LogDirectory
    private let files: any LogFileSystem
    private let tiles: TreeTiles
    /// The first record that is still there.
    let firstKept: UInt64
    private let uncommitted: Bool
    private let progress: (Int) -> Void
    private var known: [String: [TreeHash]] = [:]
    private var reader: LogReader?
    /// Leaves of the block that was read last.
    private var leaves: [TreeHash] = []
    private var firstLeaf: UInt64 = 0
    private var read = 0

    /// - Parameters:
    ///   - uncommitted: whether to read all that is written: for the log's writer, before it has said what is durable.
    ///   - progress: is told how many records have been read.
    /// - Throws: `LogError.notFound`, `.disk`.
    init(
        _ log: LogDirectory, _ files: any LogFileSystem, uncommitted: Bool = false,
        progress: @escaping (Int) -> Void = { _ in }
    ) throws(LogError) {
        self.log = log
        self.files = files
        tiles = TreeTiles(log: log, files: files)
        self.uncommitted = uncommitted
        self.progress = progress
        firstKept = try log.segments(on: files).first ?? 0
    }

    /// The root over a run of leaves: one that a tree of some size has as a subtree.
    ///
    /// - Throws: `LogError.notFound` where it needs leaves that are removed; `.disk`.
    func root(_ run: Range<UInt64>) throws(LogError) -> TreeHash {
        let count = UInt64(run.count)
        if count == 0 { return .empty }
        if count == 1 { return try leaf(run.lowerBound) }
        if let node = node(run) { return node }
        let middle = run.lowerBound + (1 << UInt64(63 - (count - 1).leadingZeroBitCount))
        return .node(try root(run.lowerBound..<middle), try root(middle..<run.upperBound))
    }

    /// A perfect subtree's root, where a tile has it.
    private func node(_ run: Range<UInt64>) -> TreeHash? {
        let count = UInt64(run.count)
        let level = count.trailingZeroBitCount
        guard count.nonzeroBitCount == 1, level % 8 == 0, run.lowerBound % count == 0 else { return nil }
        return hash(level: level / 8, index: run.lowerBound >> UInt64(level))
    }

    private func hash(level: Int, index: UInt64) -> TreeHash? {
        let number = index / UInt64(TreeTiles.width)
        let key = "\(level)/\(number)"
        let hashes = known[key] ?? tiles.hashes(level: level, number: number)
        known[key] = hashes
        let place = Int(index % UInt64(TreeTiles.width))
        return place < hashes.count ? hashes[place] : nil
    }

    private func leaf(_ seq: UInt64) throws(LogError) -> TreeHash {
        if seq < firstKept {
            if let kept = hash(level: 0, index: seq) { return kept }
            throw LogError(
                .notFound, "record \(seq) was removed by retention, and a proof would need its hash", path: log.path,
                hint: "tollgate log prove --help")
        }
        if leaves.isEmpty || seq < firstLeaf || seq >= firstLeaf + UInt64(leaves.count) { try load(seq) }
        guard seq >= firstLeaf, seq < firstLeaf + UInt64(leaves.count) else {
            // A seq whose record is gone without a head that covers it.
            return .nothing
        }
        return leaves[Int(seq - firstLeaf)]
    }

    private func load(_ seq: UInt64) throws(LogError) {
        let current: LogReader
        if let reader, reader.nextSeq == seq {
            current = reader
        } else {
            current = try LogReader(log, from: seq, uncommitted: uncommitted, files: files)
        }
        reader = current
        leaves.removeAll(keepingCapacity: true)
        guard let block = try current.nextBlock() else { return }
        firstLeaf = block.firstSeq
        block.forEachLine { _, line in leaves.append(.leaf(line)) }
        read += leaves.count
        progress(read)
    }
}

import Events

/// The log's inner nodes in files, in C2SP's tlog-tiles form: `tile/<level>/<number>`, 256 hashes each.
///
/// A tile of level L holds roots of subtrees of 256^L leaves. Level 0, the leaves, is made anew from the records when it is
/// needed; of records that are removed those tiles stay that a kept head or the cut divides, so that proofs from there on can
/// still be made.
struct TreeTiles {
    /// Hashes of a whole tile.
    static let width = 256

    let log: LogDirectory
    let files: any LogFileSystem

    /// The file of a tile, or of its first `count` hashes.
    static func path(level: Int, number: UInt64, count: Int = width) -> String {
        var rest = number / 1000
        var name = digits(number % 1000)
        while rest > 0 {
            name = "x" + digits(rest % 1000) + "/" + name
            rest /= 1000
        }
        return "\(level)/\(name)" + (count < width ? ".p/\(count)" : "")
    }

    private static func digits(_ number: UInt64) -> String {
        String(String(number + 1000).dropFirst())
    }

    /// What is kept of a tile: all of it, or its beginning.
    func hashes(level: Int, number: UInt64) -> [TreeHash] {
        let place = log.tilesPath + "/" + TreeTiles.path(level: level, number: number)
        if let whole = read(place, count: TreeTiles.width) { return whole }
        let widths = ((try? files.list(place + ".p")) ?? []).compactMap { Int($0) }.sorted(by: >)
        for width in widths where width > 0 && width < TreeTiles.width {
            if let part = read("\(place).p/\(width)", count: width) { return part }
        }
        return []
    }

    private func read(_ path: String, count: Int) -> [TreeHash]? {
        guard let bytes = try? files.contents(of: path), bytes.count == count * TreeHash.byteCount else { return nil }
        return stride(from: 0, to: bytes.count, by: TreeHash.byteCount).compactMap { start in
            TreeHash(bytes[start..<start + TreeHash.byteCount])
        }
    }

    /// Writes hashes into a tile behind what it has: `hashes` begin at `start`.
    ///
    /// Nothing is written where what comes before is not there: a node that is missing is computed from the records.
    func extend(level: Int, number: UInt64, from start: Int, with hashes: [TreeHash]) throws(SystemError) {
        let known = self.hashes(level: level, number: number)
        guard known.count >= start, start + hashes.count <= TreeTiles.width else { return }
        let all = known.prefix(start) + hashes
        guard all.count > known.count || !known.starts(with: all) else { return }
        let place = log.tilesPath + "/" + TreeTiles.path(level: level, number: number, count: all.count)
        try files.makeDirectory(place.parentDirectory)
        try files.replace(place, with: all.flatMap(\.bytes))
        // New folders are in their parents only once these are synced; after a removal the nodes are nowhere else.
        var folder = place.parentDirectory
        while folder.utf8.count > log.path.utf8.count {
            folder = folder.parentDirectory
            try files.syncDirectory(folder)
        }
        try removeShorter(level: level, number: number, than: all.count)
    }

    private func removeShorter(level: Int, number: UInt64, than count: Int) throws(SystemError) {
        let folder = log.tilesPath + "/" + TreeTiles.path(level: level, number: number) + ".p"
        for name in (try? files.list(folder)) ?? [] {
            if let width = Int(name), width < count { try files.remove(folder + "/" + name) }
        }
    }
}

/// Nodes that a run of leaves completed, on their way into tiles.
struct TileNodes {
    private struct Key: Hashable {
        let level: Int
        let number: UInt64
    }

    private var found: [Key: (start: Int, hashes: [TreeHash])] = [:]

    /// Takes in a completed subtree; only those whose leaves are a power of 256 are in tiles, and single leaves only where they
    /// are to be kept.
    mutating func add(level: Int, index: UInt64, _ root: TreeHash, keepsLeaf: Bool = false) {
        guard level % 8 == 0, level > 0 || keepsLeaf else { return }
        let key = Key(level: level / 8, number: index / UInt64(TreeTiles.width))
        found[key, default: (Int(index % UInt64(TreeTiles.width)), [])].hashes.append(root)
    }

    /// Whether all of them are in tiles.
    func areIn(_ tiles: TreeTiles) -> Bool {
        found.allSatisfy { key, nodes in
            tiles.hashes(level: key.level, number: key.number).dropFirst(nodes.start).starts(with: nodes.hashes)
        }
    }

    /// Writes them, durably.
    func write(to tiles: TreeTiles) throws(SystemError) {
        for (key, nodes) in found {
            try tiles.extend(level: key.level, number: key.number, from: nodes.start, with: nodes.hashes)
        }
    }
}

@testable import AuditLog

/// A disk in memory that knows what would survive a power loss: of each file the bytes that were synced, of each directory the
/// entries.
///
/// It outlives the processes that use it. Only whoever has the turn touches it.
final class SimulatedDisk: @unchecked Sendable {
    /// A file, whatever it is called.
    final class Node {
        let number: Int
        /// What whoever reads it sees.
        var bytes: [UInt8] = []
        /// What survives a power loss.
        fileprivate(set) var durable: [UInt8] = []
        /// The shortest that it was since the last sync.
        fileprivate var lowest = 0
        /// Bytes whose sync failed: later syncs leave them out and say nothing (the kernel took their pages for clean).
        fileprivate var doomed: [Range<Int>] = []
        /// Of those the bytes that were written again since: the next sync takes them along.
        fileprivate var renewed: [Range<Int>] = []
        fileprivate(set) var links = 0

        fileprivate init(number: Int) {
            self.number = number
        }
    }

    private enum Change {
        case set(String, Node)
        case remove(String)
        case rename(String, to: String, Node)
    }

    private struct Directory {
        var entries: [String: Node] = [:]
        var durable: [String: Node] = [:]
        var changes: [Change] = []
        /// What `names(in:)` gave, until an entry changes.
        var sorted: [String]?

        mutating func sync() {
            durable = entries
            changes = []
        }
    }

    private var directories: [String: Directory] = [:]
    private var nextNumber = 1

    // MARK: Directories

    func makeDirectory(_ path: String) {
        var path = path
        // Durable when the call returns, as `LogFileSystem` demands.
        while path.count > 1, directories[path] == nil {
            directories[path] = Directory()
            path = path.parentDirectory
        }
    }

    func names(in path: String) -> [String]? {
        guard let directory = directories[path] else { return nil }
        let sorted = directory.sorted ?? directory.entries.keys.sorted()
        directories[path]?.sorted = sorted
        return sorted
    }

    func node(at path: String) -> Node? {
        directories[path.parentDirectory]?.entries[path.lastComponent]
    }

    func create(_ path: String) -> Node? {
        guard directories[path.parentDirectory] != nil else { return nil }
        let node = Node(number: nextNumber)
        nextNumber += 1
        change(path.parentDirectory, .set(path.lastComponent, node))
        return node
    }

    func remove(_ path: String) {
        change(path.parentDirectory, .remove(path.lastComponent))
    }

    func rename(_ path: String, to target: String) {
        guard let node = node(at: path) else { return }
        if path.parentDirectory == target.parentDirectory {
            change(path.parentDirectory, .rename(path.lastComponent, to: target.lastComponent, node))
        } else {
            change(target.parentDirectory, .set(target.lastComponent, node))
            change(path.parentDirectory, .remove(path.lastComponent))
        }
    }

    func syncDirectory(_ path: String) {
        directories[path]?.sync()
    }

    private func change(_ path: String, _ change: Change) {
        guard var directory = directories.removeValue(forKey: path) else { return }
        SimulatedDisk.apply(change, to: &directory.entries)
        directory.sorted = nil
        directory.changes.append(change)
        directories[path] = directory
    }

    private static func apply(_ change: Change, to entries: inout [String: Node]) {
        switch change {
        case .set(let name, let node):
            entries[name]?.links -= 1
            entries[name] = node
            node.links += 1
        case .remove(let name): entries.removeValue(forKey: name)?.links -= 1
        case .rename(let source, let target, let node):
            if entries[source] === node { entries.removeValue(forKey: source)?.links -= 1 }
            entries[target]?.links -= 1
            entries[target] = node
            node.links += 1
        }
    }

    // MARK: Bytes

    func truncate(_ node: Node, to size: Int) {
        guard size < node.bytes.count else { return }
        node.bytes.removeLast(node.bytes.count - size)
        node.lowest = min(node.lowest, size)
        node.doomed = SimulatedDisk.clamped(node.doomed, to: 0..<size)
        node.renewed = SimulatedDisk.clamped(node.renewed, to: 0..<size)
    }

    /// Writes a file's bytes from an offset on again, where they stand.
    func rewrite(_ node: Node, from offset: Int) {
        node.renewed += SimulatedDisk.clamped(node.doomed, to: offset..<Int.max)
        node.doomed = SimulatedDisk.clamped(node.doomed, to: 0..<offset)
    }

    private static func clamped(_ ranges: [Range<Int>], to limits: Range<Int>) -> [Range<Int>] {
        ranges.map { $0.clamped(to: limits) }.filter { !$0.isEmpty }
    }

    func sync(_ node: Node) {
        if node.lowest < node.durable.count { node.durable.removeLast(node.durable.count - node.lowest) }
        node.durable.append(contentsOf: node.bytes[node.durable.count...])
        for range in node.renewed { node.durable.replaceSubrange(range, with: node.bytes[range]) }
        node.renewed = []
        for range in node.doomed { for index in range { node.durable[index] = 0 } }
        node.lowest = node.durable.count
    }

    /// A sync that fails: what was not synced is never written, and nobody is told again.
    ///
    /// - Parameter evicts: whether its pages leave memory at once.
    func failSync(_ node: Node, evicts: Bool) {
        let unsynced = min(node.lowest, node.durable.count)..<node.bytes.count
        node.doomed += node.renewed
        node.renewed = []
        guard !unsynced.isEmpty || !node.doomed.isEmpty else { return }
        if !unsynced.isEmpty { node.doomed.append(unsynced) }
        if evicts { evict(node) }
    }

    private func evict(_ node: Node) {
        for range in node.doomed { for index in range { node.bytes[index] = 0 } }
    }

    /// Whether a file's first bytes and its name would survive a power loss now.
    func isDurable(_ path: String, bytes: Int) -> Bool {
        guard let node = directories[path.parentDirectory]?.durable[path.lastComponent] else { return false }
        return node === self.node(at: path) && node.durable.count >= bytes && node.lowest >= bytes
    }

    // MARK: Power loss

    /// What a power loss does with what was not synced.
    enum Loss: CaseIterable {
        case kept, dropped, cut, zeroed, sectors, pages
    }

    /// Loses power: of what was not synced, something is left or nothing.
    ///
    /// - Parameter forced: what to do with unsynced bytes; nil: chance decides for each file.
    func losePower(_ random: inout SeededRandom, forced: Loss? = nil) {
        var seen: Set<Int> = []
        for path in directories.keys.sorted() {
            guard var directory = directories.removeValue(forKey: path) else { continue }
            loseEntries(&directory, &random, forced)
            for name in directory.entries.keys.sorted() {
                guard let node = directory.entries[name], seen.insert(node.number).inserted else { continue }
                node.links = 1
                loseBytes(node, &random, forced ?? random.one(of: Loss.allCases))
            }
            directories[path] = directory
        }
    }

    private func loseEntries(_ directory: inout Directory, _ random: inout SeededRandom, _ forced: Loss?) {
        var entries = directory.durable
        // All are lost, or those from one on, or any.
        let mode = forced == .kept ? 3 : forced == .dropped ? 0 : random.below(3)
        let kept = random.below(directory.changes.count + 1)
        for (index, change) in directory.changes.enumerated() {
            if mode == 3 || mode == 1 && index < kept || mode == 2 && random.oneIn(2) {
                SimulatedDisk.apply(change, to: &entries)
            }
        }
        directory.entries = entries
        directory.sorted = nil
        directory.sync()
    }

    private func loseBytes(_ node: Node, _ random: inout SeededRandom, _ loss: Loss) {
        evict(node)
        var base = node.durable
        if node.lowest < base.count {
            // It was cut since the last sync: that may be lost, and with it what came behind.
            if loss == .dropped || random.oneIn(2) {
                settle(node, base)
                return
            }
            base.removeLast(base.count - node.lowest)
        }
        var tail = Array(node.bytes[base.count...])
        guard !tail.isEmpty else { return settle(node, base) }
        let start = base.count
        switch loss {
        case .kept: break
        case .dropped: tail = []
        case .cut: tail.removeLast(random.below(tail.count + 1))
        case .zeroed:
            let from = random.below(tail.count + 1)
            for index in from..<tail.count { tail[index] = 0 }
        case .sectors, .pages:
            let block = loss == .sectors ? 512 : 4096
            // They reach the disk in any order, so any of them may be missing; what was there before shows in their place.
            let isStale = random.oneIn(2)
            for part in SimulatedDisk.blocks(start..<start + tail.count, block) where random.oneIn(2) {
                for index in part { tail[index - start] = isStale ? UInt8(truncatingIfNeeded: random.next()) : 0 }
            }
        }
        settle(node, base + tail)
    }

    private func settle(_ node: Node, _ bytes: [UInt8]) {
        node.bytes = bytes
        node.durable = bytes
        node.lowest = bytes.count
        node.doomed = []
        node.renewed = []
    }

    /// The blocks of the disk that a run of a file's bytes is in; a first one that holds other bytes too is left out of it.
    private static func blocks(_ range: Range<Int>, _ size: Int) -> [Range<Int>] {
        stride(from: range.lowerBound / size * size, to: range.upperBound, by: size).map {
            ($0..<$0 + size).clamped(to: range)
        }
    }
}

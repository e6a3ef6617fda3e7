@testable import AuditLog

/// One process's view of a simulated disk, with its faults and its end.
///
/// Each call lets time pass and may give the turn to others, as a system call does.
final class SimulatedFileSystem: LogFileSystem, @unchecked Sendable {
    /// Faults that the next calls meet.
    struct Faults {
        /// Bytes that still fit; nil: enough.
        var room: Int?
        /// Whether the next sync of a file fails with EIO.
        var failsSync = false
        /// The call from now on that fails with EIO.
        var callsUntilFailure: Int?
        /// Microseconds that the next sync takes.
        var stall: Int64 = 0
        /// Of how many writes one is short; 0: none.
        var shortWrites: UInt64 = 0
        /// Of how many calls one takes long; 0: none.
        var slowCalls: UInt64 = 0
    }

    let disk: SimulatedDisk
    fileprivate let turns: TurnScheduler
    var faults = Faults()
    /// The call from now on that changes the disk and is this process's last one.
    var callsUntilDeath: Int?
    /// Whether the process is dead: nothing that it does reaches the disk any more.
    private(set) var isDead = false
    /// Calls that changed the disk.
    private(set) var calls = 0
    /// Whether one write had several members of a segment.
    private(set) var wroteSeveral = false
    /// Whether a sync of a file failed.
    private(set) var hasFailedSync = false
    /// Is told of each call and how it ended.
    var trace: ((String) -> Void)?
    /// Batches of records that were written.
    private(set) var commits = 0

    init(_ disk: SimulatedDisk, _ turns: TurnScheduler) {
        self.disk = disk
        self.turns = turns
    }

    func die() {
        isDead = true
    }

    private static let dead = SystemError("(dead)", "", 5)

    /// A call that only looks.
    fileprivate func look() throws(SystemError) {
        turns.spend(1)
        if isDead { throw SimulatedFileSystem.dead }
    }

    /// A call that changes the disk: `body` does it, whole or, for a write, in part.
    fileprivate func change<R>(
        _ call: String, _ path: String, _ body: () throws(SystemError) -> R
    ) throws(SystemError) -> R {
        do throws(SystemError) {
            let result = try attempt(call, path, body)
            trace?("\(call) \(path.lastComponent): \(result)")
            return result
        } catch {
            trace?("\(call) \(path.lastComponent): error \(error.number)")
            throw error
        }
    }

    private func attempt<R>(
        _ call: String, _ path: String, _ body: () throws(SystemError) -> R
    ) throws(SystemError) -> R {
        turns.spend(5)
        if faults.slowCalls > 0, turns.random.oneIn(faults.slowCalls) {
            turns.sleep(Int64(turns.random.below(20_000)))
        } else if turns.random.oneIn(4) {
            turns.pass()
        }
        if isDead { throw SimulatedFileSystem.dead }
        calls += 1
        if let left = faults.callsUntilFailure {
            faults.callsUntilFailure = left > 1 ? left - 1 : nil
            if left == 1 { throw SystemError(call, path, 5) }
        }
        guard let left = callsUntilDeath else { return try body() }
        callsUntilDeath = left - 1
        guard left <= 1 else { return try body() }
        // The last one is done, or not; nobody hears of it.
        if turns.random.oneIn(2) { _ = try? body() }
        isDead = true
        throw SimulatedFileSystem.dead
    }

    // MARK: LogFileSystem

    func makeDirectory(_ path: String) throws(SystemError) {
        try change("mkdir", path) { () throws(SystemError) in disk.makeDirectory(path) }
    }

    func list(_ path: String) throws(SystemError) -> [String] {
        try look()
        guard let names = disk.names(in: path) else { throw SystemError("opendir", path, 2) }
        return names
    }

    func open(_ path: String, _ access: FileAccess) throws(SystemError) -> any LogFile {
        let isThere = disk.node(at: path) != nil
        switch access {
        case .read, .append:
            try look()
            guard let node = disk.node(at: path) else { throw SystemError("open", path, 2) }
            return SimulatedFile(node, path, self)
        case .create, .replace:
            return try change("open", path) { () throws(SystemError) in
                if let node = disk.node(at: path) {
                    if access == .create { throw SystemError("open", path, 17) }
                    disk.truncate(node, to: 0)
                    return SimulatedFile(node, path, self)
                }
                if !isThere, faults.room == 0 { throw SystemError("open", path, 28) }
                guard let node = disk.create(path) else { throw SystemError("open", path, 2) }
                return SimulatedFile(node, path, self)
            }
        }
    }

    func remove(_ path: String) throws(SystemError) {
        try change("unlink", path) { () throws(SystemError) in
            guard disk.node(at: path) != nil else { throw SystemError("unlink", path, 2) }
            disk.remove(path)
        }
    }

    func rename(_ path: String, to target: String) throws(SystemError) {
        try change("rename", path) { () throws(SystemError) in
            guard disk.node(at: path) != nil else { throw SystemError("rename", path, 2) }
            disk.rename(path, to: target)
        }
    }

    func syncDirectory(_ path: String) throws(SystemError) {
        try change("fsync", path) { () throws(SystemError) in disk.syncDirectory(path) }
    }

    func space(at path: String) throws(SystemError) -> (free: Int, total: Int) {
        try look()
        return (faults.room ?? 1 << 40, 1 << 41)
    }

    // MARK: Files

    fileprivate func write(_ bytes: UnsafeRawBufferPointer, to node: SimulatedDisk.Node, _ path: String)
        throws(SystemError) -> Int
    {
        var count = bytes.count
        let isLast = callsUntilDeath == 1
        if let size = BGZFMember.size(header: bytes), size > BGZFMember.endOfFile.count {
            commits += 1
            if size < bytes.count { wroteSeveral = true }
        }
        return try change("write", path) { () throws(SystemError) in
            if isLast || (faults.shortWrites > 0 && turns.random.oneIn(faults.shortWrites)) {
                count = 1 + turns.random.below(count)
            }
            if let room = faults.room {
                guard room > 0 else { throw SystemError("write", path, 28) }
                count = min(count, room)
                faults.room = room - count
            }
            node.bytes.append(contentsOf: bytes[..<count])
            return count
        }
    }

    fileprivate func sync(_ node: SimulatedDisk.Node, _ path: String) throws(SystemError) {
        if faults.stall > 0, path.hasSuffix(".ndjson.gz") {
            let stall = faults.stall
            faults.stall = 0
            turns.sleep(stall)
        }
        try change("fdatasync", path) { () throws(SystemError) in
            if faults.failsSync {
                faults.failsSync = false
                hasFailedSync = true
                disk.failSync(node, evicts: turns.random.oneIn(2))
                throw SystemError("fdatasync", path, 5)
            }
            disk.sync(node)
            guard node.links > 0 else { throw SystemError("fdatasync", path, 116) }
        }
    }

    fileprivate func rewrite(_ node: SimulatedDisk.Node, from offset: Int, _ path: String) throws(SystemError) {
        try change("pwrite", path) { () throws(SystemError) in disk.rewrite(node, from: offset) }
    }

    fileprivate func truncate(_ node: SimulatedDisk.Node, to size: Int, _ path: String) throws(SystemError) {
        try change("ftruncate", path) { () throws(SystemError) in disk.truncate(node, to: size) }
    }
}

/// An open file of a simulated disk: of a file, not of a name.
final class SimulatedFile: LogFile, @unchecked Sendable {
    private let node: SimulatedDisk.Node
    private let path: String
    private let owner: SimulatedFileSystem
    private var isClosed = false

    fileprivate init(_ node: SimulatedDisk.Node, _ path: String, _ owner: SimulatedFileSystem) {
        self.node = node
        self.path = path
        self.owner = owner
    }

    private func check() throws(SystemError) {
        if isClosed { throw SystemError("(closed)", path, 9) }
    }

    func size() throws(SystemError) -> Int {
        try check()
        try owner.look()
        return node.bytes.count
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        try check()
        try owner.look()
        let end = min(node.bytes.count, offset + buffer.count)
        guard offset < end else { return 0 }
        node.bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<end])) }
        return end - offset
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        try check()
        return try owner.write(bytes, to: node, path)
    }

    func rewrite(from offset: Int) throws(SystemError) {
        try check()
        try owner.rewrite(node, from: offset, path)
    }

    func truncate(to size: Int) throws(SystemError) {
        try check()
        try owner.truncate(node, to: size, path)
    }

    func sync() throws(SystemError) {
        try check()
        try owner.sync(node, path)
    }

    func close() {
        isClosed = true
    }
}

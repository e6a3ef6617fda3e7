@testable import AuditLog

/// The machine's file system, with faults brought about at will.
final class FaultyFileSystem: LogFileSystem {
    enum Fault: Sendable {
        case writeNoSpace
        case shortWriteThenNoSpace
        case syncInputOutput
        /// The sync that was held fails; later ones do not.
        case syncAfterHold
        /// A file cannot be begun anew, as the copy of one that was removed is.
        case replaceInputOutput
    }

    struct State {
        var fault: Fault?
        var callsUntilFailure: Int?
        /// Whether all calls fail from that one on, as after a process's death.
        var dies = false
        var holdsSyncs = false
        var heldSyncs = 0
        /// Bytes that the segments and the reserve may yet take; nil for no bound.
        var room: Int?
        /// How often somebody asked for the space that is left.
        var looks = 0
    }

    /// The size that the file system claims to have while its room is bounded.
    static let total = 64 << 20

    let state = Monitor(State())
    private let real = PosixFileSystem()

    func set(_ fault: Fault?) {
        state.withLock { $0.fault = fault }
    }

    /// Makes the k-th call from now on that changes the disk fail, once.
    func failOnce(atCall k: Int) {
        state.withLock { $0.callsUntilFailure = k }
    }

    /// Lets no call from the k-th on that changes the disk succeed.
    func die(atCall k: Int) {
        state.withLock { ($0.callsUntilFailure, $0.dies) = (k, true) }
    }

    func holdSyncs() {
        state.withLock { $0.holdsSyncs = true }
    }

    func awaitHeldSync() {
        _ = state.wait { $0.heldSyncs > 0 ? true : nil }
    }

    func releaseSyncs() {
        state.withLock { $0.holdsSyncs = false }
        state.wakeAll()
    }

    /// Bounds what segments and the reserve may take from now on.
    func set(room: Int?) {
        state.withLock { $0.room = room }
    }

    func touch(_ call: String) throws(SystemError) {
        let fails = state.withLock { state in
            guard let left = state.callsUntilFailure else { return false }
            state.callsUntilFailure = left > 1 ? left - 1 : state.dies ? 1 : nil
            return left == 1
        }
        if fails { throw SystemError(call, "injected", 5) }
    }

    func makeDirectory(_ path: String) throws(SystemError) { try real.makeDirectory(path) }
    func list(_ path: String) throws(SystemError) -> [String] { try real.list(path) }
    func remove(_ path: String) throws(SystemError) {
        try touch("unlink")
        let freed = path.hasSuffix("/reserve") ? (try? real.open(path, .read).size()) ?? 0 : 0
        try real.remove(path)
        state.withLock { $0.room = $0.room.map { $0 + freed } }
    }

    /// Waits until two more looks at the space have begun: the first is over then.
    func awaitLook() {
        let before = state.withLock { $0.looks }
        _ = state.wait { $0.looks >= before + 2 ? true : nil }
    }

    func space(at path: String) -> (free: Int, total: Int) {
        state.withLock { $0.looks += 1 }
        state.wakeAll()
        // Plenty, unless a test says otherwise: the disk of whoever runs the tests may be low.
        return (state.withLock { $0.room } ?? FaultyFileSystem.total / 2, FaultyFileSystem.total)
    }

    func allocate(_ path: String, bytes: Int) throws(SystemError) {
        let fits = state.withLock { state in
            guard let room = state.room else { return true }
            if room >= bytes { state.room = room - bytes }
            return room >= bytes
        }
        guard fits else { throw SystemError("posix_fallocate", "injected", 28) }
        try real.allocate(path, bytes: bytes)
    }

    func identity(of path: String) throws(SystemError) -> FileIdentity? { try real.identity(of: path) }

    func open(_ path: String, _ access: FileAccess) throws(SystemError) -> any LogFile {
        if access != .read { try touch("open") }
        if case .replace = access, state.withLock({ $0.fault }) == .replaceInputOutput {
            throw SystemError("open", "injected", 5)
        }
        return FaultyFile(try real.open(path, access), self, takesRoom: path.hasSuffix(".ndjson.gz"))
    }

    func rename(_ path: String, to target: String) throws(SystemError) {
        try touch("rename")
        try real.rename(path, to: target)
    }

    func syncDirectory(_ path: String) throws(SystemError) {
        try touch("fsync")
        try real.syncDirectory(path)
    }
}

final class FaultyFile: LogFile {
    private let real: any LogFile
    private let owner: FaultyFileSystem
    private let takesRoom: Bool

    init(_ real: any LogFile, _ owner: FaultyFileSystem, takesRoom: Bool = false) {
        self.real = real
        self.owner = owner
        self.takesRoom = takesRoom
    }

    func size() throws(SystemError) -> Int { try real.size() }
    func truncate(to size: Int) throws(SystemError) { try real.truncate(to: size) }
    func rewrite(from offset: Int) throws(SystemError) { try real.rewrite(from: offset) }
    func close() { real.close() }
    func identity() throws(SystemError) -> FileIdentity? { try real.identity() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        try real.read(into: buffer, at: offset)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        try owner.touch("write")
        if takesRoom, owner.state.withLock({ $0.room != nil }) {
            let count = owner.state.withLock { state in
                let count = min(state.room ?? 0, bytes.count)
                state.room = state.room.map { $0 - count }
                return count
            }
            guard count > 0 else { throw SystemError("write", "injected", 28) }
            return try real.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
        switch owner.state.withLock({ $0.fault }) {
        case .writeNoSpace: throw SystemError("write", "injected", 28)
        case .shortWriteThenNoSpace:
            guard bytes.count > 10 else { throw SystemError("write", "injected", 28) }
            return try real.write(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)]))
        case .syncInputOutput, .syncAfterHold, .replaceInputOutput, nil:
            // Short writes are always allowed.
            return try real.write(UnsafeRawBufferPointer(rebasing: bytes[..<max(1, bytes.count * 3 / 4)]))
        }
    }

    func sync() throws(SystemError) {
        try owner.touch("fdatasync")
        if owner.state.withLock({ $0.fault }) == .syncInputOutput { throw SystemError("fdatasync", "injected", 5) }
        let holds = owner.state.withLock { state in
            if state.holdsSyncs { state.heldSyncs += 1 }
            return state.holdsSyncs
        }
        if holds {
            owner.state.wakeAll()
            _ = owner.state.wait { $0.holdsSyncs ? nil : true }
            let fails = owner.state.withLock { state in
                defer { if state.fault == .syncAfterHold { state.fault = nil } }
                return state.fault == .syncAfterHold
            }
            if fails { throw SystemError("fdatasync", "injected", 5) }
        }
        try real.sync()
    }
}

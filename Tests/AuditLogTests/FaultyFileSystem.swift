@testable import AuditLog

/// The machine's file system, with faults brought about at will.
final class FaultyFileSystem: LogFileSystem {
    enum Fault: Sendable {
        case writeNoSpace
        case shortWriteThenNoSpace
        case syncInputOutput
        /// The sync that was held fails; later ones do not.
        case syncAfterHold
    }

    struct State {
        var fault: Fault?
        var callsUntilFailure: Int?
        /// Whether all calls fail from that one on, as after a process's death.
        var dies = false
        var holdsSyncs = false
        var heldSyncs = 0
    }

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
        try real.remove(path)
    }
    func space(at path: String) throws(SystemError) -> (free: Int, total: Int) { try real.space(at: path) }
    func identity(of path: String) throws(SystemError) -> FileIdentity? { try real.identity(of: path) }

    func open(_ path: String, _ access: FileAccess) throws(SystemError) -> any LogFile {
        if access != .read { try touch("open") }
        return FaultyFile(try real.open(path, access), self)
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

    init(_ real: any LogFile, _ owner: FaultyFileSystem) {
        self.real = real
        self.owner = owner
    }

    func size() throws(SystemError) -> Int { try real.size() }
    func truncate(to size: Int) throws(SystemError) { try real.truncate(to: size) }
    func close() { real.close() }
    func identity() throws(SystemError) -> FileIdentity? { try real.identity() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        try real.read(into: buffer, at: offset)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        try owner.touch("write")
        switch owner.state.withLock({ $0.fault }) {
        case .writeNoSpace: throw SystemError("write", "injected", 28)
        case .shortWriteThenNoSpace:
            guard bytes.count > 10 else { throw SystemError("write", "injected", 28) }
            return try real.write(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)]))
        case .syncInputOutput, .syncAfterHold, nil:
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

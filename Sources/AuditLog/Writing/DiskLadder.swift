/// The disk's space, rung by rung: a warning at 20 % free, a call for room at 5 %, and a reserve for when there is none.
///
/// The committer looks at it about once a second.
struct DiskLadder {
    private enum Rung: Int {
        case enough, low, critical
    }

    private let log: LogDirectory
    private let files: any LogFileSystem
    private let report: (@Sendable (LogTrouble) -> Void)?
    private let makeRoom: @Sendable () -> Void
    private let wanted: Int
    private let isWatched: Bool
    private var rung = Rung.enough
    /// Whether the reserve's blocks are taken.
    private(set) var hasReserve = false

    /// - Parameter makeRoom: is called about once a second while 5 % or less is free, and returns at once.
    init(
        _ log: LogDirectory, _ options: LogOptions, _ files: any LogFileSystem, makeRoom: @escaping @Sendable () -> Void
    ) {
        self.log = log
        self.files = files
        report = options.report
        self.makeRoom = makeRoom
        wanted = options.reserveBytes
        isWatched = options.purpose == .gateway || wanted > 0
    }

    /// Looks at the space that is left, and takes the reserve again where there is room for it.
    ///
    /// - Returns: whether the disk has room, and its reserve.
    mutating func look() -> Bool {
        guard isWatched, let space = try? files.space(at: log.path), space.total > 0 else { return false }
        climb(freePercent: space.free * 100 / space.total)
        if !hasReserve { fill(free: space.free, total: space.total) }
        return hasReserve
    }

    /// Frees the reserve; false where there was none.
    mutating func release() -> Bool {
        guard wanted > 0 else { return false }
        hasReserve = false
        // Also one that a writer before this one took, on a disk that has been full since.
        do throws(SystemError) {
            try files.remove(log.reservePath)
            return true
        } catch {
            return false
        }
    }

    private mutating func climb(freePercent: Int) {
        // Down again only past some distance, so that a disk at the edge warns once.
        if freePercent >= 25 {
            rung = .enough
        } else if freePercent > 8, rung == .critical {
            rung = .low
        }
        if freePercent < 20, freePercent > 5, rung == .enough {
            rung = .low
            report?(.spaceLow(freePercent: freePercent))
        }
        guard freePercent <= 5 else { return }
        if rung != .critical {
            rung = .critical
            report?(.spaceCritical(freePercent: freePercent))
        }
        makeRoom()
    }

    private mutating func fill(free: Int, total: Int) {
        let bytes = min(wanted, total / 64)
        guard bytes > 0 else { return }
        if let file = try? files.open(log.reservePath, .read) {
            defer { file.close() }
            hasReserve = (try? file.size()) == bytes
            if hasReserve { return }
        }
        // Not the last that is left: calls are to go on for a while.
        guard free >= 2 * bytes else { return }
        do throws(SystemError) {
            try files.allocate(log.reservePath, bytes: bytes)
            hasReserve = true
        } catch {}
    }
}

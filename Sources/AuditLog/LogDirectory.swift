/// A log's folder and the names in it; `docs/FORMAT.md` draws it.
public struct LogDirectory: Sendable, Hashable {
    /// The folder.
    public let path: String

    /// Names a folder, which need not exist.
    public init(path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// The folder's own name, by which records are cited: `<log>/<seq>`.
    public var name: String { path.lastComponent }

    /// The lock that a writer holds for life.
    public var lockPath: String { path + "/LOCK" }
    /// Who the log is.
    public var identityPath: String { path + "/identity.json" }
    /// The newest signed head, with the tree's right edge.
    public var checkpointPath: String { path + "/checkpoint" }
    /// The signed heads, a line each.
    public var headsPath: String { path + "/checkpoints.ndjson" }
    /// The durable watermark for readers on this host.
    public var livePath: String { path + "/live.state" }
    /// Blocks that are kept for when the disk is full.
    public var reservePath: String { path + "/reserve" }
    /// The folder of segments.
    public var segmentsPath: String { path + "/seg" }
    /// The folder of policies by digest.
    public var policiesPath: String { path + "/policies" }
    /// The folder of the tree's inner nodes (C2SP tlog-tiles).
    public var tilesPath: String { path + "/tile" }
    /// The folder of what readers have got to.
    public var readersPath: String { path + "/readers" }
    /// Nothing is removed while this file is there: a legal hold; its text says why.
    public var holdPath: String { path + "/hold" }
    /// The folder of bytes that recovery removed.
    public var quarantinePath: String { path + "/quarantine" }

    /// The file of the segment that begins at `seq`.
    public func segmentPath(_ seq: UInt64) -> String {
        segmentsPath + "/" + LogDirectory.segmentName(seq)
    }

    /// The index of the segment that begins at `seq`.
    public func indexPath(_ seq: UInt64) -> String {
        segmentPath(seq).dropLast(".ndjson.gz".count) + ".idx"
    }

    /// The manifest of the sealed segment that begins at `seq`.
    public func manifestPath(_ seq: UInt64) -> String {
        segmentPath(seq).dropLast(".ndjson.gz".count) + ".manifest.json"
    }

    /// The checkpoint of the tree before a segment, where records before it are gone.
    public func checkpointPath(beforeSegment seq: UInt64) -> String {
        segmentPath(seq).dropLast(".ndjson.gz".count) + ".checkpoint"
    }

    /// A segment's file name: its first seq in 20 digits.
    public static func segmentName(_ seq: UInt64) -> String {
        let digits = String(seq)
        return String(repeating: "0", count: 20 - digits.utf8.count) + digits + ".ndjson.gz"
    }

    /// The first seq that a file name says; nil when it is no segment's name.
    public static func firstSeq(ofSegment name: String) -> UInt64? {
        guard name.hasSuffix(".ndjson.gz"), name.utf8.count == 30 else { return nil }
        return UInt64(name.prefix(20))
    }

    /// Whether a living process of this machine writes the log.
    public var hasWriter: Bool { LogLock.isHeld(self) }

    /// The first seqs of all segments, ascending.
    ///
    /// - Throws: `LogError.notFound` when there is no such log.
    public func segments(on files: some LogFileSystem) throws(LogError) -> [UInt64] {
        do throws(SystemError) {
            return try files.list(segmentsPath).compactMap(LogDirectory.firstSeq(ofSegment:)).sorted()
        } catch {
            guard error.number == 2 else { throw LogError(error) }
            throw LogError(.notFound, "no log here", path: path, hint: "tollgate doctor")
        }
    }
}

/// The folder with all logs and the warehouse of one user or service.
public struct LogHome: Sendable {
    /// The folder.
    public let path: String

    /// Names a folder, which need not exist.
    public init(path: String) {
        self.path = path
    }

    /// The folder of logs.
    public var logsPath: String { path + "/logs" }

    /// The warehouse's file.
    public var warehousePath: String { path + "/warehouse.sqlite" }

    /// A log of this home.
    public func log(named name: String) -> LogDirectory {
        LogDirectory(path: logsPath + "/" + name)
    }

    /// All logs that have an identity, by name.
    public func logs(on files: some LogFileSystem = PosixFileSystem()) -> [LogDirectory] {
        let names = (try? files.list(logsPath)) ?? []
        return names.map(log(named:)).filter { files.exists($0.identityPath) }
    }
}

import Events

/// Makes the indexes and the tree's nodes of a log anew from its records.
public struct LogReindexer {
    /// What it did.
    public struct Report: Sendable {
        /// Segments that were read.
        public var segments = 0
        /// The first record that is still there.
        var begin: UInt64?
        /// Records in them.
        public var records = 0
        /// Segments with damage.
        public var damaged: [UInt64] = []
        /// Whether the nodes could be made: that needs all records.
        public var hasTiles = true
    }

    private let log: LogDirectory
    private let files: any LogFileSystem
    private let progress: (Int) -> Void

    /// - Parameter progress: is told how many records have been read.
    public init(
        _ log: LogDirectory, _ identity: LogIdentity, files: any LogFileSystem = PosixFileSystem(),
        progress: @escaping (Int) -> Void = { _ in }
    ) {
        self.log = log
        self.files = files
        self.progress = progress
    }

    /// Reads all segments and writes their indexes, holding the log meanwhile.
    ///
    /// - Throws: `LogError` (`.locked` while somebody writes the log).
    public func run() throws(LogError) -> Report {
        let lock = try LogLock(log)
        defer { withExtendedLifetime(lock) {} }
        var report = Report()
        var nodes = TileNodes()
        var edge: TreeEdge?
        do throws(SystemError) {
            for first in try log.segments(orNoneOn: files) {
                let manifest = try? SegmentManifest.read(log, segment: first, on: files)
                edge = first == 0 ? TreeEdge() : manifest?.before ?? edge
                if edge?.size != first { edge = nil }
                try index(first, manifest, &edge, &nodes, &report)
                report.begin = report.begin ?? first
                report.segments += 1
            }
            report.hasTiles = report.damaged.isEmpty && report.begin == 0
            if report.damaged.isEmpty { try nodes.write(to: TreeTiles(log: log, files: files)) }
        } catch {
            throw LogError(error)
        }
        return report
    }

    private func index(
        _ first: UInt64, _ manifest: SegmentManifest?, _ edge: inout TreeEdge?, _ nodes: inout TileNodes,
        _ report: inout Report
    ) throws(SystemError) {
        let file = try files.open(log.segmentPath(first), .read)
        defer { file.close() }
        let size = try file.size()
        let cursor = try SegmentCursor(file)
        var bytes = LineBuffer()
        let digest = try manifest == nil ? nil : SegmentSealer.digest(of: file, size)
        let isSealed = manifest.map { $0.bytes == size && $0.digest == digest } ?? false
        SegmentIndex.Header(first: first, segmentBytes: isSealed ? size : 0, digest: isSealed ? digest : nil)
            .append(to: &bytes)
        var latest: Timestamp?
        scan: while true {
            switch try cursor.next(limit: size) {
            case .end, .endOfFile: break scan
            case .bad:
                report.damaged.append(first)
                break scan
            case .block(let offset, let memberBytes, let plaintext):
                let entry = try cursor.withMember(at: offset, size: memberBytes) { member in
                    plaintext.withUnsafeBytes { IndexEntry(member: member, at: offset, lines: $0, latest: latest) }
                }
                guard let entry = entry ?? nil else {
                    report.damaged.append(first)
                    break scan
                }
                entry.append(to: &bytes)
                latest = entry.lastTimestamp
                report.records += entry.count
                if manifest != nil { grow(&edge, by: plaintext, at: entry.firstSeq, &nodes) }
                progress(report.records)
            }
        }
        try files.replace(log.indexPath(first), with: Array(bytes.bytes))
    }

    private func grow(_ edge: inout TreeEdge?, by plaintext: [UInt8], at seq: UInt64, _ nodes: inout TileNodes) {
        guard edge?.size == seq else { return edge = nil }
        plaintext.withUnsafeBytes { bytes in
            LineScan.forEach(bytes) { line in
                if line.count > 0 {
                    edge?.append(.leaf(line)) { level, index, root in nodes.add(level: level, index: index, root) }
                }
            }
        }
    }
}

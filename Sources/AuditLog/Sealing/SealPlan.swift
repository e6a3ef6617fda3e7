import Events

/// What sealing did.
public struct SealReport: Sendable {
    /// The segments that were sealed.
    public var sealed: [SegmentManifest] = []
    /// Bytes that these had before.
    public var bytesBefore = 0
    /// Segments that were left as they are, with the reason.
    public var left: [(segment: UInt64, why: String)] = []
}

/// Goes through a log's segments in order, and seals those that are finished.
struct SealPlan {
    let sealer: SegmentSealer
    /// Keys whose checkpoints are believed.
    let keys: [NoteVerifier]
    /// Trees that the writer knew when segments ended, by size.
    var edges: [UInt64: TreeEdge] = [:]
    /// Segments that were tried in vain.
    var given: Set<UInt64> = []

    private var log: LogDirectory { sealer.log }
    private var files: any LogFileSystem { sealer.files }

    /// Seals all segments that begin before `limit` and have no manifest; `sealed` is told of each.
    ///
    /// - Parameter room: how many bytes merging may take.
    mutating func run(
        below limit: UInt64, room: () -> Int?, _ sealed: (SegmentManifest) -> Void
    ) throws(LogError) -> SealReport {
        var report = SealReport()
        let segments = try log.segments(on: files).filter { $0 < limit }
        let manifests = SegmentManifest.sealed(log, files)
        var last: SegmentManifest?
        if let before = manifests.last(where: { $0 < segments.first ?? 0 }) {
            last = try? SegmentManifest.read(log, segment: before, on: files)
        }
        var edge = last?.after
        for (index, first) in segments.enumerated() {
            if given.contains(first) {
                edge = nil
                continue
            }
            do throws(SegmentSealer.Refusal) {
                if let known = try manifest(of: first) {
                    (last, edge) = (known, known.after)
                    continue
                }
                let before = try tree(before: first, behind: edge)
                let size = (try? files.open(log.segmentPath(first), .read).size()) ?? 0
                if let room = room(), room < 2 * size { throw .noRoom }
                let all = (try? KeptHead.recent(of: log, on: files)) ?? []
                let next = index + 1 < segments.count ? segments[index + 1] : limit
                let manifest = try sealer.seal(
                    segment: first, before: before, previous: last?.hash,
                    heads: KeptHead.kept(all.filter { $0.head.size > first && $0.head.size <= next }),
                    known: edges[next])
                (last, edge) = (manifest, manifest.after)
                edges = edges.filter { $0.key > first }
                report.sealed.append(manifest)
                report.bytesBefore += size
                sealed(manifest)
            } catch {
                edge = nil
                if error == .stopped { return report }
                // What is out of order would break the chain of manifests: the others wait for this one.
                if error.isPassing {
                    report.left.append((first, error.description))
                    return report
                }
                given.insert(first)
                report.left.append((first, error.description))
            }
        }
        return report
    }

    /// A segment's manifest, if it has one; one that cannot be read is never written over, as heads may be in it.
    private func manifest(of first: UInt64) throws(SegmentSealer.Refusal) -> SegmentManifest? {
        do throws(LogError) {
            return try SegmentManifest.read(log, segment: first, on: files)
        } catch {
            throw error.code == .corrupt ? .badManifest : .disk(SystemError("read", log.manifestPath(first), 5))
        }
    }

    /// The tree before a segment: behind the one before, as the writer knew it, or as a checkpoint beside it holds it.
    private func tree(before first: UInt64, behind edge: TreeEdge?) throws(SegmentSealer.Refusal) -> TreeEdge {
        if first == 0 { return TreeEdge() }
        if let known = edges[first] { return known }
        let path = log.checkpointPath(beforeSegment: first)
        let saved = Checkpoint.read(path, of: sealer.origin, on: files, signedBy: keys)
        if saved == nil, files.exists(path) { throw .unknownTree }
        guard var edge = saved?.edge ?? edge, edge.size <= first else { throw .unknownTree }
        // Seqs whose records are gone without a head that covers them are leaves of no bytes.
        while edge.size < first { edge.append(.nothing) }
        return edge
    }
}

extension SegmentSealer.Refusal: CustomStringConvertible {
    /// Whether it may be otherwise another time.
    var isPassing: Bool {
        switch self {
        case .noRoom, .stopped, .disk: true
        case .damaged, .unknownTree, .badManifest: false
        }
    }

    var description: String {
        switch self {
        case .damaged(let offset): "damaged at offset \(offset); left as it is"
        case .unknownTree: "which records are before it is not known; left as it is"
        case .badManifest: "its manifest cannot be read; left as it is (log seal makes another once it is moved away)"
        case .noRoom: "no room to merge it; tried again later"
        case .stopped: "the log is being closed"
        case .disk(let error): "\(error)"
        }
    }
}

extension KeptHead {
    /// The last head of each hour.
    static func kept(_ heads: [KeptHead]) -> [KeptHead] {
        let hour = { (head: KeptHead) in head.timestamp.microseconds / 3_600_000_000 }
        return heads.indices.filter { $0 == heads.count - 1 || hour(heads[$0]) != hour(heads[$0 + 1]) }
            .map { heads[$0] }
    }
}

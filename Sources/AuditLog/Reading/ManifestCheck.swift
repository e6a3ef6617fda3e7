import Events

/// What the manifests of a log's sealed segments say, held against each other, the tree's tiles and the segments' bytes.
struct ManifestCheck {
    /// By the segment's first seq.
    private(set) var manifests: [UInt64: SegmentManifest] = [:]
    /// The first manifest that cannot be believed, and why.
    private(set) var problem: (segment: UInt64, what: String)?

    init(_ log: LogDirectory, origin: String?, _ files: any LogFileSystem) throws(LogError) {
        var hashes: Set<TreeHash> = []
        var last: SegmentManifest?
        for first in SegmentManifest.sealed(log, files) {
            do throws(LogError) {
                guard let manifest = try SegmentManifest.read(log, segment: first, on: files) else { continue }
                if let origin, manifest.origin != origin {
                    problem = problem ?? (first, "the manifest is another log's")
                } else if let previous = manifest.previous, !hashes.contains(previous), last?.after != manifest.before {
                    problem = problem ?? (first, "the manifest follows one that is not here, or that was changed")
                } else if hashes.isEmpty, manifest.before.size > 0, manifest.previous != nil {
                    problem = problem ?? (first, "the manifests before this one are missing")
                }
                hashes.insert(manifest.hash)
                last = manifest
                manifests[first] = manifest
            } catch {
                guard error.code == .corrupt else { throw error }
                problem = problem ?? (first, error.message)
            }
        }
    }

    /// The tree over the records that were removed before the first kept one; nil where no manifest knows it.
    func edge(before first: UInt64) -> TreeEdge? {
        guard manifests.keys.contains(where: { $0 < first }) else { return nil }
        return manifests[first]?.before ?? manifests.values.first { $0.nextSeq == first }?.after
    }

    /// Whether a record of a removal is about this log: the manifest of the last segment that it says was removed is here.
    func isOfThisLog(_ control: Control) -> Bool {
        guard let last = control.number(.lastSeq).flatMap({ UInt64(exactly: $0) }) else { return false }
        return manifests.values.contains { $0.nextSeq == last + 1 && $0.hash.hexadecimal == control.text(.sha256) }
    }

    /// The trees at the ends of removed segments, ascending.
    func edges(before first: UInt64) -> [TreeEdge] {
        manifests.values.filter { $0.nextSeq < first }.map(\.after).sorted { $0.size < $1.size }
    }

    /// What is wrong with a sealed segment's file as a whole; nil where it is the one that was sealed, or is not sealed.
    func problem(of first: UInt64, _ file: any LogFile, bytes: Int) throws(SystemError) -> String? {
        guard let manifest = manifests[first] else { return nil }
        if manifest.bytes != bytes {
            return "the sealed segment had \(manifest.bytes) bytes, and has \(bytes)"
        }
        let digest = try SegmentSealer.digest(of: file, bytes)
        return digest == manifest.digest ? nil : "the segment's bytes are not those that were sealed"
    }

    /// What a sealed segment's records do not fit; nil where they do, or it is not sealed.
    func problem(of first: UInt64, before: TreeEdge, after: TreeEdge, last: Timestamp?) -> String? {
        guard let manifest = manifests[first] else { return nil }
        guard manifest.before == before, manifest.after == after else {
            return "the records are not those that the segment's manifest tells of"
        }
        return manifest.lastTimestamp == last ? nil : "the segment's manifest tells of another time"
    }
}

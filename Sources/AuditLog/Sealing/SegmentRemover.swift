import Events

/// Removes sealed segments; manifests and the tree's nodes stay.
struct SegmentRemover {
    let log: LogDirectory
    let files: any LogFileSystem

    /// Makes sure that all is kept which proofs from now on need: the nodes over a segment's records, and the leaves that a kept
    /// head, or the segment's ends, divide.
    ///
    /// Reads the segment whole for it: one that is not what was sealed is evidence, and stays.
    ///
    /// - Returns: why the segment must stay; nil where it may go.
    func prepare(_ manifest: SegmentManifest) throws(SystemError) -> String? {
        let file = try files.open(log.segmentPath(manifest.firstSeq), .read)
        defer { file.close() }
        let size = try file.size()
        guard size == manifest.bytes, try SegmentSealer.digest(of: file, size) == manifest.digest else {
            return "segment \(LogDirectory.segmentName(manifest.firstSeq)) is damaged"
        }
        let width = UInt64(TreeTiles.width)
        let sizes = manifest.heads.map(\.head.size) + [manifest.firstSeq, manifest.nextSeq]
        let divided = Set(sizes.filter { $0 % width != 0 }.map { $0 / width })
        var edge = manifest.before
        var nodes = TileNodes()
        let cursor = try SegmentCursor(file)
        while case .block(_, _, let plaintext) = try cursor.next(limit: size) {
            plaintext.withUnsafeBytes { lines in
                LineScan.forEach(lines) { line in
                    guard line.count > 0 else { return }
                    let isKept = divided.contains(edge.size / width)
                    edge.append(.leaf(line)) { level, index, root in
                        nodes.add(level: level, index: index, root, keepsLeaf: isKept)
                    }
                }
            }
        }
        guard edge == manifest.after else { return "segment \(LogDirectory.segmentName(manifest.firstSeq)) is damaged" }
        let tiles = TreeTiles(log: log, files: files)
        try nodes.write(to: tiles)
        return nodes.areIn(tiles) ? nil : "nodes of the tree over records before are missing (tollgate log reindex)"
    }

    /// Removes a segment's records and its index.
    func remove(_ first: UInt64) throws(SystemError) {
        try files.remove(log.segmentPath(first))
        try? files.remove(log.indexPath(first))
        try files.syncDirectory(log.segmentsPath)
    }
}

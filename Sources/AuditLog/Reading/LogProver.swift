/// Makes proofs about a log's records, for whoever has one of its heads and need not trust us.
///
/// The hashes come from the tree's tiles, and from the records where there are none; a wrong one gives no proof, because each
/// is held against a signed head first.
public struct LogProver {
    private let log: LogDirectory
    private let files: any LogFileSystem
    private let progress: (Int) -> Void

    /// Prepares proofs; `progress` is told from time to time how many records have been read.
    public init(
        _ log: LogDirectory, files: any LogFileSystem = PosixFileSystem(), progress: @escaping (Int) -> Void = { _ in }
    ) {
        self.log = log
        self.files = files
        self.progress = progress
    }

    /// Proves that a record is in the log: a C2SP tlog-proof, with the record's line as its extra data.
    ///
    /// - Throws: `LogError.notFound` where the log has no such record, no head covers it yet, or it is gone.
    public func inclusion(of seq: UInt64) throws(LogError) -> String {
        let head = try newestHead()
        guard seq < head.head.size else {
            throw LogError(
                .notFound, "no head covers record \(seq) yet: the newest is of \(head.head.size) records",
                path: log.path, hint: "tollgate log stats --log \(log.path)")
        }
        let tree = try TreeSource(log, files, progress: progress)
        let line = try line(seq, tree)
        let path = try TreeProof.inclusion(of: seq, in: head.head.size) { run throws(LogError) in try tree.root(run) }
        let leaf = line.withUnsafeBytes { TreeHash.leaf($0) }
        guard TreeProof.root(of: leaf, at: seq, in: head.head.size, path: path) == head.head.root else {
            throw damaged()
        }
        let hashes = path.map { Base64.encode($0.bytes) + "\n" }.joined()
        return "c2sp.org/tlog-proof@v1\nextra \(Base64.encode(line))\nindex \(seq)\n\(hashes)\n\(head.note)"
    }

    private func line(_ seq: UInt64, _ tree: TreeSource) throws(LogError) -> [UInt8] {
        if seq < tree.firstKept {
            throw LogError(
                .notFound, "record \(seq) was removed by retention; the log begins with record \(tree.firstKept)",
                path: log.path, hint: "tollgate log verify --log \(log.path)")
        }
        guard let block = try LogReader(log, from: seq, files: files).nextBlock(), block.firstSeq == seq else {
            throw damaged()
        }
        return Array(block.bytes.prefix { $0 != 0x0A })
    }

    /// Proves that the log of the newest head, or of one with `size` records, began with the `old` records of an earlier
    /// head: in the form in which C2SP's tlog-witness is asked for a signature.
    ///
    /// - Throws: `LogError.notFound` where no kept head has that size, or records are gone.
    public func consistency(from old: UInt64, to size: UInt64?) throws(LogError) -> String {
        let head = try newestHead(of: size)
        guard old <= head.head.size else {
            throw LogError(
                .notFound, "the head is of \(head.head.size) records only", path: log.path,
                hint: "tollgate log stats --log \(log.path)")
        }
        let tree = try TreeSource(log, files, progress: progress)
        let root = { (run: Range<UInt64>) throws(LogError) in try tree.root(run) }
        let path = try TreeProof.consistency(from: old, to: head.head.size, root: root)
        guard
            TreeProof.isConsistent(
                from: old, try tree.root(0..<old), to: head.head.size, head.head.root, path: path)
        else { throw damaged() }
        return "old \(old)\n\(path.map { Base64.encode($0.bytes) + "\n" }.joined())\n\(head.note)"
    }

    /// The newest head that the log keeps, or the one of `size` records, with its note.
    ///
    /// - Throws: `LogError.notFound` where there is none.
    public func newestHead(of size: UInt64? = nil) throws(LogError) -> (head: TreeHead, note: String) {
        let found =
            if let size { try KeptHead.all(of: log, on: files).last { $0.head.size == size } } else {
                try KeptHead.newest(of: log, on: files)
            }
        guard let found else {
            let what = size.map { "this log keeps no head of \($0) records" } ?? "this log has no signed head"
            throw LogError(.notFound, what, path: log.path, hint: "tollgate log verify --log \(log.path)")
        }
        return (found.head, found.note.whole)
    }

    private func damaged() -> LogError {
        LogError(
            .corrupt, "the records are not those that the head was made of, or some are gone", path: log.path,
            hint: "tollgate log verify --log \(log.path)")
    }
}

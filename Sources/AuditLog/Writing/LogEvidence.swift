/// What a writer needs to go on with a log's tree and its heads: the signing key and the newest checkpoint.
struct LogEvidence {
    private let origin: String
    /// Signs the heads; nil for a log whose heads nobody signs.
    let signer: NoteSigner?
    /// The newest checkpoint that the log's key, or the one before it, has signed.
    let checkpoint: Checkpoint?
    /// How many records the newest head covers, in either file.
    let signedSize: UInt64
    private let keys: [NoteVerifier]

    /// Loads the key, or makes one, and reads the checkpoint.
    ///
    /// A checkpoint that cannot be believed is as none: then the tree is computed from all records again.
    ///
    /// - Throws: `LogError` (`.format`, `.disk`) where the key cannot be used.
    static func open(
        _ log: LogDirectory, _ identity: LogIdentity, stateFolder: String?, _ files: any LogFileSystem
    ) throws(LogError) -> LogEvidence {
        guard let stateFolder else {
            return LogEvidence(origin: identity.origin, signer: nil, checkpoint: nil, signedSize: 0, keys: [])
        }
        let secret = try KeyFile.load("sign", of: identity.origin, in: stateFolder, on: files)
        guard let signer = NoteSigner(name: identity.origin, secret: secret) else {
            throw LogError(
                .format, "no signing key for a log of this name", path: log.identityPath, hint: "tollgate doctor")
        }
        let keys = [signer.verifier, identity.verifier].compactMap { $0 }
        let checkpoint = Checkpoint.read(log.checkpointPath, of: identity.origin, on: files, signedBy: keys)
        let kept = try KeptHead.newest(of: log, on: files).flatMap { kept in
            keys.contains { kept.note.isSigned(by: $0) } && kept.head.origin == identity.origin ? kept.head.size : nil
        }
        return LogEvidence(
            origin: identity.origin, signer: signer, checkpoint: checkpoint,
            signedSize: max(checkpoint?.head.size ?? 0, kept ?? 0), keys: keys)
    }

    /// Says that records are gone which a head covers.
    static func missing(_ seqs: Range<UInt64>, _ log: LogDirectory) -> LogError {
        LogError(
            .signedDataMissing,
            "records \(seqs.lowerBound) to \(seqs.upperBound - 1) are gone, though a signed head says that they were there",
            path: log.path, hint: "tollgate log recover --dry-run --log \(log.path)")
    }

    /// The tree over all that is there after recovery; nil where nobody signs.
    ///
    /// Begins with the checkpoint and reads what came after it. A seq whose record is gone without a head that covers it
    /// is a leaf of no bytes.
    ///
    /// - Throws: `LogError.disk`.
    func tree(
        _ log: LogDirectory, _ recovery: RecoveryReport, _ files: any LogFileSystem
    ) throws(LogError) -> TreeEdge? {
        guard signer != nil else { return nil }
        var edge = checkpoint?.edge ?? TreeEdge()
        if edge.size < recovery.nextSeq, recovery.signedMissing == nil {
            let reader = try LogReader(log, from: edge.size, uncommitted: true, files: files)
            while let block = try reader.nextBlock() {
                if block.firstSeq > edge.size {
                    // Behind records whose loss was accepted, the tree over them stands beside the segment.
                    let path = log.checkpointPath(beforeSegment: block.firstSeq)
                    if let saved = Checkpoint.read(path, of: origin, on: files, signedBy: keys) { edge = saved.edge }
                }
                block.forEachLine { seq, line in
                    while edge.size < seq { edge.append(.nothing) }
                    if edge.size == seq { edge.append(.leaf(line)) }
                }
            }
        }
        while edge.size < recovery.nextSeq { edge.append(.nothing) }
        return edge
    }

    /// Keeps the checkpoint beside the segment that begins with `seq`, behind records that are gone.
    func keepCheckpoint(beside seq: UInt64, _ log: LogDirectory, _ files: any LogFileSystem) throws(SystemError) {
        try files.replace(log.checkpointPath(beforeSegment: seq), with: files.contents(of: log.checkpointPath))
    }

    /// The signer's thread; nil where nobody signs.
    func notary(
        _ log: LogDirectory, _ options: LogOptions, _ files: any LogFileSystem, _ clock: any LogClock
    ) throws(SystemError) -> Notary? {
        guard let signer else { return nil }
        return try Notary(
            log, origin: origin, signer: signer, signedSize: signedSize, options: options,
            files: files, clock: clock)
    }
}

import Events

/// What a writer needs to go on with a log's tree and its heads: the signing key, the newest checkpoint, and the newest head
/// that it knows of.
struct LogEvidence {
    private let origin: String
    /// Signs the heads; nil for a log whose heads nobody signs.
    let signer: NoteSigner?
    /// The newest checkpoint that the log's key, or the one before it, has signed.
    let checkpoint: Checkpoint?
    /// The newest head that one of these keys has signed: in the log, or noted beside the key, where nobody who can only write the
    /// log's files comes.
    ///
    /// A log that is put back to an earlier state does not fit it.
    let newest: TreeHead?
    /// The log's keys: the one that signs, and the one before it.
    let keys: [NoteVerifier]

    /// How many records the newest head covers.
    var signedSize: UInt64 { newest?.size ?? 0 }

    /// Loads the key, or makes one, and reads the heads.
    ///
    /// A checkpoint that cannot be believed is as none: then the tree is computed from the records again, and has to be the newest
    /// head's.
    ///
    /// - Throws: `LogError` (`.format`, `.disk`) where the key cannot be used.
    static func open(
        _ log: LogDirectory, _ identity: LogIdentity, stateFolder: String?, _ files: any LogFileSystem
    ) throws(LogError) -> LogEvidence {
        guard let stateFolder else {
            return LogEvidence(origin: identity.origin, signer: nil, checkpoint: nil, newest: nil, keys: [])
        }
        let secret = try KeyFile.load("sign", of: identity.origin, in: stateFolder, on: files)
        guard let signer = NoteSigner(name: identity.origin, secret: secret) else {
            throw LogError(
                .format, "no signing key for a log of this name", path: log.identityPath, hint: "tollgate doctor")
        }
        let keys = [signer.verifier, identity.verifier].compactMap { $0 }
        let checkpoint = Checkpoint.read(log.checkpointPath, of: identity.origin, on: files, signedBy: keys)
        let noted = SignedNote.head(
            at: notedHeadPath(identity.origin, stateFolder), of: identity.origin, signedBy: keys, files)
        let kept = try KeptHead.newest(of: log, on: files).flatMap { kept in
            keys.contains { kept.note.isSigned(by: $0) } && kept.head.origin == identity.origin ? kept.head : nil
        }
        let newest = [checkpoint?.head, noted, kept].compactMap { $0 }.max { $0.size < $1.size }
        return LogEvidence(
            origin: identity.origin, signer: signer, checkpoint: checkpoint, newest: newest, keys: keys)
    }

    /// Where the newest head is noted beside the key.
    static func notedHeadPath(_ origin: String, _ stateFolder: String) -> String {
        "\(stateFolder)/keys/\(origin)/head"
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
    /// Begins with the newest head's checkpoint and reads what came after it. Where that checkpoint is lost, it begins with an older
    /// one, with a manifest, or with the first record, and what it computes has to be what the newest head says. A seq whose
    /// record is gone without a head that covers it is a leaf of no bytes.
    ///
    /// - Throws: `LogError.rolledBack` where the records are not those of the newest head, `.signedDataMissing` where the tree over
    ///   removed records is not known, `.disk`.
    func tree(
        _ log: LogDirectory, _ recovery: RecoveryReport, _ files: any LogFileSystem
    ) throws(LogError) -> TreeEdge? {
        guard signer != nil else { return nil }
        var edge = try beginning(log, recovery, files)
        var isChecked = newest == nil || edge.size == signedSize || recovery.signedMissing != nil
        if isChecked, let newest, edge.size == newest.size, edge.root != newest.root,
            recovery.signedMissing == nil
        {
            throw rolledBack(newest, log)
        }
        // Where records are gone without having been refused (a power cut under durability `none`), the root is another: that
        // is for `log verify` to tell, as it tells each seq that is missing.
        var hasHoles = false
        if edge.size < recovery.nextSeq, recovery.signedMissing == nil {
            let reader = try LogReader(log, from: edge.size, uncommitted: true, files: files)
            while let block = try reader.nextBlock() {
                if block.firstSeq > edge.size {
                    // Behind records whose loss was accepted, the tree over them stands beside the segment.
                    let path = log.checkpointPath(beforeSegment: block.firstSeq)
                    if let saved = Checkpoint.read(path, of: origin, on: files, signedBy: keys) { edge = saved.edge }
                }
                try block.forEachLine { (seq: UInt64, line: UnsafeRawBufferPointer) throws(LogError) in
                    while edge.size < seq {
                        edge.append(.nothing)
                        hasHoles = true
                    }
                    if edge.size == seq { edge.append(.leaf(line)) }
                    guard !isChecked, let newest, edge.size == newest.size else { return }
                    isChecked = true
                    if edge.root != newest.root, !hasHoles { throw rolledBack(newest, log) }
                }
            }
        }
        while edge.size < recovery.nextSeq { edge.append(.nothing) }
        return edge
    }

    /// Where the tree is begun: the largest that is known and no larger than the newest head's.
    private func beginning(
        _ log: LogDirectory, _ recovery: RecoveryReport, _ files: any LogFileSystem
    ) throws(LogError) -> TreeEdge {
        if let checkpoint, checkpoint.head.size == signedSize { return checkpoint.edge }
        let first = try log.segments(on: files).first ?? 0
        if let best = [checkpoint?.edge, first == 0 ? TreeEdge() : nil].compactMap({ $0 }).first { return best }
        // Nobody signs manifests: they count only where a head tells afterwards whether they are right.
        if let last = SegmentManifest.sealed(log, files).last(where: { $0 < signedSize }),
            let manifest = try? SegmentManifest.read(log, segment: last, on: files), manifest.origin == origin
        {
            let known = [manifest.after, manifest.before].first { $0.size >= first && $0.size <= signedSize }
            if let known { return known }
        }
        if let before = SegmentManifest.sealed(log, files).last(where: { $0 < first }),
            let manifest = try? SegmentManifest.read(log, segment: before, on: files), manifest.nextSeq == first,
            signedSize >= first
        {
            return manifest.after
        }
        throw LogError(
            .signedDataMissing, "nothing says which tree the first record, \(first), is behind", path: log.path,
            hint: "look for a copy of \(log.path)/checkpoint, or of the manifests")
    }

    private func rolledBack(_ head: TreeHead, _ log: LogDirectory) -> LogError {
        LogError(
            .rolledBack, "the first \(head.size) records are not those that this log's key has signed", path: log.path,
            hint: "tollgate log verify --log \(log.path)")
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

extension SignedNote {
    /// The head in a file; nil where there is none of this log, or none that one of the keys has signed.
    fileprivate static func head(
        at path: String, of origin: String, signedBy keys: [NoteVerifier], _ files: any LogFileSystem
    ) -> TreeHead? {
        guard let bytes = try? files.contents(of: path), let text = String(validating: bytes, as: UTF8.self),
            let note = SignedNote(text), keys.contains(where: { note.isSigned(by: $0) }),
            let head = TreeHead(text: note.text), head.origin == origin
        else { return nil }
        return head
    }
}

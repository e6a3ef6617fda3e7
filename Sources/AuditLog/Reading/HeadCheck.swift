import Events

/// Checks a log's heads against its records, as they are read.
///
/// The tree is computed again, and each head's root must be the tree's at its size: so all heads are consistent with each
/// other, too.
struct HeadCheck {
    /// What does not fit.
    struct Problem {
        let kind: LogVerification.Fault.Kind
        let what: String
    }

    /// A head to be checked, and where it was found.
    private struct Claim {
        let head: TreeHead
        let note: SignedNote
        /// The file it was kept in elsewhere; nil for those that the log keeps.
        let witness: String?

        var place: String { witness.map { "the head in \($0)" } ?? "a head that the log keeps" }
    }

    /// A place where records are gone whose loss was accepted.
    private struct Bridge {
        let missing: Range<UInt64>
        /// The root over the records before them, as they are here.
        let before: TreeHash
        let note: SignedNote
        /// The `gap` record that says so.
        var confirmedBy: UInt64?
    }

    /// The tree so far.
    private(set) var edge = TreeEdge()
    /// Records that retention removed: how many, and the record that says so.
    private var removed: (count: UInt64, told: [(through: UInt64, by: UInt64)]) = (0, [])
    private let claims: [Claim]
    private var next = 0
    /// The heads that were compared with the records, by their place among the claims.
    private var compared: [Int] = []
    /// A witness that is of records which are gone.
    private var lostWitness: Claim?
    /// A witness of records that retention removed, with what it could be compared with.
    private var incomparable: Claim?
    private var bridges: [Bridge] = []
    /// All keys that the log names as its own.
    private var keys: [NoteVerifier]
    /// Whether a record of a removal is about this log.
    var isRemovalHere: (Control) -> Bool = { _ in false }
    /// The key that somebody outside trusts.
    private let trusted: NoteVerifier?

    /// How many heads' roots were right.
    var checked: Int { compared.count }

    /// - Parameters:
    ///   - identity: the log's; its key's heads are believed to be its own.
    ///   - heads: those that the log keeps, the checkpoint's among them.
    ///   - witnesses: heads of this log that were kept elsewhere, each with where.
    ///   - trusted: the key that the log is said to have.
    init(
        _ identity: LogIdentity?, heads: [(note: SignedNote, head: TreeHead)],
        witnesses: [(note: SignedNote, head: TreeHead, place: String)], trusted: NoteVerifier?
    ) {
        let kept = heads.map { Claim(head: $0.head, note: $0.note, witness: nil) }
        let others = witnesses.map { Claim(head: $0.head, note: $0.note, witness: $0.place) }
        claims = (kept + others).sorted { $0.head.size < $1.head.size }
        keys = [identity?.verifier, trusted].compactMap { $0 }
        self.trusted = trusted
    }

    /// Begins behind records that retention removed: all heads of theirs must be of trees that this one began as.
    ///
    /// - Parameters:
    ///   - edge: the tree over them, as a manifest has it; a later head will tell whether it is right.
    ///   - ends: the trees at the ends of the segments that were removed.
    mutating func begin(behind edge: TreeEdge, ends: [TreeEdge], _ tree: TreeSource) throws(LogError) -> Problem? {
        removed.count = edge.size
        self.edge = edge
        do throws(LogError) {
            for end in ends where try !isBeginning(end.size, end.root, tree) {
                return Problem(
                    kind: .fork, what: "the manifests tell of removed records that do not belong to this log")
            }
        } catch {
            guard error.code == .notFound else { throw error }
            return missingHashes("a manifest")
        }
        while next < claims.count, claims[next].head.size <= edge.size {
            let claim = claims[next]
            do throws(LogError) {
                guard try isBeginning(claim.head.size, claim.head.root, tree) else {
                    return Problem(
                        kind: .fork,
                        what: "\(claim.place) (\(claim.head.size) records) is of other records than were here")
                }
                compared.append(next)
            } catch {
                guard error.code == .notFound else { throw error }
                if claim.witness == nil { return missingHashes(claim.place) }
                incomparable = incomparable ?? claim
            }
            next += 1
        }
        return nil
    }

    /// Retention keeps the hashes that what it leaves can be compared with; whoever else removes records does not.
    private func missingHashes(_ whose: String) -> Problem {
        Problem(
            kind: .missing,
            what: "records 0 to \(removed.count - 1) are gone, and the hashes that \(whose) could be compared with")
    }

    /// Whether the tree of removed records began as the one of `size` records and this root.
    private func isBeginning(_ size: UInt64, _ root: TreeHash, _ tree: TreeSource) throws(LogError) -> Bool {
        if size == edge.size { return root == edge.root }
        let path = try TreeProof.consistency(from: size, to: edge.size) { run throws(LogError) in try tree.root(run) }
        return TreeProof.isConsistent(from: size, root, to: edge.size, edge.root, path: path)
    }

    /// Takes in the next record's line.
    mutating func append(_ line: UnsafeRawBufferPointer) -> Problem? {
        edge.append(.leaf(line))
        return compare()
    }

    /// Takes note of what the log says about itself.
    mutating func note(_ control: Control, seq: UInt64) {
        switch control.event {
        case .keyRotated:
            let named = [control.text(.from), control.text(.to)].compactMap { $0 }.compactMap { NoteVerifier($0) }
            // An imported record may be about another log's keys.
            keys += named.filter { own in keys.contains { $0.name == own.name } }
        case .gap:
            guard let last = bridges.indices.last, bridges[last].confirmedBy == nil,
                control.number(.firstSeq) == Int64(clamping: bridges[last].missing.lowerBound),
                control.number(.lastSeq) == Int64(clamping: bridges[last].missing.upperBound) - 1,
                control.text(.sha256) == bridges[last].before.hexadecimal
            else { return }
            bridges[last].confirmedBy = seq
        case .retention:
            guard isRemovalHere(control), let last = control.number(.lastSeq).flatMap({ UInt64(exactly: $0) }) else {
                return
            }
            removed.told.append((last, seq))
        default: return
        }
    }

    /// Goes on behind records that are gone, with the tree that a signed checkpoint holds.
    ///
    /// Heads of the gap's own sizes cannot be compared with anything any more. Whether all this is so is said at the end.
    mutating func bridge(to seq: UInt64, _ checkpoint: Checkpoint, _ note: SignedNote) -> Problem? {
        guard checkpoint.head.size > edge.size, checkpoint.head.size <= seq else {
            return Problem(kind: .fork, what: "the checkpoint beside this segment is not of the records before it")
        }
        bridges.append(Bridge(missing: edge.size..<seq, before: edge.root, note: note))
        edge = checkpoint.edge
        while next < claims.count, claims[next].head.size <= seq {
            let claim = claims[next]
            if claim.head == checkpoint.head {
                compared.append(next)
            } else if claim.witness != nil {
                lostWitness = claim
            }
            next += 1
        }
        while edge.size < seq { edge.append(.nothing) }
        return nil
    }

    private mutating func compare() -> Problem? {
        while next < claims.count, claims[next].head.size == edge.size {
            let claim = claims[next]
            guard claim.head.root == edge.root else {
                return Problem(
                    kind: .fork, what: "\(claim.place) (\(claim.head.size) records) is of other records than these")
            }
            compared.append(next)
            next += 1
        }
        return nil
    }

    /// What remains to be said when all records were read.
    func finish() -> Problem? {
        if next < claims.count, let last = claims.last {
            let what =
                "\(last.place) says that there were \(last.head.size) records, and only \(edge.size) records are here"
            return Problem(kind: .missing, what: what)
        }
        // Of removed records the tree itself was compared, and the record of a change of keys may be gone with them.
        let isFree = { (claim: Claim) in claim.witness == nil && claim.head.size <= removed.count }
        for claim in claims where !isFree(claim) && !keys.contains(where: { claim.note.isSigned(by: $0) }) {
            return Problem(
                kind: .fork, what: "\(claim.place) (\(claim.head.size) records) has no signature of this log")
        }
        if let lostWitness {
            let what = "\(lostWitness.place) is of \(lostWitness.head.size) records, of which some are gone"
            return Problem(kind: .missing, what: what)
        }
        let believed = trusted.map { [$0] } ?? keys
        if removed.count > 0 {
            // A log without a key has no heads that could cover anything.
            let isTold = removed.told.contains {
                $0.through + 1 >= removed.count && (signedSize > $0.by || (keys.isEmpty && claims.isEmpty))
            }
            guard isTold else {
                let what =
                    "records 0 to \(removed.count - 1) are gone, and no signed record says that retention removed them"
                return Problem(kind: .missing, what: what)
            }
        }
        for bridge in bridges {
            let isOurs = believed.contains { bridge.note.isSigned(by: $0) }
            guard isOurs, let record = bridge.confirmedBy, signedSize > record else {
                let what = "records \(bridge.missing.lowerBound) to \(bridge.missing.upperBound - 1) are gone, "
                return Problem(kind: .missing, what: what + "and no signed record says that this was accepted")
            }
        }
        if let incomparable {
            let what =
                "\(incomparable.place) is of \(incomparable.head.size) records, which retention has removed since: "
            return Problem(kind: .incomparable, what: what + "it can be compared with nothing any more")
        }
        return nil
    }

    /// How many records the newest head covers that was compared and that the trusted key has signed; without one, any of the
    /// log's own.
    var signedSize: UInt64 {
        let believed = trusted.map { [$0] } ?? keys
        let newest = compared.last { index in believed.contains { claims[index].note.isSigned(by: $0) } }
        return newest.map { claims[$0].head.size } ?? 0
    }
}

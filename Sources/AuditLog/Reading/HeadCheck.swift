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
        let place: String
    }

    private var edge = TreeEdge()
    private let claims: [Claim]
    private var next = 0
    /// All keys that the log names as its own.
    private var keys: [NoteVerifier]
    /// The key that somebody outside trusts.
    private let trusted: NoteVerifier?

    /// How many heads' roots were right.
    var checked: Int { next }

    /// - Parameters:
    ///   - identity: the log's; its key's heads are believed to be its own.
    ///   - heads: those that the log keeps, the checkpoint's among them.
    ///   - witnesses: heads of this log that were kept elsewhere, each with where.
    ///   - trusted: the key that the log is said to have.
    init(
        _ identity: LogIdentity?, heads: [(note: SignedNote, head: TreeHead)],
        witnesses: [(note: SignedNote, head: TreeHead, place: String)], trusted: NoteVerifier?
    ) {
        let kept = heads.map { Claim(head: $0.head, note: $0.note, place: "a head that the log keeps") }
        let others = witnesses.map { Claim(head: $0.head, note: $0.note, place: "the head in \($0.place)") }
        claims = (kept + others).sorted { $0.head.size < $1.head.size }
        keys = [identity?.verifier, trusted].compactMap { $0 }
        self.trusted = trusted
    }

    /// Takes in the next record's line.
    mutating func append(_ line: UnsafeRawBufferPointer) -> Problem? {
        edge.append(.leaf(line))
        return compare()
    }

    /// Takes note of a change of the log's key.
    mutating func note(_ control: Control) {
        guard control.event == .keyRotated else { return }
        keys += [control.text(.from), control.text(.to)].compactMap { $0 }.compactMap { NoteVerifier($0) }
    }

    /// Goes on behind records that are gone, with the tree that a signed checkpoint holds.
    ///
    /// Heads of the gap's own sizes cannot be compared with anything any more.
    mutating func bridge(to seq: UInt64, _ checkpoint: Checkpoint, _ note: SignedNote) -> Problem? {
        guard keys.contains(where: { note.isSigned(by: $0) }), checkpoint.head.size > edge.size,
            checkpoint.head.size <= seq
        else { return Problem(kind: .fork, what: "the checkpoint beside this segment is not one of this log") }
        edge = checkpoint.edge
        while next < claims.count, claims[next].head.size < edge.size { next += 1 }
        if let problem = compare() { return problem }
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
            next += 1
        }
        return nil
    }

    /// What remains to be said when all records were read.
    func finish() -> Problem? {
        if next < claims.count, let last = claims.last {
            let what = "\(last.place) says that there were \(last.head.size) records, and here are \(edge.size)"
            return Problem(kind: .missing, what: what)
        }
        for claim in claims where !keys.contains(where: { claim.note.isSigned(by: $0) }) {
            return Problem(
                kind: .fork, what: "\(claim.place) (\(claim.head.size) records) has no signature of this log")
        }
        return nil
    }

    /// How many records the newest head covers that the trusted key has signed; without one, any of the log's own.
    var signedSize: UInt64 {
        let believed = trusted.map { [$0] } ?? keys
        return claims.last { claim in believed.contains { claim.note.isSigned(by: $0) } }?.head.size ?? 0
    }
}

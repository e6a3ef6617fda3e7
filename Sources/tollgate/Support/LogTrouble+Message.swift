import AuditLog
import Gateway

extension LogTrouble {
    /// What the operator is told, hint included.
    ///
    /// - Parameter hint: a command that shows what is wrong with the disk.
    func message(_ policy: FailPolicy, hint: String) -> String {
        switch self {
        case .began(let error): "nothing can be recorded, so \(LogTrouble.denied(policy)): \(error)\nhint: \(hint)\n"
        case .ended(let lost): "records are written again; a gap record says that \(lost) were lost\n"
        case .stalled:
            "the disk does not answer in time, so until it does \(LogTrouble.denied(policy))\nhint: \(hint)\n"
        case .reserveOpened(let error):
            "the disk is full, so \(LogTrouble.denied(policy)); all else is recorded in the reserve: \(error)\nhint: \(hint)\n"
        case .headsBegan(let trouble):
            "records are written, but no signed heads: \(trouble)\nhint: tollgate doctor\n"
        case .headsEnded: "signed heads are written again\n"
        case .notSealed(let segment, let why):
            "segment \(LogDirectory.segmentName(segment)) is not sealed: \(why)\nhint: tollgate log verify\n"
        case .notRetained(let why): "retention cannot keep its bounds: \(why)\nhint: tollgate log retain --dry-run\n"
        case .readerPassed(let lease):
            "retention removed records that \(lease.name) has not read; it was seen last at \(lease.timestamp)\n"
        case .spaceLow(let percent): "the log's disk is \(100 - percent) % full\nhint: \(hint)\n"
        case .spaceCritical(let percent):
            "the log's disk is \(100 - percent) % full: when it is full, calls will be denied\nhint: \(hint)\n"
        case .fileRestored(let segment, let bytes):
            "somebody removed or replaced the log's active file \(segment) (\(bytes) bytes); it stands there again, whole\n"
                + "hint: tollgate log verify\n"
        }
    }

    private static func denied(_ policy: FailPolicy) -> String {
        let bounded = [(policy.boundsReads, "reads"), (policy.boundsWrites, "writes")].filter(\.0).map(\.1)
        guard !bounded.isEmpty else { return "calls are denied" }
        let classes = bounded.joined(separator: " and ")
        return "calls are denied, \(classes) after \(policy.events) of them or \(policy.duration)"
    }
}

import AuditLog
import Foundation

extension LogTrouble {
    /// What the operator is told, on standard error.
    var text: String {
        switch self {
        case .began(let error):
            "nothing can be recorded, so calls are denied: \(error)\nhint: df -h \((error.path as NSString).deletingLastPathComponent)"
        case .ended(let lost): "records are written again; a gap record says that \(lost) were lost"
        case .headsBegan(let trouble): "records are written, but no signed heads: \(trouble)\nhint: tollgate doctor"
        case .headsEnded: "signed heads are written again"
        case .notSealed(let segment, let why):
            "segment \(LogDirectory.segmentName(segment)) is not sealed: \(why)\nhint: tollgate log verify"
        case .readerPassed(let lease):
            "retention removed records that \(lease.name) has not read; it was seen last at \(lease.timestamp)"
        }
    }
}

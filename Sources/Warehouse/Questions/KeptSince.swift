public import Events
import GRDB

/// Since when something is kept: what was before it has been deleted from the warehouse, not from the log.
public struct KeptSince: Sendable, Hashable {
    /// What was deleted.
    public var subject: KeepRule.Subject
    /// The first moment of which everything is kept.
    public var from: Timestamp
    /// Rows deleted so far.
    public var rows: Int
}

extension KeptSince {
    /// What was deleted, in the order of the subjects.
    static func read(_ db: Database) throws -> [KeptSince] {
        var kept: [KeptSince] = []
        try db.forEachRow("SELECT name, from_us, n FROM kept") { row in
            guard let subject = KeepRule.Subject(rawValue: row.text(0)) else { return }
            kept.append(
                KeptSince(subject: subject, from: Timestamp(microseconds: row.integer(1)), rows: row.count(2)))
        }
        return KeepRule.Subject.allCases.compactMap { subject in kept.first { $0.subject == subject } }
    }
}

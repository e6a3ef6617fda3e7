package import Events

/// One pass of retention: deletes what a rule no longer keeps and gives its space back, a little at a time.
///
/// Each step is one transaction of bounded size, so that loaders wait milliseconds and readers, who have their snapshot,
/// not at all; a run that is given up half-way is simply begun again. The present is what the records say it is, at the
/// most: a clock that runs ahead by more than a day deletes nothing.
package final class RetentionRun {
    /// Rows of one transaction.
    static let rows = 4000
    /// Pages that one step moves: some milliseconds.
    static let pages = 256

    private let connection: SQLiteConnection
    private let now: Timestamp
    private let cuts: [KeepRule.Subject: Int64]
    private var sweeps: ArraySlice<Sweep>
    /// Where the first of `sweeps` stands.
    private var place: Int64?
    /// Rows deleted so far.
    package private(set) var deleted: [KeepRule.Subject: Int] = [:]
    /// Pages given back to the file system so far.
    package private(set) var freedPages = 0

    /// Decides what goes; deletes nothing yet.
    init(_ connection: SQLiteConnection, _ rule: KeepRule, now: Timestamp) throws(WarehouseError) {
        self.connection = connection
        let day = Clock.day * Clock.second
        let newest = try connection.prepare("SELECT max(last_us) FROM cursor")
        let last = try newest.step() ? newest.optionalInteger(0) : nil
        newest.reset()
        self.now = Timestamp(microseconds: min(now.microseconds, (last ?? now.microseconds) + day))
        var cuts: [KeepRule.Subject: Int64] = [:]
        for (subject, days) in rule.days {
            let cut = self.now.microseconds - Int64(days) * day
            cuts[subject] = Clock.start(of: Clock.day, holding: cut) * Clock.second
        }
        let kept = try connection.prepare("SELECT name, from_us FROM kept")
        while try kept.step() {
            // A longer age does not bring back what is gone: what was said to be deleted stays so.
            guard let subject = kept.text(0).flatMap({ KeepRule.Subject(rawValue: $0) }), let cut = cuts[subject] else {
                continue
            }
            cuts[subject] = max(cut, kept.integer(1))
        }
        self.cuts = cuts
        sweeps = Sweep.all[...]
    }

    /// Does a little more; false when nothing is left to do.
    ///
    /// - Throws: `WarehouseError.busy` where a writer kept the database for longer than ten seconds; `.disk`, `.corrupt`.
    package func step() throws(WarehouseError) -> Bool {
        while let sweep = sweeps.first {
            if let cut = cuts[sweep.subject] {
                let keys = try find(sweep, before: cut)
                if !keys.isEmpty {
                    try delete(keys, of: sweep, before: cut)
                    return true
                }
            }
            sweeps = sweeps.dropFirst()
            place = nil
        }
        return try giveSpaceBack()
    }

    private func find(_ sweep: Sweep, before cut: Int64) throws(WarehouseError) -> [[Int64]] {
        let find = try connection.prepare(sweep.find)
        find.bind(1, sweep.isInSeconds ? cut / Clock.second : cut)
        find.bind(2, place ?? .min)
        find.bind(3, Int64(RetentionRun.rows))
        var keys: [[Int64]] = []
        while try find.step() {
            place = find.integer(0)
            keys.append((1...sweep.keyColumns).map { find.integer($0) })
        }
        return keys
    }

    private func delete(_ keys: [[Int64]], of sweep: Sweep, before cut: Int64) throws(WarehouseError) {
        let statement = try connection.prepare(sweep.delete)
        try connection.execute("BEGIN IMMEDIATE")
        do throws(WarehouseError) {
            var rows = 0
            for key in keys {
                for (index, value) in key.enumerated() { statement.bind(Int32(index + 1), value) }
                try statement.run()
                rows += connection.changes
            }
            if sweep.isByRecord { try remember(keys.map { $0[0] }) }
            try remember(sweep.subject, rows, before: cut)
            try connection.execute("COMMIT")
            deleted[sweep.subject, default: 0] += rows
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// Notes which seqs had a row, so that what comes for one of them later is late and not wrong.
    private func remember(_ ids: [Int64]) throws(WarehouseError) {
        var last: [Int64: Int64] = [:]
        for id in ids { last[RecordID.log(id)] = max(last[RecordID.log(id)] ?? -1, id & RecordID.seqMask) }
        let write = try connection.prepare(
            """
            INSERT INTO expired (log, last_seq) VALUES (?, ?)
            ON CONFLICT DO UPDATE SET last_seq = max(last_seq, excluded.last_seq)
            """)
        for (log, seq) in last {
            write.bind(1, log)
            write.bind(2, seq)
            try write.run()
        }
    }

    /// Notes that a time is no longer whole: in the very transaction that takes its first row.
    private func remember(_ subject: KeepRule.Subject, _ rows: Int, before cut: Int64) throws(WarehouseError) {
        let write = try connection.prepare(
            """
            INSERT INTO kept (name, from_us, n, at_us) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET from_us = max(from_us, excluded.from_us), n = n + excluded.n,
                at_us = excluded.at_us
            """)
        write.bind(1, subject.rawValue)
        write.bind(2, cut)
        write.bind(3, Int64(rows))
        write.bind(4, now.microseconds)
        try write.run()
    }

    /// Moves pages from the file's end into free ones; the file gets shorter at a checkpoint that no reader is in the
    /// way of, this one or a loader's later.
    private func giveSpaceBack() throws(WarehouseError) -> Bool {
        let free = try connection.number("PRAGMA freelist_count")
        guard free > 0 else {
            if freedPages > 0 { try connection.execute("PRAGMA wal_checkpoint(PASSIVE)") }
            return false
        }
        try connection.execute("PRAGMA incremental_vacuum(\(RetentionRun.pages))")
        let left = try connection.number("PRAGMA freelist_count")
        freedPages += Int(free - left)
        // A database of another making may not have been set up for it: then there is nothing to be had.
        guard left < free else { return false }
        return true
    }
}

extension WarehouseLoader {
    /// Begins a pass of retention on this loader's own connection; its steps go between transactions.
    package func retention(_ rule: KeepRule, now: Timestamp) throws(WarehouseError) -> RetentionRun {
        try RetentionRun(connection, rule, now: now)
    }
}

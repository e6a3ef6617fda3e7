package import Events

/// Loads records into a warehouse: rows, roll-ups and cursor in one transaction, so that each record counts exactly
/// once however often a loader is killed.
///
/// One transaction is `begin`, for each log `open`, `load…` and `finish`, then `commit`. Not for several threads.
package final class WarehouseLoader {
    let connection: SQLiteConnection
    private let cursors: CursorTable
    private let controls: ControlTables
    private let batch: RecordBatch
    private let dataVersion: SQLiteStatement
    private let generation: SQLiteStatement
    private let usesFastLines: Bool
    private var unknownFields: UnknownFields
    /// The fields of the line at hand that this tollgate does not know.
    private var passedOver: [String] = []
    private var lines = LineReader()
    private var current: CursorTable.Row?
    private var opened: (seen: Int64, rejects: Int64) = (0, 0)
    private var seenDataVersion: Int64 = -1
    private var seenGeneration: Int64 = -1

    /// - Parameter usesFastLines: whether lines in the writer's own form are read without building records; only a test
    ///   that compares the two ways says no.
    init(
        path: String, capacity: Int64 = Dimension.capacity, usesFastLines: Bool = true
    ) throws(WarehouseError) {
        self.usesFastLines = usesFastLines
        connection = try SQLiteConnection(writing: path)
        try SchemaVersion.migrate(connection)
        // A copy made by VACUUM INTO has lost its mode.
        try connection.execute("PRAGMA journal_mode = WAL")
        // Rows, roll-ups and cursor roll back together, and the log is the truth: a transaction that a power cut takes
        // away is simply loaded again. So the file is synced at checkpoints only.
        try connection.execute("PRAGMA synchronous = NORMAL")
        // Debian's SQLite overwrites what it deletes; nothing here is secret that the log does not hold too.
        try connection.execute("PRAGMA secure_delete = OFF")
        try connection.execute("PRAGMA cache_size = -16384")
        try connection.execute("PRAGMA wal_autocheckpoint = 4096")
        // After a reader had held a snapshot for long, the write-ahead log is cut back to what a checkpoint leaves: 16 MiB.
        try connection.execute("PRAGMA journal_size_limit = 16777216")
        cursors = try CursorTable(connection)
        controls = try ControlTables(connection)
        batch = try RecordBatch(connection, capacity: capacity)
        unknownFields = try UnknownFields(connection)
        dataVersion = try connection.prepare("PRAGMA data_version")
        generation = try connection.prepare("SELECT value FROM meta WHERE key = 'generation'")
    }

    /// Begins a transaction; waits for another loader's to end.
    package func begin() throws(WarehouseError) {
        try connection.execute("BEGIN IMMEDIATE")
        let version = try first(dataVersion)
        guard version != seenDataVersion else { return }
        seenDataVersion = version
        let made = try first(generation)
        if made != seenGeneration { batch.forget() }
        seenGeneration = made
        batch.refresh()
    }

    /// Says which log the next lines come from, and which line must come next.
    package func open(_ key: LogKey) throws(WarehouseError) -> LogCursor {
        let row = try cursors.row(of: key)
        current = row
        opened = (row.seen, row.rejects)
        batch.log = row.log
        batch.ancestors = row.ancestors
        return LogCursor(
            log: Int(row.log), nextSeq: row.nextSeq, isNew: row.firstSeq == nil && row.ancestors.isEmpty, leaf: row.leaf
        )
    }

    /// Loads one line, without its newline.
    ///
    /// A line that is no record, or does not fit, is put aside and counted.
    ///
    /// - Throws: `WarehouseError.sequence` when `seq` is not the next one.
    package func load(
        _ line: UnsafeRawBufferPointer, seq: UInt64, at place: LinePlace
    ) throws(WarehouseError) {
        try expect(seq)
        let fast = usesFastLines ? lines.read(line) : nil
        switch fast {
        case .decision? where lines.decision.seq == seq:
            guard try batch.add(lines.decision, line) else { break }
            current?.decisions += 1
            current?.loaded(seq, at: lines.decision.timestamp)
            return
        case .outcome(let outcome)? where outcome.seq == seq:
            let timestamp = outcome.timestamp
            if let reason = try batch.add(JoinedOutcome(outcome), of: outcome.of, seq: seq, at: timestamp) {
                return try reject(line, seq: seq, at: place, reason: reason)
            }
            current?.outcomes += 1
            current?.loaded(seq, at: timestamp)
            return
        default: break
        }
        let record: Record
        do throws(RecordError) {
            record = try Record(utf8: line, passedOver: &passedOver)
        } catch {
            return try reject(line, seq: seq, at: place, reason: error.description)
        }
        guard record.seq == seq else {
            return try reject(line, seq: seq, at: place, reason: "says seq \(record.seq) where \(seq) stands")
        }
        let timestamp = record.timestamp.microseconds
        var reason: String?
        switch record.body {
        case .decision(let decision):
            try batch.add(decision, seq: seq, at: timestamp)
            if case .decision? = fast { try batch.remember(lines.decision, line, decision) }
            current?.decisions += 1
        case .outcome(let outcome):
            reason = try batch.add(JoinedOutcome(outcome), of: outcome.of, seq: seq, at: timestamp)
            if reason == nil { current?.outcomes += 1 }
        case .control(let control):
            reason = try controls.load(control, id: RecordID.of(log: batch.log, seq: seq), at: timestamp)
            if reason == nil { current?.controls += 1 }
        }
        if let reason { return try reject(line, seq: seq, at: place, reason: reason) }
        current?.loaded(seq, at: timestamp)
        guard !passedOver.isEmpty else { return }
        try unknownFields.note(passedOver, of: record.kind.rawValue, record: RecordID.of(log: batch.log, seq: seq))
    }

    /// Goes on at `seq` because the log no longer holds what is before it; writes a gap, but for a log of which nothing
    /// was ever loaded: that one begins where retention has left it.
    package func skip(to seq: UInt64, reason: String) throws(WarehouseError) {
        guard let row = current, seq > row.nextSeq else { return }
        guard row.firstSeq != nil || !row.ancestors.isEmpty else {
            current?.nextSeq = seq
            return
        }
        try controls.addMissing(log: row.log, row.nextSeq..<seq, reason: reason)
        current?.firstSeq = row.firstSeq ?? row.nextSeq
        current?.missing += Int64(clamping: seq - row.nextSeq)
        current?.nextSeq = seq
        current?.leaf = nil
    }

    /// Writes the open log's rows and cursor; tells how many lines were loaded since `open`, and how many put aside.
    ///
    /// - Parameter leaf: RFC 6962 leaf hash of the last line that was loaded, in hexadecimal.
    @discardableResult
    package func finish(leaf: String?) throws(WarehouseError) -> (records: Int, rejects: Int) {
        guard var row = current else { return (0, 0) }
        try batch.writeRows()
        try unknownFields.flush(log: row.log)
        if let leaf { row.leaf = leaf }
        try cursors.write(row)
        current = nil
        return (Int(row.seen - opened.seen), Int(row.rejects - opened.rejects))
    }

    /// Writes the roll-ups and makes all of it so.
    package func commit() throws(WarehouseError) {
        try batch.writeRollUps()
        try connection.execute("COMMIT")
    }

    /// Takes back what was not committed.
    package func rollBack() {
        if connection.isInTransaction { try? connection.execute("ROLLBACK") }
        current = nil
        batch.forget()
        unknownFields.forget()
        seenDataVersion = -1
    }

    /// Drops all tables and makes them anew, in one transaction: readers see the old or the empty warehouse.
    package func makeAnew() throws(WarehouseError) {
        try connection.execute("BEGIN IMMEDIATE")
        do throws(WarehouseError) {
            let made = try first(generation)
            let names = try connection.prepare(
                "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")
            var drops: [String] = []
            while try names.step() { drops.append("DROP \(names.text(0) ?? "table") \"\(names.text(1) ?? "")\"") }
            for drop in drops { try connection.execute(drop) }
            try connection.execute(WarehouseSchema.sql)
            try connection.execute("INSERT INTO meta (key, value) VALUES ('generation', \(made + 1))")
            try connection.execute("COMMIT")
            batch.forget()
        } catch {
            rollBack()
            throw error
        }
    }

    private func expect(_ seq: UInt64) throws(WarehouseError) {
        guard let next = current?.nextSeq else {
            throw WarehouseError(.sequence, "no log is open", path: connection.path)
        }
        guard seq == next, seq <= UInt64(RecordID.seqMask) else {
            throw WarehouseError(
                .sequence, "record \(seq) came where \(next) must follow", path: connection.path,
                hint: "tollgate log verify")
        }
        if current?.firstSeq == nil { current?.firstSeq = seq }
    }

    private func reject(
        _ line: UnsafeRawBufferPointer, seq: UInt64, at place: LinePlace, reason: String
    ) throws(WarehouseError) {
        try cursors.addReject(RecordID.of(log: batch.log, seq: seq), line, at: place, reason: reason)
        current?.rejects += 1
        current?.nextSeq = seq + 1
    }

    private func first(_ statement: SQLiteStatement) throws(WarehouseError) -> Int64 {
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }
}

extension WarehouseLoader {
    /// Loads records of one log in a transaction of their own, as if its lines had been read.
    package func load(records: [Record], of key: LogKey) throws(WarehouseError) {
        var line = LineBuffer()
        try begin()
        do throws(WarehouseError) {
            _ = try open(key)
            for record in records {
                line.truncate(to: 0)
                line.append(record)
                let bytes = UnsafeRawBufferPointer(rebasing: line.bytes.dropLast())
                try load(bytes, seq: record.seq, at: LinePlace(segment: "", member: 0))
            }
            try finish(leaf: nil)
            try commit()
        } catch {
            rollBack()
            throw error
        }
    }
}

public import Events
import GRDB

/// How much of what reached the gateways the warehouse holds, and what it does not.
public struct Coverage: Sendable, Hashable {
    /// Each log.
    public var logs: [LogCoverage] = []
    /// Dictionaries that are full: later names are `(other)`.
    public var overflowed: [String] = []
    /// Calls and other requests that were forwarded and have no outcome yet.
    public var unanswered = 0
    /// What retention has deleted of the period, and since when things are kept.
    public var kept: [KeptSince] = []
    /// Fields that this tollgate does not know, of the records from each log's `firstSeq` to its `nextSeq`.
    public var unknownFields: [UnknownField] = []

    /// Records of all logs.
    public var records: Int { logs.reduce(0) { $0 + $1.records } }
    /// Lines that could not be loaded.
    public var rejects: Int { logs.reduce(0) { $0 + $1.rejects } }
    /// Records that the logs no longer hold.
    public var missing: Int { logs.reduce(0) { $0 + $1.missing } }
    /// Events that were never written, by the logs' own account.
    public var lost: Int { logs.reduce(0) { $0 + $1.lost } }
    /// Gaps, recorded or found.
    public var gapCount: Int { logs.reduce(0) { $0 + $1.gaps.count } }
    /// Times that a log was recovered.
    public var recoveries: Int { logs.reduce(0) { $0 + $1.recoveries } }
    /// Records that came for a row that retention had deleted.
    public var late: Int { logs.reduce(0) { $0 + $1.late } }
    /// Steps of the clock.
    public var clockSteps: Int { logs.reduce(0) { $0 + $1.clockSteps } }
    /// The last record of any log.
    public var last: Timestamp? { logs.compactMap(\.last).max() }

    /// Records loaded, of all that should be there; 1 where nothing should.
    public var share: Double {
        let absent = rejects + missing + lost
        let loaded = records - rejects
        return loaded + absent == 0 ? 1 : Double(loaded) / Double(loaded + absent)
    }
}

/// How much of one log the warehouse holds.
public struct LogCoverage: Sendable, Hashable {
    /// The log's number in the database.
    public var id: Int
    /// Its folder's name.
    public var name: String
    /// Its name that no other log has.
    public var origin: String
    /// Its life.
    public var epoch: Int
    /// What it holds: `gateway`, `import`, `watch`.
    public var kind: String
    /// How soon it acknowledges, by its last opening: `strict`, `interval:…`, `none`.
    public var durability: String?
    /// The first seq looked at: of the log, or of the hours that the period touches.
    public var firstSeq: UInt64
    /// The seq behind the last.
    public var nextSeq: UInt64
    /// The log's first record.
    public var first: Timestamp?
    /// The log's last record.
    public var last: Timestamp?
    /// Lines from `firstSeq` to `nextSeq` that were seen, rejects included.
    public var records: Int
    /// Decisions of the whole log.
    public var decisions: Int
    /// Outcomes of the whole log.
    public var outcomes: Int
    /// Control records of the whole log.
    public var controls: Int
    /// Lines from `firstSeq` to `nextSeq` that could not be loaded.
    public var rejects: Int
    /// Seqs from `firstSeq` to `nextSeq` that the log no longer holds.
    public var missing: Int
    /// Events that were never written, by the log's own `gap` records of the period.
    public var lost: Int
    /// Gaps of the period.
    public var gaps: [GapRow]
    /// Times that the log was recovered within the period.
    public var recoveries: Int
    /// Steps of the clock within the period.
    public var clockSteps: Int
    /// The last seq under a signed head that was verified, nil where there is none yet.
    public var verifiedTo: UInt64?
    /// Outcomes, and ends of holds, of the whole log that came for a row that retention had deleted: they are counted
    /// here and change no sum.
    public var late: Int
}

/// Something that a log does not hold.
public struct GapRow: Sendable, Hashable {
    /// How it is known.
    public enum Kind: String, Sendable {
        /// A `gap` record says so.
        case recorded
        /// Its records were not there when it was loaded.
        case missing
    }

    /// The log's folder name.
    public var log: String
    /// How it is known.
    public var kind: Kind
    /// The first seq that is not there, where the events had one.
    public var firstSeq: UInt64?
    /// The last seq that is not there.
    public var lastSeq: UInt64?
    /// From when, where that is recorded.
    public var from: Timestamp?
    /// Until when.
    public var to: Timestamp?
    /// How many events.
    public var n: Int
    /// Why.
    public var reason: String
}

extension WarehouseStore {
    /// How much of each log the warehouse holds, by name; reads no sum, so that a page can ask all the time.
    ///
    /// - Throws: `WarehouseError`.
    public func logCoverage() throws(WarehouseError) -> [LogCoverage] {
        try ask { db in try LogCoverage.read(db, nil) }
    }

    /// How much the warehouse holds, of all time or of the hours that a period touches.
    ///
    /// - Throws: `WarehouseError`.
    public func coverage(in period: Period? = nil) throws(WarehouseError) -> Coverage {
        try ask { db in
            let names = try self.names.read(db)
            var coverage = Coverage()
            coverage.logs = try LogCoverage.read(db, period)
            try db.forEachRow("SELECT substr(key, 10) FROM meta WHERE key LIKE 'overflow.%' ORDER BY key") { row in
                coverage.overflowed.append(row.text(0))
            }
            coverage.unanswered = try unanswered(db, period, names)
            coverage.kept = try KeptSince.read(db).filter { $0.from > period?.from ?? Timestamp(microseconds: .min) }
            for log in coverage.logs { coverage.unknownFields += try UnknownField.read(db, log) }
            return coverage
        }
    }

    private func unanswered(_ db: Database, _ period: Period?, _ names: NameTables) throws -> Int {
        let all = Period(from: Timestamp(microseconds: -1 << 60), to: Timestamp(microseconds: 1 << 60))
        var selection = Selection(.all, names)
        selection.outcomes = [0]
        let source = CellSource(period: period ?? all, selection: selection)
        return try source.sums(db, by: [.verdict, .outcome]).reduce(0) { sum, cell in
            var counts = CallCounts()
            counts.add(cell, names)
            return sum + counts.allowed
        }
    }
}

extension LogCoverage {
    /// All logs, by name, of all time or of the hours that a period touches.
    fileprivate static func read(_ db: Database, _ period: Period?) throws -> [LogCoverage] {
        var logs: [LogCoverage] = []
        let sql = """
            SELECT log.id, name, origin, epoch, kind, durability, first_seq, next_seq, first_us, last_us, decisions,
                outcomes, controls, rejects, missing, head_size, coalesce(late, 0)
            FROM log JOIN cursor ON cursor.log = log.id LEFT JOIN expired ON expired.log = log.id ORDER BY name, epoch
            """
        try db.forEachRow(sql) { row in logs.append(LogCoverage(row)) }
        for index in logs.indices { try logs[index].narrow(db, to: period) }
        return logs
    }

    fileprivate init(_ row: Row) {
        id = row.count(0)
        name = row.text(1)
        origin = row.text(2)
        epoch = row.count(3)
        kind = row.text(4)
        durability = row.optionalText(5)
        firstSeq = UInt64(clamping: row.integer(6))
        nextSeq = UInt64(clamping: row.integer(7))
        first = row.optionalInteger(8).map(Timestamp.init(microseconds:))
        last = row.optionalInteger(9).map(Timestamp.init(microseconds:))
        decisions = row.count(10)
        outcomes = row.count(11)
        controls = row.count(12)
        rejects = row.count(13)
        missing = row.count(14)
        records = decisions + outcomes + controls + rejects
        verifiedTo = row.optionalInteger(15).flatMap { $0 > 0 ? UInt64($0 - 1) : nil }
        late = row.count(16)
        lost = 0
        gaps = []
        recoveries = 0
        clockSteps = 0
    }

    /// Reads gaps and events, and cuts the counts down to the hours that a period touches.
    fileprivate mutating func narrow(_ db: Database, to period: Period?) throws {
        let beside = try period.map { try narrowSeqs(db, to: $0) } ?? 0
        let from = period?.from.microseconds ?? .min
        let to = period?.to.microseconds ?? .max
        let sql = """
            SELECT kind, first_seq, last_seq, from_us, to_us, gap.n, gap.reason FROM gap
            LEFT JOIN control_event ON control_event.id = gap.record
            WHERE gap.log = ?1 AND CASE kind
                WHEN 'recorded' THEN ts_us >= ?2 AND ts_us < ?3
                ELSE last_seq >= ?4 AND first_seq < ?5 END
            ORDER BY gap.id
            """
        let seqs = (Int64(clamping: firstSeq), Int64(clamping: nextSeq))
        try db.forEachRow(sql, [id, from, to, seqs.0, seqs.1]) { row in
            gaps.append(
                GapRow(
                    log: name, kind: GapRow.Kind(rawValue: row.text(0)) ?? .missing,
                    firstSeq: row.optionalInteger(1).map { UInt64(clamping: $0) },
                    lastSeq: row.optionalInteger(2).map { UInt64(clamping: $0) },
                    from: row.optionalInteger(3).map(Timestamp.init(microseconds:)),
                    to: row.optionalInteger(4).map(Timestamp.init(microseconds:)), n: row.count(5), reason: row.text(6))
            )
        }
        lost = gaps.reduce(0) { $0 + ($1.kind == .recorded ? $1.n : 0) }
        if period != nil { missing = gaps.reduce(0) { $0 + ($1.kind == .missing ? $1.n : 0) } }
        if period != nil { records = max(0, Int(clamping: nextSeq) - Int(clamping: firstSeq) - missing) + beside }
        let events = """
            SELECT event, count(*) FROM control_event
            WHERE id >> 40 = ? AND ts_us >= ? AND ts_us < ? AND event IN ('log_recovered', 'clock_step') GROUP BY 1
            """
        try db.forEachRow(events, [id, from, to]) { row in
            if row.text(0) == "clock_step" { clockSteps = row.count(1) } else { recoveries = row.count(1) }
        }
    }

    /// Cuts the seqs down to the period's hours; gives how many rejects of the period lie beside them.
    private mutating func narrowSeqs(_ db: Database, to period: Period) throws -> Int {
        var range: (first: Int64, last: Int64)?
        let sql = """
            SELECT min(first_seq), max(last_seq) FROM hour
            WHERE log = ? AND hour >= ? AND hour * 1000000 < ? HAVING count(*) > 0
            """
        let hour = Clock.start(of: Clock.hour, holding: period.from.microseconds)
        try db.forEachRow(sql, [id, hour, period.to.microseconds]) { row in
            range = (row.integer(0), row.integer(1))
        }
        let whole = firstSeq..<max(firstSeq, nextSeq)
        firstSeq = UInt64(clamping: range?.first ?? 0)
        nextSeq = UInt64(clamping: (range?.last ?? -1) + 1)
        return try narrowRejects(db, to: period, hour: hour, whole)
    }

    /// A line that could not be loaded has no time: it counts to the hour before it, at a log's start to the first one,
    /// and in a log that has no hours, such as the watch's, to all time.
    private mutating func narrowRejects(
        _ db: Database, to period: Period, hour: Int64, _ whole: Range<UInt64>
    ) throws -> Int {
        var edges: (before: Int, next: Int64?, all: Int) = (0, nil, 0)
        let sql = """
            SELECT count(*) FILTER (WHERE hour < ?2), min(first_seq) FILTER (WHERE hour * 1000000 >= ?3), count(*)
            FROM hour WHERE log = ?1
            """
        try db.forEachRow(sql, [id, hour, period.to.microseconds]) { row in
            edges = (row.count(0), row.optionalInteger(1), row.count(2))
        }
        var seqs = firstSeq..<nextSeq
        if edges.all == 0 {
            seqs = whole
        } else if !seqs.isEmpty {
            let low = edges.before == 0 ? min(firstSeq, whole.lowerBound) : firstSeq
            seqs = low..<max(nextSeq, edges.next.map { UInt64(clamping: $0) } ?? whole.upperBound)
        }
        let low = RecordID.of(log: Int64(id), seq: seqs.lowerBound)
        let inside = RecordID.of(log: Int64(id), seq: firstSeq)
        let range: StatementArguments = [
            low, low + Int64(seqs.count), inside, inside + Int64(nextSeq - firstSeq),
        ]
        let counts = """
            SELECT count(*), count(*) FILTER (WHERE id < ?3 OR id >= ?4) FROM reject WHERE id >= ?1 AND id < ?2
            """
        var beside = 0
        try db.forEachRow(counts, range) { row in (rejects, beside) = (row.count(0), row.count(1)) }
        return beside
    }
}

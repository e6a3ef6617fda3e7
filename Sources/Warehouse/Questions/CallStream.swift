import Events
import GRDB

/// The calls of a period, read in pages: memory stays small and no snapshot stays open between them.
///
/// In order of time over all logs; where a log's own clock stepped back, its calls keep the log's order.
public struct CallStream {
    private static let page = 2048

    private struct Source {
        var log: Int64
        var next: Int64
        var end: Int64
        /// The page read last, newest first.
        var rows: [CallRow] = []
    }

    private let store: WarehouseStore
    private let period: Period
    private let filter: CallFilter
    private var sources: [Source]?
    private var isOpen = false

    init(_ store: WarehouseStore, _ period: Period, _ filter: CallFilter) {
        self.store = store
        self.period = period
        self.filter = filter
    }

    /// The next call, nil behind the last.
    ///
    /// - Throws: `WarehouseError`.
    public mutating func next() throws(WarehouseError) -> CallRow? {
        // Taken out, so that the pages below are changed in place.
        var sources = self.sources.take() ?? []
        if !isOpen { sources = try open() }
        var earliest: Int?
        for index in sources.indices {
            if sources[index].rows.isEmpty { try fill(&sources[index]) }
            guard let row = sources[index].rows.last else { continue }
            if let best = earliest, let other = sources[best].rows.last, other.timestamp <= row.timestamp { continue }
            earliest = index
        }
        let row = earliest.flatMap { sources[$0].rows.popLast() }
        self.sources = sources
        return row
    }

    private mutating func open() throws(WarehouseError) -> [Source] {
        let period = period
        let sources = try store.ask { db in try CallStream.sources(db, period) }
        isOpen = true
        return sources
    }

    private static func sources(_ db: Database, _ period: Period) throws -> [Source] {
        var sources: [Source] = []
        let sql = """
            SELECT log, min(first_seq), max(last_seq) FROM hour
            WHERE hour >= ? AND hour * 1000000 < ? GROUP BY log ORDER BY log
            """
        let hour = Clock.start(of: Clock.hour, holding: period.from.microseconds)
        try db.forEachRow(sql, [hour, period.to.microseconds]) { row in
            let log = row.integer(0)
            sources.append(
                Source(
                    log: log, next: RecordID.of(log: log, seq: UInt64(clamping: row.integer(1))),
                    end: RecordID.of(log: log, seq: UInt64(clamping: row.integer(2))) + 1))
        }
        return sources
    }

    private func fill(_ source: inout Source) throws(WarehouseError) {
        guard source.next < source.end else { return }
        let from = source.next
        let end = source.end
        let page = try store.ask { db in
            let names = try store.names.read(db)
            let condition = Selection(filter, names).condition(table: "call")
            var rows: [CallRow] = []
            var last: Int64?
            let sql = """
                SELECT call.id, ts_us, actor, tool, verdict, client.name, session.name, arg_digest, result_digest,
                    arg_bytes, result_bytes, limit_used, retry_after_ms, outcome, code, decide_us, wait_us, upstream_us
                FROM call
                LEFT JOIN client ON client.id = call.client
                LEFT JOIN session ON session.id = call.session
                LEFT JOIN call_rare ON call_rare.id = call.id
                WHERE call.id >= ? AND call.id < ? AND ts_us >= ? AND ts_us < ?\(condition)
                ORDER BY call.id LIMIT ?
                """
            let arguments: StatementArguments = [
                from, end, period.from.microseconds, period.to.microseconds, CallStream.page,
            ]
            try db.forEachRow(sql, arguments) { row in
                last = row.integer(0)
                rows.append(CallRow(row, names))
            }
            return (rows: rows, last: last)
        }
        source.rows = page.rows.reversed()
        source.next = page.rows.count < CallStream.page ? end : (page.last ?? end) + 1
    }
}

extension CallRow {
    fileprivate init(_ row: Row, _ names: NameTables) {
        let id = row.integer(0)
        let actor = names.actors[row.integer(2)]
        let verdict = names.verdicts[row.integer(4)]
        logID = Int(RecordID.log(id))
        seq = RecordID.seq(id)
        timestamp = Timestamp(microseconds: row.integer(1))
        agent = actor?.agent
        grant = actor?.grant
        name = names.tool(row.integer(3))
        self.verdict = verdict?.decision ?? .allow
        mode = verdict?.mode ?? .enforce
        reason = verdict?.reason ?? .internal
        rule = verdict?.rule
        stopped = mode == .enforce && (self.verdict == .deny || self.verdict == .throttle)
        client = row.optionalText(5)
        session = row.optionalText(6)
        argumentDigest = row.optionalInteger(7).map { Digest64(UInt64(bitPattern: $0)) }
        resultDigest = row.optionalInteger(8).map { Digest64(UInt64(bitPattern: $0)) }
        argumentBytes = row.optionalInteger(9).map(Int.init)
        resultBytes = row.optionalInteger(10).map(Int.init)
        if let counter = verdict?.limitCounter, let used = row.optionalInteger(11) {
            limit = LimitReading(
                counter: counter, windowSeconds: verdict?.limitWindow ?? 0, maximum: verdict?.limitMaximum ?? 0,
                used: Int(used))
        }
        retryAfterMilliseconds = row.optionalInteger(12).map(Int.init)
        outcome = OutcomeCode.ending(row.integer(13))
        code = row.optionalInteger(14).map(Int.init)
        decideMicroseconds = row.optionalInteger(15).map(Int.init)
        waitMicroseconds = row.optionalInteger(16).map(Int.init)
        upstreamMicroseconds = row.optionalInteger(17).map(Int.init)
    }
}

extension WarehouseStore {
    /// The calls of a period, in order of time, all logs merged.
    public func calls(in period: Period, where filter: CallFilter = .all) -> CallStream {
        CallStream(self, period, filter)
    }
}

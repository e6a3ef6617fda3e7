import Events

/// What a transaction adds to the roll-ups, summed in memory and written once.
final class RollUps {
    private struct Key: Hashable {
        var start: Int64
        var actor: Int32
        var tool: Int32
        var verdict: Int32
        var outcome: Int32
    }

    private struct Sum {
        var n: Int64 = 0
        var near: Int64 = 0
        var timed: Int64 = 0
        var upstream: Int64 = 0
        /// Something was taken away: the row may have come to nothing.
        var isReduced = false

        mutating func add(_ other: Sum) {
            n += other.n
            near += other.near
            timed += other.timed
            upstream += other.upstream
            isReduced = isReduced || other.isReduced
        }
    }

    private struct LatencyKey: Hashable {
        var day: Int64
        var agent: Int32
        var tool: Int32
        var bucket: Int32
    }

    private var hours: [Key: Sum] = [:]
    private var latencies: [LatencyKey: Int64] = [:]
    private var requests: [Key: Int64] = [:]
    private let addHour: SQLiteStatement
    private let addDay: SQLiteStatement
    private let pruneHour: SQLiteStatement
    private let pruneDay: SQLiteStatement
    private let addLatency: SQLiteStatement
    private let addRequest: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(WarehouseError) {
        func add(_ table: String, _ start: String) throws(WarehouseError) -> SQLiteStatement {
            try connection.prepare(
                """
                INSERT INTO \(table) (\(start), actor, tool, verdict, outcome, n, near, timed, upstream_us)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET n = n + excluded.n, near = near + excluded.near,
                    timed = timed + excluded.timed, upstream_us = upstream_us + excluded.upstream_us
                """)
        }
        func prune(_ table: String, _ start: String) throws(WarehouseError) -> SQLiteStatement {
            try connection.prepare(
                """
                DELETE FROM \(table)
                WHERE \(start) = ? AND actor = ? AND tool = ? AND verdict = ? AND outcome = ? AND n = 0
                """)
        }
        addHour = try add("rollup_hour", "hour")
        addDay = try add("rollup_day", "day")
        pruneHour = try prune("rollup_hour", "hour")
        pruneDay = try prune("rollup_day", "day")
        addLatency = try connection.prepare(
            """
            INSERT INTO latency (day, agent, tool, bucket, n) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET n = n + excluded.n
            """)
        addRequest = try connection.prepare(
            """
            INSERT INTO request_hour (hour, actor, tool, verdict, n) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET n = n + excluded.n
            """)
    }

    /// Counts one row as it stands, or takes it out again (`sign` −1) before it changes.
    func count(_ row: DecidedRequest, sign: Int64 = 1) {
        let hour = Clock.start(of: Clock.hour, holding: row.timestamp)
        var key = Key(
            start: hour, actor: Int32(truncatingIfNeeded: row.actor), tool: Int32(truncatingIfNeeded: row.tool),
            verdict: Int32(truncatingIfNeeded: row.verdict), outcome: Int32(truncatingIfNeeded: row.outcome))
        guard row.isCall else {
            key.outcome = 0
            requests[key, default: 0] += sign * row.n
            return
        }
        var sum = Sum(n: sign, near: row.isNear ? sign : 0, isReduced: sign < 0)
        if let upstream = row.upstreamMicroseconds {
            sum.timed = sign
            sum.upstream = sign * upstream
            let latency = LatencyKey(
                day: Clock.start(of: Clock.day, holding: row.timestamp), agent: Int32(truncatingIfNeeded: row.agent),
                tool: Int32(truncatingIfNeeded: row.toolBase),
                bucket: Int32(truncatingIfNeeded: LatencyBucket.of(upstream)))
            latencies[latency, default: 0] += sign
        }
        hours[key, default: Sum()].add(sum)
    }

    /// Writes the sums and forgets them.
    func flush() throws(WarehouseError) {
        var days: [Key: Sum] = [:]
        for (key, sum) in hours {
            var day = key
            day.start = Clock.start(of: Clock.day, holding: key.start * Clock.second)
            days[day, default: Sum()].add(sum)
        }
        try write(hours, add: addHour, prune: pruneHour)
        try write(days, add: addDay, prune: pruneDay)
        for (key, n) in latencies where n != 0 {
            addLatency.bind(1, key.day)
            addLatency.bind(2, Int64(key.agent))
            addLatency.bind(3, Int64(key.tool))
            addLatency.bind(4, Int64(key.bucket))
            addLatency.bind(5, n)
            try addLatency.run()
        }
        for (key, n) in requests where n != 0 {
            bind(key, to: addRequest)
            addRequest.bind(5, n)
            try addRequest.run()
        }
        forget()
    }

    /// Forgets what was not written.
    func forget() {
        hours.removeAll(keepingCapacity: true)
        latencies.removeAll(keepingCapacity: true)
        requests.removeAll(keepingCapacity: true)
    }

    private func write(
        _ sums: [Key: Sum], add: SQLiteStatement, prune: SQLiteStatement
    ) throws(WarehouseError) {
        for (key, sum) in sums where sum.n != 0 || sum.near != 0 || sum.timed != 0 || sum.upstream != 0 {
            bind(key, to: add)
            add.bind(5, Int64(key.outcome))
            add.bind(6, sum.n)
            add.bind(7, sum.near)
            add.bind(8, sum.timed)
            add.bind(9, sum.upstream)
            try add.run()
            guard sum.isReduced else { continue }
            bind(key, to: prune)
            prune.bind(5, Int64(key.outcome))
            try prune.run()
        }
    }

    private func bind(_ key: Key, to statement: SQLiteStatement) {
        statement.bind(1, key.start)
        statement.bind(2, Int64(key.actor))
        statement.bind(3, Int64(key.tool))
        statement.bind(4, Int64(key.verdict))
    }
}

import Events

/// What a transaction adds to the roll-ups, summed in memory and written once.
struct RollUps {
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

    private var hours = PackedTable<Sum>()
    private var latencies = PackedTable<Int64>()
    private var requests = PackedTable<Int64>()
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
    mutating func count(_ row: DecidedRequest, sign: Int64 = 1) {
        let hour = Clock.start(of: Clock.hour, holding: row.timestamp)
        guard row.isCall else {
            let key = RollUpKey.packed(start: hour, row.actor, row.tool, row.verdict, outcome: 0)
            requests.values[requests.index(of: key, initial: 0)] += sign * row.n
            return
        }
        let key = RollUpKey.packed(start: hour, row.actor, row.tool, row.verdict, outcome: row.outcome)
        let index = hours.index(of: key, initial: Sum())
        hours.values[index].n += sign
        if row.isNear { hours.values[index].near += sign }
        if sign < 0 { hours.values[index].isReduced = true }
        guard let upstream = row.upstreamMicroseconds else { return }
        hours.values[index].timed += sign
        hours.values[index].upstream += sign * upstream
        let day = Clock.start(of: Clock.day, holding: row.timestamp)
        let bucket = LatencyBucket.of(upstream)
        // Not by both: pairs have few calls a day each, and would cost a row for almost every one.
        let agent = RollUpKey.packed(start: day, row.agent, 0, bucket, outcome: 0)
        latencies.values[latencies.index(of: agent, initial: 0)] += sign
        let tool = RollUpKey.packed(start: day, 0, row.toolBase, bucket, outcome: 0)
        latencies.values[latencies.index(of: tool, initial: 0)] += sign
    }

    /// Writes the sums, in the order in which the tables hold them, and forgets them.
    mutating func flush() throws(WarehouseError) {
        var days = PackedTable<Sum>()
        for (key, sum) in zip(hours.keys, hours.values) {
            let start = Clock.start(of: Clock.day, holding: RollUpKey(key).start * Clock.second)
            days.values[days.index(of: RollUpKey.moved(key, to: start), initial: Sum())].add(sum)
        }
        try write(hours, add: addHour, prune: pruneHour)
        try write(days, add: addDay, prune: pruneDay)
        for index in latencies.sortedIndices() where latencies.values[index] != 0 {
            let key = RollUpKey(latencies.keys[index])
            addLatency.bind(1, key.start)
            addLatency.bind(2, key.first)
            addLatency.bind(3, key.second)
            addLatency.bind(4, key.third)
            addLatency.bind(5, latencies.values[index])
            try addLatency.run()
        }
        for index in requests.sortedIndices() where requests.values[index] != 0 {
            bind(RollUpKey(requests.keys[index]), to: addRequest)
            addRequest.bind(5, requests.values[index])
            try addRequest.run()
        }
        forget()
    }

    /// Forgets what was not written.
    mutating func forget() {
        hours.removeAll()
        latencies.removeAll()
        requests.removeAll()
    }

    private func write(
        _ sums: PackedTable<Sum>, add: SQLiteStatement, prune: SQLiteStatement
    ) throws(WarehouseError) {
        for index in sums.sortedIndices() {
            let sum = sums.values[index]
            guard sum.n != 0 || sum.near != 0 || sum.timed != 0 || sum.upstream != 0 else { continue }
            let key = RollUpKey(sums.keys[index])
            bind(key, to: add)
            add.bind(5, key.outcome)
            add.bind(6, sum.n)
            add.bind(7, sum.near)
            add.bind(8, sum.timed)
            add.bind(9, sum.upstream)
            try add.run()
            guard sum.isReduced else { continue }
            bind(key, to: prune)
            prune.bind(5, key.outcome)
            try prune.run()
        }
    }

    private func bind(_ key: RollUpKey, to statement: SQLiteStatement) {
        statement.bind(1, key.start)
        statement.bind(2, key.first)
        statement.bind(3, key.second)
        statement.bind(4, key.third)
    }
}

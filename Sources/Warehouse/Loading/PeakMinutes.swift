/// Keeps `peak_minute` exact: calls per minute of the days that are being loaded, in memory and, for the newest, in
/// `minute`.
///
/// Only whole days can give an exact peak when several logs tell of the same minute, in any order. A day that is
/// touched is therefore made present first: from `minute` where that holds it, else from its rows. Of a day whose rows
/// retention has deleted, the peak stays a lower bound.
struct PeakMinutes {
    /// Counts kept in memory between transactions, over all days.
    private static let capacity = 400_000
    /// The newest days, which `minute` holds, so that a short catch-up need not read a day's rows.
    private static let storedDayCount = 2
    /// Calls in one transaction from which it is a bulk load: `minute` is then written when it is over.
    private static let bulk = 5000

    private var days: [Int64: MinuteDay] = [:]
    private var stored: Set<Int64>?
    /// The day counted in last, taken out of `days`: rows of one day mostly come together.
    private var open: MinuteDay?
    private var uses = 0
    private var callsInTransaction = 0

    private let storedDays: SQLiteStatement
    private let hasPeaks: SQLiteStatement
    private let readMinutes: SQLiteStatement
    private let readCalls: SQLiteStatement
    private let writePeak: SQLiteStatement
    private let writeMinute: SQLiteStatement
    private let addDay: SQLiteStatement
    private let dropDay: SQLiteStatement
    private let dropMinutes: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(WarehouseError) {
        storedDays = try connection.prepare("SELECT day FROM minute_day")
        hasPeaks = try connection.prepare("SELECT 1 FROM peak_minute WHERE day = ? AND agent = 0 AND tool = 0")
        readMinutes = try connection.prepare(
            "SELECT minute, agent, tool, calls FROM minute WHERE minute >= ?1 AND minute < ?1 + 86400")
        readCalls = try connection.prepare(
            """
            SELECT call.ts_us, actor.agent_id, tool.tool_id
            FROM hour
            JOIN call ON call.id BETWEEN hour.log << 40 | hour.first_seq AND hour.log << 40 | hour.last_seq
                AND call.ts_us >= hour.hour * 1000000 AND call.ts_us < (hour.hour + 3600) * 1000000
            JOIN actor ON actor.id = call.actor
            JOIN tool ON tool.id = call.tool
            WHERE hour.hour >= ?1 AND hour.hour < ?1 + 86400
            """)
        writePeak = try connection.prepare(
            """
            INSERT INTO peak_minute (day, agent, tool, calls, minute, active) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET
                minute = CASE
                    WHEN excluded.calls > calls THEN excluded.minute
                    WHEN excluded.calls = calls THEN min(minute, excluded.minute)
                    ELSE minute END,
                calls = max(calls, excluded.calls), active = max(active, excluded.active)
            """)
        writeMinute = try connection.prepare(
            "INSERT OR REPLACE INTO minute (minute, agent, tool, calls) VALUES (?, ?, ?, ?)")
        addDay = try connection.prepare("INSERT OR IGNORE INTO minute_day (day) VALUES (?)")
        dropDay = try connection.prepare("DELETE FROM minute_day WHERE day = ?")
        dropMinutes = try connection.prepare("DELETE FROM minute WHERE minute >= ?1 AND minute < ?1 + 86400")
    }

    /// Makes days present; call it before the first of their new rows is written.
    mutating func prepare(_ starts: Set<Int64>) throws(WarehouseError) {
        uses += 1
        putBack()
        for start in starts {
            if days[start] == nil { days[start] = try day(start) }
            days[start]?.lastUse = uses
        }
    }

    /// Counts one call.
    mutating func count(_ call: DecidedRequest) {
        callsInTransaction += 1
        let minute = Clock.start(of: Clock.minute, holding: call.timestamp)
        let day = Clock.start(of: Clock.day, holding: call.timestamp)
        if open?.start != day {
            putBack()
            open = days.removeValue(forKey: day) ?? MinuteDay(start: day)
        }
        open?.add(minute: minute, agent: call.agent, tool: call.toolBase, calls: 1)
    }

    private mutating func putBack() {
        if let day = open.take() { days[day.start] = day }
    }

    /// Writes what changed; call it last before the commit.
    mutating func flush() throws(WarehouseError) {
        putBack()
        let isBulk = callsInTransaction > PeakMinutes.bulk
        let before = try storedStarts()
        let newest = before.union(days.keys).sorted().suffix(PeakMinutes.storedDayCount)
        for start in before where !newest.contains(start) || (isBulk && days[start]?.hasChanges == true) {
            try drop(start)
        }
        for (start, day) in days where day.hasChanges { try writePeaks(start, day) }
        for start in newest where !isBulk { try writeMinutes(start) }
        for start in Array(days.keys) { days[start]?.forgetChanges() }
        callsInTransaction = 0
        evict()
    }

    /// Forgets everything: after a rollback, or when another process has written.
    mutating func forget() {
        days = [:]
        open = nil
        stored = nil
        callsInTransaction = 0
    }

    private mutating func storedStarts() throws(WarehouseError) -> Set<Int64> {
        if let stored { return stored }
        var starts: Set<Int64> = []
        while try storedDays.step() { starts.insert(storedDays.integer(0)) }
        stored = starts
        return starts
    }

    private mutating func day(_ start: Int64) throws(WarehouseError) -> MinuteDay {
        var day = MinuteDay(start: start)
        if try storedStarts().contains(start) {
            readMinutes.bind(1, start)
            while try readMinutes.step() {
                day.add(
                    minute: readMinutes.integer(0), agent: readMinutes.integer(1), tool: readMinutes.integer(2),
                    calls: Int32(clamping: readMinutes.integer(3)))
            }
            day.isStored = true
        } else {
            hasPeaks.bind(1, start)
            let isKnown = try hasPeaks.step()
            hasPeaks.reset()
            guard isKnown else { return day }
            readCalls.bind(1, start)
            while try readCalls.step() {
                let minute = Clock.start(of: Clock.minute, holding: readCalls.integer(0))
                day.add(minute: minute, agent: readCalls.integer(1), tool: readCalls.integer(2), calls: 1)
            }
        }
        day.forgetChanges()
        return day
    }

    private func writePeaks(_ start: Int64, _ day: MinuteDay) throws(WarehouseError) {
        try day.forEachChangedPeak { pair, peak throws(WarehouseError) in
            writePeak.bind(1, start)
            writePeak.bind(2, pair.agent)
            writePeak.bind(3, pair.tool)
            writePeak.bind(4, Int64(peak.calls))
            writePeak.bind(5, peak.minute)
            writePeak.bind(6, Int64(peak.active))
            try writePeak.run()
        }
    }

    private mutating func writeMinutes(_ start: Int64) throws(WarehouseError) {
        guard let day = days[start] else { return }
        try day.forEachMinute { minute, pair, calls throws(WarehouseError) in
            writeMinute.bind(1, minute)
            writeMinute.bind(2, pair.agent)
            writeMinute.bind(3, pair.tool)
            writeMinute.bind(4, Int64(calls))
            try writeMinute.run()
        }
        guard !day.isStored else { return }
        addDay.bind(1, start)
        try addDay.run()
        stored?.insert(start)
        days[start]?.isStored = true
    }

    private mutating func drop(_ start: Int64) throws(WarehouseError) {
        dropMinutes.bind(1, start)
        try dropMinutes.run()
        dropDay.bind(1, start)
        try dropDay.run()
        stored?.remove(start)
        days[start]?.isStored = false
    }

    private mutating func evict() {
        var size = days.values.reduce(0) { $0 + $1.size }
        for (start, day) in days.sorted(by: { $0.value.lastUse < $1.value.lastUse })
        where size > PeakMinutes.capacity && days.count > PeakMinutes.storedDayCount {
            days[start] = nil
            size -= day.size
        }
    }
}

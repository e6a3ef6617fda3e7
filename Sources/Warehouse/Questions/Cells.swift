import Events
import GRDB

/// A sum of calls, by as many of the roll-ups' keys as were asked for; the others are 0.
struct Cell {
    /// The start of the day or hour, in seconds since 1970.
    var start: Int64
    var actor: Int64
    var tool: Int64
    var verdict: Int64
    var outcome: Int64
    var n: Int
    var near: Int
    var timed: Int
    var upstream: Int64
}

/// Where the calls of a period are read from.
struct CellSource {
    /// The coarsest roll-up that may be used.
    enum Grain {
        case day
        case hour
        /// Rows, by the quarter of an hour: every zone's days and hours begin at one.
        case quarter
    }

    /// What to keep apart.
    enum Key: String {
        case start, actor, tool, verdict, outcome
    }

    let period: Period
    let selection: Selection
    var grain = Grain.day

    /// Reads the sums, by `keys`, in the order of these.
    func read(_ db: Database, by keys: [Key]) throws -> [Cell] {
        try summed(db, by: keys).sorted
    }

    /// Reads the sums, by `keys`, in no order.
    func sums(_ db: Database, by keys: [Key]) throws -> [Cell] {
        try summed(db, by: keys).cells
    }

    private func summed(_ db: Database, by keys: [Key]) throws -> CellSums {
        var sums = CellSums(keys)
        if grain != .quarter, !keys.contains(.start), let cells = selection.names.held?.totals(self) {
            for cell in cells { sums.add(cell) }
        } else {
            try scan(db) { sums.add($0) }
        }
        return sums
    }

    /// Reads the cells as they are stored; the same keys may come more than once.
    func scan(_ db: Database, _ body: (Cell) -> Void) throws {
        if let held = selection.names.held, held.scan(self, body) { return }
        for part in parts() {
            try db.forEachNumbers(part) { row in
                body(
                    Cell(
                        start: row[0], actor: row[1], tool: row[2], verdict: row[3], outcome: row[4], n: Int(row[5]),
                        near: Int(row[6]), timed: Int(row[7]), upstream: row[8]))
            }
        }
    }

    /// One query for each stretch of the period: whole days and hours from roll-ups, its edges from rows.
    private func parts() -> [String] {
        var parts: [String] = []
        let from = period.from.microseconds
        let to = period.to.microseconds
        guard from < to else { return [] }
        guard grain != .quarter else { return [rows(from, to)] }
        let firstHour = Clock.firstStart(of: Clock.hour, from: from)
        let lastHour = Clock.start(of: Clock.hour, holding: to)
        guard firstHour <= lastHour else { return [rows(from, to)] }
        if from < firstHour * Clock.second { parts.append(rows(from, firstHour * Clock.second)) }
        let firstDay = Clock.firstStart(of: Clock.day, from: firstHour * Clock.second)
        let lastDay = Clock.start(of: Clock.day, holding: lastHour * Clock.second)
        if grain == .day, firstDay < lastDay {
            if firstHour < firstDay { parts.append(rollUp("hour", firstHour, firstDay)) }
            parts.append(rollUp("day", firstDay, lastDay))
            if lastDay < lastHour { parts.append(rollUp("hour", lastDay, lastHour)) }
        } else if firstHour < lastHour {
            parts.append(rollUp("hour", firstHour, lastHour))
        }
        if lastHour * Clock.second < to { parts.append(rows(lastHour * Clock.second, to)) }
        return parts
    }

    private func rollUp(_ unit: String, _ from: Int64, _ to: Int64) -> String {
        let seconds = unit == "day" ? Clock.day : Clock.hour
        // One by one, so that of each only the rows of a few actors are read: the key begins with the time.
        let isSought = selection.actors.map { $0.count <= 20 && (to - from) / seconds <= 1000 } ?? false
        let starts = isSought ? stride(from: from, to: to, by: Int64.Stride(seconds)).map(String.init) : []
        let time =
            isSought ? "\(unit) IN (\(starts.joined(separator: ", ")))" : "\(unit) >= \(from) AND \(unit) < \(to)"
        return """
            SELECT \(unit) AS start, actor, tool, verdict, outcome, n, near, timed, upstream_us
            FROM rollup_\(unit) WHERE \(time)\(selection.condition())
            """
    }

    private func rows(_ from: Int64, _ to: Int64) -> String {
        let start = grain == .quarter ? "call.ts_us / 900000000 * 900" : "hour.hour"
        return """
            SELECT \(start) AS start, call.actor, call.tool, call.verdict, call.outcome, 1 AS n, call.mark = 2 AS near,
                call.upstream_us IS NOT NULL AS timed, coalesce(call.upstream_us, 0) AS upstream_us
            \(CallRows.source(from, to, selection: selection))
            """
    }
}

extension CallCounts {
    /// Adds the calls of a cell that was read by verdict and outcome.
    mutating func add(_ cell: Cell, _ names: NameTables) {
        calls += cell.n
        nearLimit += cell.near
        timed += cell.timed
        upstreamMicroseconds += cell.upstream
        if OutcomeCode.isError(cell.outcome) { errors += cell.n }
        let kind = names.kind(of: cell.verdict)
        guard kind.decision != .allow else {
            allowed += cell.n
            return
        }
        switch (kind.mode, kind.decision) {
        case (.shadow, _):
            allowed += cell.n
            shadowStopped += cell.n
        case (.enforce, .deny): denied += cell.n
        case (.enforce, .throttle): throttled += cell.n
        case (.enforce, .hold): held += cell.n
        case (.enforce, .allow): allowed += cell.n
        }
    }
}

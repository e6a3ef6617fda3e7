import Events
import GRDB
import Synchronization

/// A row of `actor`.
struct ActorRow: Sendable {
    var id: Int64
    var agent: String?
    var grant: String?
    var agentID: Int64
}

/// A row of `tool`.
struct ToolRow: Sendable {
    var id: Int64
    var name: ToolName
    var method: String
    var toolID: Int64
}

/// A row of `verdict`.
struct VerdictRow: Sendable {
    var id: Int64
    var decision: Verdict
    var mode: Mode
    var reason: Reason
    var rule: String?
    var message: String?
    var policy: String?
    var limitCounter: String?
    var limitWindow: Int
    var limitMaximum: Int
}

/// What decides how a call is counted.
struct VerdictKind: Sendable {
    var decision = Verdict.allow
    var mode = Mode.enforce
}

/// Rows of a dictionary by their ids, which count from 1.
struct RowTable<Row: Sendable>: Sendable {
    private var rows: [Row?] = []

    /// The highest id.
    var count: Int { rows.count }

    /// The rows, in the order of their ids.
    var values: [Row] { rows.compactMap { $0 } }

    subscript(id: Int64) -> Row? {
        id > 0 && id <= rows.count ? rows[Int(id) - 1] : nil
    }

    /// Adds a row behind those that there are.
    fileprivate mutating func add(_ row: Row, id: Int64) {
        while rows.count < id - 1 { rows.append(nil) }
        rows.append(row)
    }
}

/// The dictionaries as questions need them; rows never change, so each question reads only those that are new.
struct NameTables: Sendable {
    var generation: Int64 = -1
    private(set) var actors = RowTable<ActorRow>()
    private(set) var tools = RowTable<ToolRow>()
    private(set) var verdicts = RowTable<VerdictRow>()
    private(set) var logs: [Int64: String] = [:]
    /// A period's sums, where a report keeps them.
    var held: HeldCells?
    // What every row of a sum is asked for, beside the rows: these would be copied with all their texts.
    private var agentIDs: [Int64] = [0]
    private var toolIDs: [Int64] = [0]
    private var kinds: [VerdictKind] = [VerdictKind()]

    /// The `agent_id` of a row of `actor`, 0 where there is none.
    @inline(__always)
    func agentID(of actor: Int64) -> Int64 {
        agentIDs.indices.contains(Int(actor)) ? agentIDs[Int(actor)] : 0
    }

    /// The `tool_id` of a row of `tool`, 0 where there is none.
    @inline(__always)
    func toolID(of tool: Int64) -> Int64 {
        toolIDs.indices.contains(Int(tool)) ? toolIDs[Int(tool)] : 0
    }

    /// Decision and mode of a row of `verdict`.
    @inline(__always)
    func kind(of verdict: Int64) -> VerdictKind {
        kinds.indices.contains(Int(verdict)) ? kinds[Int(verdict)] : VerdictKind()
    }

    /// Agent by `agent_id`.
    func agent(_ agentID: Int64) -> String? {
        actors[agentID]?.agent
    }

    /// Tool by `tool` or `tool_id`.
    func tool(_ id: Int64) -> ToolName {
        tools[id]?.name ?? ToolName(server: "", tool: "", risk: nil)
    }

    /// A record's name by its id.
    func record(_ id: Int64) -> RecordName {
        RecordName(log: logs[RecordID.log(id)] ?? "", seq: RecordID.seq(id))
    }
}

/// Keeps `NameTables` between questions.
final class NameCache: Sendable {
    private let tables = Mutex(NameTables())
    private let held: HeldCells?

    init(holding held: HeldCells? = nil) {
        self.held = held
    }

    /// The dictionaries as of the snapshot `db`; they may hold newer rows too.
    func read(_ db: Database) throws -> NameTables {
        var tables = tables.withLock { $0 }
        let generation =
            try Int64.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'generation'") ?? 0
        // Made anew by `--rebuild`: ids have other meanings now.
        if generation != tables.generation {
            tables = NameTables()
            tables.generation = generation
        }
        try tables.readNew(db)
        self.tables.withLock { $0 = tables }
        tables.held = held
        return tables
    }
}

extension NameTables {
    fileprivate mutating func readNew(_ db: Database) throws {
        try db.forEachRow("SELECT id, agent, grant_id, agent_id FROM actor WHERE id > ? ORDER BY id", [actors.count]) {
            row in
            let id = row.integer(0)
            actors.add(ActorRow(id: id, agent: row.name(1), grant: row.name(2), agentID: row.integer(3)), id: id)
            agentIDs.put(row.integer(3), at: id)
        }
        try db.forEachRow(
            "SELECT id, server, tool, method, risk, tool_id FROM tool WHERE id > ? ORDER BY id", [tools.count]
        ) {
            row in
            let id = row.integer(0)
            let name = ToolName(server: row.text(1), tool: row.text(2), risk: Risk(rawValue: row.text(4)))
            tools.add(ToolRow(id: id, name: name, method: row.text(3), toolID: row.integer(5)), id: id)
            toolIDs.put(row.integer(5), at: id)
        }
        let verdicts = """
            SELECT id, decision, mode, reason, rule, message, policy, limit_counter, limit_window_s, limit_max
            FROM verdict WHERE id > ? ORDER BY id
            """
        try db.forEachRow(verdicts, [self.verdicts.count]) { row in
            let id = row.integer(0)
            let kind = VerdictKind(
                decision: Verdict(rawValue: row.text(1)) ?? .allow, mode: Mode(rawValue: row.text(2)) ?? .enforce)
            let verdict = VerdictRow(
                id: id, decision: kind.decision, mode: kind.mode,
                reason: Reason(rawValue: row.text(3)) ?? .internal, rule: row.name(4), message: row.name(5),
                policy: row.name(6), limitCounter: row.name(7), limitWindow: row.count(8), limitMaximum: row.count(9))
            self.verdicts.add(verdict, id: id)
            kinds.put(kind, at: id)
        }
        // Few, and their names may change.
        try db.forEachRow("SELECT id, name FROM log") { row in logs[row.integer(0)] = row.text(1) }
    }
}

extension Array {
    /// Puts an element at an id behind the last one; ids between are filled with what 0 has.
    fileprivate mutating func put(_ element: Element, at id: Int64) {
        while count < id { append(self[0]) }
        append(element)
    }
}

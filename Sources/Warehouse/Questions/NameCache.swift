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

/// The dictionaries as questions need them; rows never change, so each question reads only those that are new.
struct NameTables: Sendable {
    var generation: Int64 = -1
    var actors: [Int64: ActorRow] = [:]
    var tools: [Int64: ToolRow] = [:]
    var verdicts: [Int64: VerdictRow] = [:]
    var logs: [Int64: String] = [:]
    /// A period's sums, where a report keeps them.
    var held: HeldCells?

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
        if generation != tables.generation { tables = NameTables(generation: generation) }
        try tables.readNew(db)
        self.tables.withLock { $0 = tables }
        tables.held = held
        return tables
    }
}

extension NameTables {
    fileprivate mutating func readNew(_ db: Database) throws {
        try db.forEachRow("SELECT id, agent, grant_id, agent_id FROM actor WHERE id > ?", [actors.count]) { row in
            let id = row.integer(0)
            actors[id] = ActorRow(id: id, agent: row.name(1), grant: row.name(2), agentID: row.integer(3))
        }
        try db.forEachRow("SELECT id, server, tool, method, risk, tool_id FROM tool WHERE id > ?", [tools.count]) {
            row in
            let id = row.integer(0)
            let name = ToolName(server: row.text(1), tool: row.text(2), risk: Risk(rawValue: row.text(4)))
            tools[id] = ToolRow(id: id, name: name, method: row.text(3), toolID: row.integer(5))
        }
        let verdicts = """
            SELECT id, decision, mode, reason, rule, message, policy, limit_counter, limit_window_s, limit_max
            FROM verdict WHERE id > ?
            """
        try db.forEachRow(verdicts, [self.verdicts.count]) { row in
            let id = row.integer(0)
            self.verdicts[id] = VerdictRow(
                id: id, decision: Verdict(rawValue: row.text(1)) ?? .allow,
                mode: Mode(rawValue: row.text(2)) ?? .enforce,
                reason: Reason(rawValue: row.text(3)) ?? .internal, rule: row.name(4), message: row.name(5),
                policy: row.name(6), limitCounter: row.name(7), limitWindow: row.count(8), limitMaximum: row.count(9))
        }
        // Few, and their names may change.
        try db.forEachRow("SELECT id, name FROM log") { row in logs[row.integer(0)] = row.text(1) }
    }
}

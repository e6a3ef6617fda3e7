/// An agent (`agent_id`) and a tool (`tool_id`); 0 stands for all together.
struct AgentTool: Hashable {
    var agent: Int64 = 0
    var tool: Int64 = 0
}

/// What an answer keeps apart.
enum Grouping {
    case all
    case agent
    case tool
    case agentTool

    var hasAgent: Bool { self == .agent || self == .agentTool }
    var hasTool: Bool { self == .tool || self == .agentTool }

    /// The roll-ups' keys to read by.
    func keys(with first: CellSource.Key) -> [CellSource.Key] {
        [first] + (hasAgent ? [.actor] : []) + (hasTool ? [.tool] : [])
    }

    /// The group that a cell belongs to.
    func key(_ cell: Cell, _ names: NameTables) -> AgentTool {
        AgentTool(
            agent: hasAgent ? names.agentID(of: cell.actor) : 0,
            tool: hasTool ? names.toolID(of: cell.tool) : 0)
    }
}

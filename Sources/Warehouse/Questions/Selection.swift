import Events

/// A filter in the numbers of the dictionaries.
struct Selection {
    let names: NameTables
    /// Rows of `actor`, nil for all.
    private(set) var actors: [Int64]?
    /// Rows of `tool`, nil for all.
    private(set) var tools: [Int64]?
    /// The one agent, 0 for all.
    private(set) var agentID: Int64 = 0
    /// The tools by `tool_id`, nil for all or where the filter takes only some of a tool's rows (one of its classes).
    private(set) var toolIDs: Set<Int64>?
    /// Whether `toolIDs` says the same as `tools`.
    private(set) var hasWholeTools = true
    /// Rows of `verdict`, nil for all.
    var verdicts: [Int64]?
    /// Rows of `outcome`, nil for all.
    var outcomes: [Int64]?

    init(_ filter: CallFilter, _ names: NameTables) {
        self.names = names
        if let agent = filter.agent {
            let rows = names.actors.values.filter { ($0.agent ?? "") == agent }
            actors = rows.map(\.id).sorted()
            agentID = rows.map(\.agentID).min() ?? -1
        }
        guard filter.server != nil || filter.tool != nil || filter.risk != nil else { return }
        let rows = names.tools.values.filter { row in
            row.method == Dictionaries.callMethod
                && (filter.server == nil || row.name.server == filter.server)
                && (filter.tool == nil || row.name.tool == filter.tool)
                && (filter.risk == nil || row.name.risk == filter.risk)
        }
        tools = rows.map(\.id).sorted()
        let ids = Set(rows.map(\.toolID))
        toolIDs = ids
        hasWholeTools = names.tools.values.filter { ids.contains($0.toolID) }.count == rows.count
    }

    /// The condition on `actor`, `tool`, `verdict` and `outcome`, to be put after another one.
    ///
    /// A named table has no index on them, and its `+` keeps SQLite from making one: for one hour's rows it would read all.
    func condition(table: String? = nil) -> String {
        let prefix = table.map { "+" + $0 + "." } ?? ""
        let wanted = [("actor", actors), ("tool", tools), ("verdict", verdicts), ("outcome", outcomes)]
        return wanted.compactMap { column, ids in
            ids.map { ids in " AND \(prefix)\(column) IN (\(ids.map(String.init).joined(separator: ", ")))" }
        }.joined()
    }
}

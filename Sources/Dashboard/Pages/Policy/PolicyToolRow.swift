import Events
import Policy
import Warehouse

/// The tools that a policy's page shows.
struct PolicyTools: Sendable {
    var rows: [PolicyToolRow]
    /// How many more there would be.
    var left: Int
    /// Calls of tools that no server lists and the policy does not name: the warehouse keeps none of their names.
    var unlistedCalls: Int
}

/// A tool as the visual editor shows it: named in the document, listed by a server, or called in the last 28 days.
struct PolicyToolRow: Sendable {
    static let days: Int64 = 28
    /// The most rows: whoever calls chooses the names of tools that no server has.
    static let most = 500

    var tool: String
    var servers: [String] = []
    var risk: Risk?
    /// Whether the policy's own word is the class.
    var isPolicysClass = false
    var hasChanged = false
    var isListed = false
    var calls = 0
    var stopped = 0
    var entry: ToolEntry

    /// All rows of a policy: what the document names in its order, then what servers list, then what was called only.
    ///
    /// - Parameter store: nil where nothing is loaded yet.
    static func all(
        _ text: PolicyText, _ card: PolicyCard, listed: [ListedTool], store: WarehouseStore?, now: Timestamp
    ) -> PolicyTools {
        var rows: [PolicyToolRow] = []
        var places: [[UInt8]: Int] = [:]
        var unlisted = 0
        func place(_ tool: String) -> Int? {
            let key = Array(tool.utf8)
            if let known = places[key] { return known }
            // A form cannot bring such a name back as it is.
            guard !key.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
            places[key] = rows.count
            rows.append(PolicyToolRow(tool: tool, entry: text.entry(of: tool)))
            return rows.count - 1
        }
        let servers = card.servers
        for name in text.names { _ = place(name) }
        for one in listed where servers?.contains(one.server) ?? true {
            guard let index = place(one.tool) else { continue }
            rows[index].isListed = true
            rows[index].hasChanged = rows[index].hasChanged || one.hasChanged
            rows[index].risk = max(rows[index].risk, one.risk)
            if !rows[index].servers.contains(one.server) { rows[index].servers.append(one.server) }
        }
        let period = Period(from: now.advanced(by: -days * 86_400_000_000), to: now.advanced(by: 1_000_000))
        for rate in (try? store?.tools(in: period)) ?? [] where servers?.contains(rate.name.server) ?? true {
            if rate.name.isUnlisted {
                unlisted += rate.counts.calls
                continue
            }
            guard let index = place(rate.name.tool) else { continue }
            rows[index].calls += rate.counts.calls
            rows[index].stopped += rate.counts.denied + rate.counts.throttled
            if !rows[index].isListed { rows[index].risk = max(rows[index].risk, rate.name.risk) }
            if !rows[index].servers.contains(rate.name.server) { rows[index].servers.append(rate.name.server) }
        }
        let changed = (try? store?.controlEvents(in: period, of: [.toolChanged])) ?? []
        for row in changed {
            guard let tool = row.control.text(.tool), let index = places[Array(tool.utf8)],
                servers?.contains(row.control.text(.server) ?? "") ?? true
            else { continue }
            rows[index].hasChanged = true
        }
        for (name, rules) in text.document.tools {
            guard let risk = rules.risk, let index = places[Array(name.utf8)] else { continue }
            (rows[index].risk, rows[index].isPolicysClass) = (risk, true)
        }
        for index in rows.indices where rows[index].risk == nil {
            rows[index].risk = RiskClassifier.classify(tool: rows[index].tool).risk
        }
        return PolicyTools(
            rows: Array(rows.prefix(most)), left: Swift.max(0, rows.count - most), unlistedCalls: unlisted)
    }

    /// The more harmful of two classes; nil is none yet.
    private static func max(_ one: Risk?, _ other: Risk?) -> Risk? {
        guard let one, let other else { return one ?? other }
        let order: [Risk] = [.read, .write, .unknown, .execute, .destructive, .financial]
        return (order.firstIndex(of: one) ?? 0) >= (order.firstIndex(of: other) ?? 0) ? one : other
    }
}

public import AuditLog
public import Events
import Policy

/// What a log knows of servers' tools: from decisions about their calls and from records of changed definitions.
public struct LoggedTools: Sendable {
    /// The most tools that are told apart: callers choose the names of those that no server listed.
    static let maximumTools = 100_000
    /// Microseconds for which a call that looked up the old definition may still be recorded after the change.
    static let overtaking: Int64 = 60_000_000

    private struct Key: Hashable {
        let server: String
        let tool: [UInt8]
    }

    private struct Entry {
        var name: String
        var digest: Digest64?
        var previous: Digest64?
        var changed: Timestamp?
        var risk: Risk?
        var isUnlisted = false

        /// Takes over another digest; the first is no change.
        mutating func change(to new: Digest64, at time: Timestamp) {
            if digest != nil {
                previous = digest
                changed = time
            }
            digest = new
        }
    }

    private var tools: [Key: Entry] = [:]
    /// By server: the policies that decided, each with the digest that it had last; an empty name where there was none.
    private var policies: [String: [String: Digest64]] = [:]
    /// How many records named a tool beyond the most that are told apart.
    public private(set) var omitted = 0

    /// Knows nothing yet.
    public init() {}

    /// Takes a record in; records come in the log's order.
    public mutating func take(_ record: Record) {
        switch record.body {
        case .decision(let decision):
            guard let tool = decision.tool else { return }
            if let policy = decision.policy, let digest = decision.policyDigest {
                policies[decision.server, default: [:]][policy] = digest
            }
            update(decision.server, tool) { entry in
                entry.risk = decision.risk ?? entry.risk
                entry.isUnlisted = decision.unlisted
                guard let digest = decision.toolDigest, digest != entry.digest else { return }
                let wasOvertaken = entry.changed.map { record.timestamp.since($0) < LoggedTools.overtaking } ?? false
                if digest != entry.previous || !wasOvertaken { entry.change(to: digest, at: record.timestamp) }
            }
        case .control(let control) where control.event == .toolChanged:
            guard let server = control.text(.server), let tool = control.text(.tool),
                let digest = control.text(.toolDigest).flatMap({ Digest64(hex: $0.utf8) })
            else { return }
            update(server, tool) { entry in
                if entry.digest != digest { entry.change(to: digest, at: record.timestamp) }
                // The change was seen, whatever was known before.
                entry.changed = record.timestamp
                entry.isUnlisted = false
            }
        case .control, .outcome: break
        }
    }

    /// Reads a log to its end.
    ///
    /// - Throws: `LogError`.
    public mutating func read(_ log: LogDirectory, progress: (Int) -> Void = { _ in }) throws(LogError) {
        let reader = try LogReader(log)
        var count = 0
        while let block = try reader.nextBlock() {
            block.forEachLine { _, line in
                if let record = try? Record(utf8: line) { take(record) }
            }
            count += block.lineCount
            progress(count)
        }
    }

    /// The servers that were seen, each with the names and last digests of the policies that decided about it.
    public var policyDigests: [String: [String: Digest64]] { policies }

    /// The tools, by server and name; without policies.
    public var offered: [OfferedTool] {
        tools.map { key, entry in
            let name = RiskClassifier.classify(tool: entry.name)
            var tool = OfferedTool(server: key.server, tool: entry.name, finding: name, digest: entry.digest)
            if let risk = entry.risk, risk != name.risk {
                tool.risk = risk
                tool.why = "an annotation or the policy, as the last call was recorded"
            }
            tool.definition =
                entry.isUnlisted || entry.digest == nil ? .unlisted : entry.changed == nil ? .same : .changed
            tool.previous = entry.previous
            tool.changed = entry.changed
            return tool
        }.sorted(by: OfferedTool.isBefore)
    }

    /// The tools of the log, with what the process that writes it has listed since it started.
    ///
    /// - Parameter now: when that was asked.
    public func offered(relistedBy live: [OfferedTool], now: Timestamp) -> [OfferedTool] {
        func key(_ tool: OfferedTool) -> Key { Key(server: tool.server, tool: Array(tool.tool.utf8)) }
        var all = Dictionary(offered.map { (key($0), $0) }) { first, _ in first }
        for tool in live { all[key(tool)] = all[key(tool)]?.relisted(as: tool, now: now) ?? tool }
        return all.values.sorted(by: OfferedTool.isBefore)
    }

    private mutating func update(_ server: String, _ tool: String, _ body: (inout Entry) -> Void) {
        let key = Key(server: server, tool: Array(tool.utf8))
        guard tools[key] != nil || tools.count < LoggedTools.maximumTools else {
            omitted += 1
            return
        }
        body(&tools[key, default: Entry(name: tool)])
    }
}

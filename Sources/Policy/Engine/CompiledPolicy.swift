public import Events

/// How a policy stands to a tool before any call.
public enum ToolStanding: Sendable, Equatable {
    /// Neither shown nor callable.
    case hidden
    /// Not listed where unlisted tools are denied.
    case unlisted
    /// Callable, subject to its rules and limits.
    case open
}

/// A policy made ready for deciding: immutable, shared freely, without locks.
///
/// What a decision costs does not depend on the number of tools. A class because it is large, and handed on with every
/// call.
public final class CompiledPolicy: Sendable {
    /// One tool.
    final class Tool: Sendable {
        let rules: RuleSet
        let mode: Mode
        let risk: Risk?
        let standing: ToolStanding
        let approval: ApprovalNeed?

        init(rules: RuleSet, mode: Mode, risk: Risk?, standing: ToolStanding, approval: ApprovalNeed? = nil) {
            self.approval = approval
            self.rules = rules
            self.mode = mode
            self.risk = risk
            self.standing = standing
        }
    }

    /// The policy's name; counters of policies of one name are the same counters.
    public let name: String
    /// Digest of the document's normal form.
    public let digest: Digest64
    /// The document.
    public let document: PolicyDocument
    /// Microseconds of the longest window: how far back in the log counters have to be rebuilt from; 0 without limits.
    public let longestWindow: Int64
    let allTools: RuleSet
    private let table: ToolTable
    /// By the table's index; the last one stands for tools that the document does not name.
    private let tools: [Tool]

    /// Prepares a document.
    ///
    /// - Parameters:
    ///   - name: tells policies, and their counters, apart.
    ///   - digest: the first eight bytes of SHA-256 over the document's normal form.
    public init(_ document: PolicyDocument, name: String, digest: Digest64) {
        self.name = name
        self.digest = digest
        self.document = document
        allTools = RuleSet(document.allTools, policy: name, tool: nil)
        let listed = Set(document.tools.map { Array($0.name.utf8) })
        let hidden = Set(document.hide.map { Array($0.utf8) })
        let hidesAll = document.hide.contains("*")
        let onlyHidden = document.hide.filter { $0 != "*" && !listed.contains(Array($0.utf8)) }
        let nothing = RuleSet(ToolRules(), policy: name, tool: nil)
        table = ToolTable(document.tools.map(\.name) + onlyHidden)
        var tools = document.tools.map { tool in
            Tool(
                rules: RuleSet(tool.rules, policy: name, tool: tool.name), mode: tool.rules.mode ?? document.mode,
                risk: tool.rules.risk,
                standing: hidesAll || hidden.contains(Array(tool.name.utf8)) ? .hidden : .open,
                approval: tool.rules.approval.map { ApprovalNeed($0, tool: tool.name) })
        }
        tools += onlyHidden.map { _ in Tool(rules: nothing, mode: document.mode, risk: nil, standing: .hidden) }
        let standing: ToolStanding = hidesAll ? .hidden : document.byDefault == .deny ? .unlisted : .open
        tools.append(Tool(rules: nothing, mode: document.mode, risk: nil, standing: standing))
        self.tools = tools
        let windows = (document.allTools.limits + document.tools.flatMap(\.rules.limits)).map(\.windowSeconds)
        longestWindow = Int64(windows.max() ?? 0) * 1_000_000
    }

    /// How the policy stands to a tool, whatever the mode.
    public func standing(ofTool name: String) -> ToolStanding {
        tool(name).standing
    }

    /// How the policy stands to a tool, by the UTF-8 bytes of its unescaped name; allocates nothing.
    public func standing(ofToolUTF8 name: UnsafeRawBufferPointer) -> ToolStanding {
        tools[table.index(of: name) ?? tools.count - 1].standing
    }

    /// Whether a tool is to be left out of lists: it is hidden, and its mode is enforce.
    ///
    /// - Parameter name: the UTF-8 bytes of its unescaped name.
    public func isLeftOutOfLists(toolUTF8 name: UnsafeRawBufferPointer) -> Bool {
        let tool = tools[table.index(of: name) ?? tools.count - 1]
        return tool.standing == .hidden && tool.mode == .enforce
    }

    /// What the policy says of a tool: whether its owner wrote the tool's name, as a rule's or as a hidden one, and its class
    /// of harm, the policy's own word or else what was found.
    public func profile(ofTool name: String, found: Risk) -> (isNamed: Bool, risk: Risk) {
        let index = table.index(of: name)
        return (index != nil, tools[index ?? tools.count - 1].risk ?? found)
    }

    /// Whether verdicts about a tool are carried out.
    public func mode(ofTool name: String) -> Mode {
        tool(name).mode
    }

    /// Ids of the rules and limits that a tool's calls are subject to, in the order in which they are looked at.
    public func ruleIDs(ofTool name: String) -> [String] {
        let tool = tool(name)
        switch tool.standing {
        case .hidden: return [RuleID.hidden]
        case .unlisted: return [RuleID.defaultDeny]
        case .open:
            let rules = allTools.labels.map(\.id) + tool.rules.labels.map(\.id)
            let limits = allTools.limits.map(\.id) + tool.rules.limits.map(\.id)
            return rules + [tool.approval?.rule].compactMap { $0 } + limits
        }
    }

    func tool(_ name: String) -> Tool {
        tools[table.index(of: name) ?? tools.count - 1]
    }

    /// The limits that a tool's calls count in: those of all tools, and its own.
    func limits(ofTool name: String) -> ([CompiledLimit], [CompiledLimit]) {
        (allTools.limits, tool(name).rules.limits)
    }
}

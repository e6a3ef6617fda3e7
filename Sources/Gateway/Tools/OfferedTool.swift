public import Events
public import Policy

/// A tool of a server, and what is known of it: its class of harm, its definition, the policies that decide its calls.
public struct OfferedTool: Sendable, Equatable {
    /// What is known of its definition.
    public enum Definition: String, Sendable {
        /// It was called and the server never listed it.
        case unlisted = "not listed"
        /// It was listed for the first time.
        case first = "first listed"
        /// It is as it was when it was listed last.
        case same
        /// It is another than when it was listed last.
        case changed = "tool_changed"
        /// It was listed before and is not any more.
        case gone
    }

    /// The server's name in records.
    public var server: String
    /// The tool's name.
    public var tool: String
    /// The class of harm that name and annotations say.
    public var risk: Risk
    /// The word or the annotation that decided it.
    public var why: String
    /// What is known of its definition.
    public var definition: Definition
    /// Digest of the definition as last listed.
    public var digest: Digest64?
    /// Digest of the definition before that, where it was another.
    public var previous: Digest64?
    /// When the change was seen.
    public var changed: Timestamp?
    /// How policies stand to it.
    public var policies: [ToolCoverage] = []

    /// Describes a tool that nothing more is known of.
    public init(server: String, tool: String, finding: RiskFinding, digest: Digest64?) {
        self.server = server
        self.tool = tool
        risk = finding.risk
        why = finding.why
        definition = digest == nil ? .unlisted : .first
        self.digest = digest
    }

    /// The class under a policy, and why: the policy's own word goes before everything else.
    public func finding(under coverage: ToolCoverage?) -> RiskFinding {
        coverage?.risk.map { RiskFinding(risk: $0, why: "the policy says so") } ?? RiskFinding(risk: risk, why: why)
    }

    /// Takes over what a newer listing says; what this one knew becomes the past.
    ///
    /// - Parameter now: when the newer listing was seen.
    public func relisted(as newer: OfferedTool, now: Timestamp) -> OfferedTool {
        var tool = newer
        guard let digest else { return tool }
        if newer.digest == digest {
            // What the newer one calls a change was seen already.
            (tool.definition, tool.previous, tool.changed) = (definition, previous, changed)
            if definition != .changed { tool.definition = .same }
        } else {
            (tool.definition, tool.previous, tool.changed) = (.changed, digest, now)
        }
        return tool
    }

    /// The order of a list: by server, then by name.
    public static func isBefore(_ left: OfferedTool, _ right: OfferedTool) -> Bool {
        left.server == right.server
            ? left.tool.utf8.lexicographicallyPrecedes(right.tool.utf8)
            : left.server.utf8.lexicographicallyPrecedes(right.server.utf8)
    }
}

// MARK: On the control socket

extension OfferedTool {
    /// The tool as a reply carries it, without policies.
    var controlValue: ControlValue {
        .object([
            ("server", .text(server)), ("tool", .text(tool)), ("class", .text(risk.rawValue)), ("why", .text(why)),
            ("digest", digest.map { .text($0.description) } ?? .null),
            ("previous_digest", previous.map { .text($0.description) } ?? .null),
        ])
    }

    /// Reads a tool from a reply; nil where it is none.
    public init?(_ value: ControlValue) {
        guard let server = value["server"]?.text, let tool = value["tool"]?.text,
            let risk = value["class"]?.text.flatMap({ Risk(rawValue: $0) }), let why = value["why"]?.text
        else { return nil }
        func digest(_ key: String) -> Digest64? { value[key]?.text.flatMap { Digest64(hex: $0.utf8) } }
        self.init(
            server: server, tool: tool, finding: RiskFinding(risk: risk, why: why), digest: digest("digest"))
        previous = digest("previous_digest")
        if previous != nil { definition = .changed }
    }
}

public import Events

/// A policy, read and checked: what it says, independent of how it was written.
///
/// Made by ``read(_:)`` or ``init(parsing:)`` only, so every document there is has passed every check.
public struct PolicyDocument: Sendable {
    /// What happens to tools that the document does not list.
    public enum Default: String, Sendable, CaseIterable {
        /// They pass, under the rules for all tools.
        case allow
        /// They are denied.
        case deny
    }

    /// What happens to tools that are not listed.
    public internal(set) var byDefault: Default
    /// Tools that are neither shown nor callable, sorted; `*` means all.
    public internal(set) var hide: [String] = []
    /// Rules over every call.
    public internal(set) var allTools = ToolRules()
    /// Rules by tool, sorted by the names' bytes.
    public internal(set) var tools: [(name: String, rules: ToolRules)] = []
    /// What a firing alert does.
    public internal(set) var brake: Brake?
    /// Whether verdicts are carried out.
    public internal(set) var mode = Mode.enforce
    /// The document's one spelling, itself a document; its digest is the policy's digest.
    public internal(set) var normalForm: [UInt8] = []

    /// Reads a document.
    ///
    /// - Throws: ``PolicyRefusal`` with everything that is wrong with it.
    public init(parsing bytes: [UInt8]) throws(PolicyRefusal) {
        let reading = PolicyDocument.read(bytes)
        guard let document = reading.document else { throw PolicyRefusal(problems: reading.errors) }
        self = document
    }

    init(byDefault: Default) {
        self.byDefault = byDefault
    }
}

extension PolicyDocument: Equatable {
    /// Whether two documents say the same.
    public static func == (left: PolicyDocument, right: PolicyDocument) -> Bool {
        left.normalForm == right.normalForm
    }
}

/// A document was refused.
public struct PolicyRefusal: Error, Sendable {
    /// Everything that is wrong with it.
    public let problems: [PolicyProblem]
}

extension PolicyRefusal: CustomStringConvertible {
    /// One line for each problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

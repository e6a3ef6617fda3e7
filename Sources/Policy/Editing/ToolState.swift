/// What a document makes of a tool, as people choose it.
public enum ToolState: String, Sendable, CaseIterable {
    /// Its calls pass, under the rules for all tools.
    case allow
    /// Its calls are denied; it is still listed.
    case deny
    /// It is neither listed nor callable.
    case hide
    /// It has rules of its own.
    case custom
}

/// A tool as a document's text has it.
public struct ToolEntry: Sendable, Equatable {
    /// What becomes of its calls.
    public var state: ToolState
    /// Its own object under `tools`, as written; nil where there is none.
    public var rules: String?
    /// Whether its own object has rules that an allowed or denied tool does not need: only then it can be `custom`.
    public var hasOwnRules: Bool
    /// Whether `"*"` under `hide` hides it along with all others: no choice about it alone changes anything.
    public var isHiddenWithAll: Bool
}

/// Something wrong, or doubtful, in a document: where, what was found, what was expected.
public struct PolicyProblem: Error, Sendable, Equatable {
    /// Whether the document is refused for it.
    public enum Severity: String, Sendable, CaseIterable {
        /// The document is refused.
        case error
        /// The document is read, but may not say what its author means.
        case warning
    }

    /// The kind of problem.
    public enum Code: String, Sendable, CaseIterable {
        /// Not a JSON document.
        case notJSON = "not_json"
        /// A key occurs twice in one object.
        case duplicateKey = "duplicate_key"
        /// A field that does not exist.
        case unknownField = "unknown_field"
        /// A required field is absent.
        case missingField = "missing_field"
        /// A value of another type.
        case wrongType = "wrong_type"
        /// A word that the field does not know.
        case unknownValue = "unknown_value"
        /// A number, text or list outside its bounds.
        case outOfRange = "out_of_range"
        /// Something that is no path into the arguments.
        case badPath = "bad_path"
        /// A pattern that cannot be used.
        case badPattern = "bad_pattern"
        /// Two things that exclude each other.
        case contradiction
        /// Fields of two dialects in one document.
        case mixedDialects = "mixed_dialects"
        /// Something that this version does not do.
        case unsupported
        /// Warning: leaving the argument out avoids the rule.
        case unguarded
        /// Warning: the rule can never match, or never hold.
        case neverMatches = "never_matches"
        /// Warning: it changes nothing.
        case noEffect = "no_effect"
        /// Warning: callers without a session share their grant's counter.
        case sessionFallback = "session_fallback"
    }

    /// Whether the document is refused for it.
    public var severity: Severity
    /// The kind of problem.
    public var code: Code
    /// Where: an RFC 6901 pointer into the document, `""` for all of it.
    public var pointer: String
    /// The line, from 1.
    public var line: Int
    /// The column in Unicode scalars, from 1.
    public var column: Int
    /// What is there, shortened.
    public var found: String
    /// What should be there.
    public var expected: String
    /// The nearest valid spelling, where there is one.
    public var suggestion: String?
}

extension PolicyProblem: CustomStringConvertible {
    /// One line: pointer, place, found, expected, nearest.
    public var description: String {
        let place = pointer.isEmpty ? "(document)" : pointer
        let nearest = suggestion.map { "; nearest: \($0)" } ?? ""
        return "\(place) (line \(line), column \(column)): found \(found); expected \(expected)\(nearest)"
    }
}

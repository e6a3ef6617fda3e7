/// The spellings of a policy that are read.
public enum PolicyDialect: String, Sendable, CaseIterable {
    /// `version`, `default`, `tools` with `limits`, `require` and `deny_if`.
    case normal
    /// `tools` with `action`, `rate_limit` and `reason`.
    case shorthand
}

/// What came of reading a document.
public struct PolicyReading: Sendable {
    /// The document, nil when there is any error.
    public let document: PolicyDocument?
    /// Everything that is wrong, in the order of the text.
    public let errors: [PolicyProblem]
    /// What is allowed but doubtful, in the order of the text.
    public let warnings: [PolicyProblem]
    /// How it was written.
    public let dialect: PolicyDialect

    /// What comes of a text that cannot be read at all.
    public static func unreadable(line: Int, column: Int, found: String, expected: String) -> PolicyReading {
        let problem = PolicyProblem(
            severity: .error, code: .notJSON, pointer: "", line: line, column: column, found: found, expected: expected,
            suggestion: nil)
        return PolicyReading(document: nil, errors: [problem], warnings: [], dialect: .normal)
    }

    /// The same with other lines and columns: those of the text that this one was made of.
    public func placed(_ place: (_ line: Int, _ column: Int) -> (line: Int, column: Int)) -> PolicyReading {
        func moved(_ problems: [PolicyProblem]) -> [PolicyProblem] {
            problems.map { problem in
                var problem = problem
                (problem.line, problem.column) = place(problem.line, problem.column)
                return problem
            }
        }
        return PolicyReading(document: document, errors: moved(errors), warnings: moved(warnings), dialect: dialect)
    }
}

extension PolicyDocument {
    /// Reads a document: every error at once, nothing half-read.
    ///
    /// - Parameter bytes: JSON in the normal form or in the shorthand.
    public static func read(_ bytes: [UInt8]) -> PolicyReading {
        var reader: DocumentReader
        do {
            reader = try DocumentReader(bytes)
        } catch {
            let problem = DocumentReader.notJSON(error, bytes)
            return PolicyReading(document: nil, errors: [problem], warnings: [], dialect: .normal)
        }
        reader.refuseDuplicateKeys()
        let dialect = reader.dialect()
        var document: PolicyDocument?
        switch dialect {
        case .normal: document = reader.readDocument()
        case .shorthand: document = reader.readShorthand()
        }
        guard !reader.hasErrors, var document else {
            return PolicyReading(
                document: nil, errors: reader.problems(.error), warnings: reader.problems(.warning), dialect: dialect)
        }
        document.normalForm = NormalFormWriter.bytes(of: document)
        if dialect == .normal { reader.review(document) }
        return PolicyReading(document: document, errors: [], warnings: reader.problems(.warning), dialect: dialect)
    }
}

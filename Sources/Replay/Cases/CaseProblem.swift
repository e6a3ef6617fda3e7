/// Something wrong in a file of cases: where, what was found, what was expected.
public struct CaseProblem: Error, Sendable, Equatable {
    /// Where: an RFC 6901 pointer into the file, `""` for all of it.
    public var pointer: String
    /// The line, from 1.
    public var line: Int
    /// What is there, shortened; never an argument.
    public var found: String
    /// What should be there.
    public var expected: String
    /// The nearest valid spelling, where there is one.
    public var suggestion: String?
}

extension CaseProblem: CustomStringConvertible {
    /// One line: pointer, place, found, expected, nearest.
    public var description: String {
        let place = pointer.isEmpty ? "(file)" : pointer
        let nearest = suggestion.map { "; nearest: \($0)" } ?? ""
        return "\(place) (line \(line)): found \(found); expected \(expected)\(nearest)"
    }
}

/// A file of cases was refused.
public struct CaseRefusal: Error, Sendable {
    /// Everything that is wrong with it, in the order of the text.
    public let problems: [CaseProblem]
}

/// Something wrong in a configuration or a file of grants: where, what was found, what was expected.
public struct ConfigurationProblem: Error, Sendable, Equatable {
    /// The kind of problem.
    public enum Code: String, Sendable, CaseIterable {
        /// Not a document that can be read.
        case notReadable = "not_readable"
        /// A key occurs twice in one object.
        case duplicateKey = "duplicate_key"
        /// A field that does not exist.
        case unknownField = "unknown_field"
        /// A required field is absent.
        case missingField = "missing_field"
        /// A value of another type.
        case wrongType = "wrong_type"
        /// A word or name that is not known.
        case unknownValue = "unknown_value"
        /// A number, text or list outside its bounds.
        case outOfRange = "out_of_range"
        /// Two things that exclude each other.
        case contradiction
        /// Two grants with one id, or one token.
        case duplicate
        /// A variable or file that is named is not there.
        case notFound = "not_found"
        /// A file that others must not read, but can.
        case exposed
        /// A policy that is refused.
        case policy
        /// Something that this version does not do.
        case unsupported
    }

    /// The kind of problem.
    public var code: Code
    /// The file it is in, where that is not the configuration itself.
    public var file: String?
    /// Where: an RFC 6901 pointer into the document, `""` for all of it.
    public var pointer: String
    /// The line, from 1.
    public var line: Int
    /// The column in Unicode scalars, from 1.
    public var column: Int
    /// What is there, shortened; never a secret's value.
    public var found: String
    /// What should be there.
    public var expected: String
    /// The nearest valid spelling, where there is one.
    public var suggestion: String?
}

extension ConfigurationProblem: CustomStringConvertible {
    /// One line: pointer, place, found, expected, nearest.
    public var description: String {
        let file = file.map { "\($0): " } ?? ""
        let place = pointer.isEmpty ? "(document)" : pointer
        let nearest = suggestion.map { "; nearest: \($0)" } ?? ""
        return "\(file)\(place) (line \(line), column \(column)): found \(found); expected \(expected)\(nearest)"
    }
}

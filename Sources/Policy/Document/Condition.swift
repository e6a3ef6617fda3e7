public import StrictJSON

/// The eleven ways to compare an argument with a value.
public enum ConditionOperator: String, Sendable, CaseIterable {
    /// Equal.
    case eq
    /// Not equal.
    case neq
    /// Less than.
    case lt
    /// At most.
    case lte
    /// Greater than.
    case gt
    /// At least.
    case gte
    /// One of a list.
    case `in`
    /// None of a list.
    case notIn = "not_in"
    /// Present and not null, or the contrary.
    case exists
    /// Matches a regular expression somewhere.
    case regex
    /// Has a text inside, or an element in a list.
    case contains
}

/// A value that a policy compares with.
public enum ConditionValue: Sendable {
    /// JSON's null, which is allowed inside lists and objects only.
    case null
    /// A boolean.
    case bool(Bool)
    /// An exact number.
    case number(JSONNumber)
    /// A text.
    case string(String)
    /// A list.
    case array([ConditionValue])
    /// An object, its members sorted by the bytes of their keys.
    case object([(key: String, value: ConditionValue)])
}

/// One comparison of one argument.
public struct Condition: Sendable {
    /// Where the argument is.
    public let path: ArgumentPath
    /// How it is compared.
    public let op: ConditionOperator
    /// What it is compared with.
    public let value: ConditionValue
    /// The compiled pattern of `regex`.
    let pattern: LinearRegex?

    /// `args.amount-gt`, as rule ids name a condition.
    var label: String { "\(path.text)-\(op.rawValue)" }
}

extension ConditionValue {
    /// The kind, as arguments have it.
    var kind: JSONKind {
        switch self {
        case .null: .null
        case .bool(let value): value ? .true : .false
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// What a person calls the type.
    var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

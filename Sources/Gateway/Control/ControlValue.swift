import StrictJSON

/// A JSON value in a control line.
///
/// Members of objects keep their order, so that a reply reads as it was meant.
public enum ControlValue: Sendable {
    /// `null`.
    case null
    /// A boolean.
    case flag(Bool)
    /// A whole number.
    case integer(Int)
    /// Another number; what is not finite is written as `null`.
    case decimal(Double)
    /// A string.
    case text(String)
    /// An array.
    case list([ControlValue])
    /// An object.
    case object([(name: String, value: ControlValue)])

    /// The text, if it is one.
    public var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The whole number, if it is one.
    public var integer: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The boolean, if it is one.
    public var flag: Bool? {
        if case .flag(let value) = self { value } else { nil }
    }

    /// The elements, if it is a list.
    public var list: [ControlValue]? {
        if case .list(let values) = self { values } else { nil }
    }

    /// The members, if it is an object.
    public var members: [(name: String, value: ControlValue)]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// An object's member.
    public subscript(name: String) -> ControlValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// Takes a value out of a tree.
    init(_ tree: JSONTree, _ node: JSONNode) {
        switch tree.kind(node) {
        case .null: self = .null
        case .true: self = .flag(true)
        case .false: self = .flag(false)
        case .string: self = .text(tree.string(node) ?? "")
        case .array: self = .list(tree.elements(node).map { ControlValue(tree, $0) })
        case .object:
            self = .object(tree.members(node).map { (tree.string($0.key) ?? "", ControlValue(tree, $0.value)) })
        case .number:
            if let value = tree.number(node)?.int64 {
                self = .integer(Int(value))
            } else {
                let token = tree.withUnsafeBytes(of: node) { String(decoding: $0, as: UTF8.self) }
                self = .decimal(Double(token) ?? .infinity)
            }
        }
    }

    /// Appends the value as JSON, without white space.
    func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .flag(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .decimal(let value): bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
        case .text(let text): JSONText.append(text, to: &bytes)
        case .list(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONText.append(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// The value as one line of JSON.
    public var json: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ControlValue: Equatable {
    /// Whether two values are the same, members in the same order.
    public static func == (left: ControlValue, right: ControlValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.flag(let a), .flag(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.decimal(let a), .decimal(let b)): a == b
        case (.text(let a), .text(let b)): a == b
        case (.list(let a), .list(let b)): a == b
        case (.object(let a), .object(let b)): a.elementsEqual(b) { $0.name == $1.name && $0.value == $1.value }
        default: false
        }
    }
}

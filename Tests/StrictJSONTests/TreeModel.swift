import StrictJSON

extension JSONTree {
    /// What the tree's public interface says about a value, as a model.
    func model(_ node: JSONNode) -> Model {
        switch kind(node) {
        case .null: return .null
        case .true: return .bool(bool(node) ?? false)
        case .false: return .bool(bool(node) ?? true)
        case .number:
            let token = Array(bytes[range(node)])
            guard case .number(let decimal)? = Oracle.parse(token) else { return .string(token) }
            return .number(decimal)
        case .string: return .string(Array((string(node) ?? "").utf8))
        case .array: return .array(elements(node).map { model($0) })
        case .object:
            return .object(
                members(node).map { .init(key: Array((string($0.key) ?? "").utf8), value: model($0.value)) })
        }
    }

    func canonical(_ node: JSONNode) -> [UInt8] {
        var buffer: [UInt8] = []
        appendCanonical(node, to: &buffer)
        return buffer
    }
}

import Events
import StrictJSON

/// Writes a document in its one spelling.
///
/// Fields in the order of `PolicyFields`, tools by their names' bytes, no white space, nothing that says the default.
/// The result is a document with the same meaning, and the same result again.
struct NormalFormWriter {
    private var bytes: [UInt8] = []

    static func bytes(of document: PolicyDocument) -> [UInt8] {
        var writer = NormalFormWriter()
        writer.write(document)
        return writer.bytes
    }

    /// The canonical bytes of a value.
    static func bytes(of value: ConditionValue) -> [UInt8] {
        var writer = NormalFormWriter()
        writer.write(value)
        return writer.bytes
    }

    private mutating func write(_ document: PolicyDocument) {
        object { writer in
            writer.field("version", PolicyFields.version)
            writer.field("default", document.byDefault.rawValue)
            writer.list("hide", document.hide) { $0.write($1) }
            if document.allTools.isNotEmpty { writer.key("all_tools", { $0.write(document.allTools) }) }
            if !document.tools.isEmpty {
                writer.key("tools") { writer in
                    writer.object { writer in
                        for (name, rules) in document.tools { writer.key(name, { $0.write(rules) }) }
                    }
                }
            }
            if let brake = document.brake { writer.key("brake", { $0.write(brake) }) }
            if document.mode != .enforce { writer.field("mode", document.mode.rawValue) }
        }
    }

    private mutating func write(_ rules: ToolRules) {
        object { writer in
            writer.list("limits", rules.limits) { $0.write($1) }
            writer.list("require", rules.require) { $0.write($1) }
            writer.list("deny_if", rules.denyIf) { $0.write($1) }
            if let risk = rules.risk { writer.field("risk", risk.rawValue) }
            writer.list("record", rules.record) { $0.write($1.text) }
            if let mode = rules.mode { writer.field("mode", mode.rawValue) }
            if let approval = rules.approval { writer.key("approval", { $0.write(approval) }) }
        }
    }

    private mutating func write(_ rule: PolicyRule) {
        object { writer in
            if let name = rule.name { writer.field("name", name) }
            writer.key("conditions") { writer in
                writer.array(rule.conditions) { writer, condition in
                    writer.object { writer in
                        writer.field("path", condition.path.text)
                        writer.field("op", condition.op.rawValue)
                        writer.key("value", { $0.write(condition.value) })
                    }
                }
            }
            if let onDeny = rule.onDeny { writer.field("on_deny", onDeny) }
        }
    }

    private mutating func write(_ limit: LimitRule) {
        object { writer in
            writer.field("counter", limit.counter)
            if let window = NamedWindow(seconds: limit.windowSeconds) {
                writer.field("window", window.rawValue)
            } else {
                writer.key("window", { $0.append("\(limit.windowSeconds)") })
            }
            writer.key("max", { $0.append("\(limit.maximum)") })
            writer.field("scope", limit.scope.rawValue)
            switch limit.increment {
            case .constant(1): break
            case .constant(let count): writer.key("increment", { $0.append("\(count)") })
            case .from(let path): writer.field("increment_from", path.text)
            }
            if limit.algorithm != .sliding { writer.field("algorithm", limit.algorithm.rawValue) }
        }
    }

    private mutating func write(_ approval: ApprovalRule) {
        object { writer in
            writer.field("timeout", DurationText.text(approval.timeoutSeconds))
            writer.field("on_timeout", approval.onTimeout.rawValue)
            if let reason = approval.reason { writer.field("reason", reason) }
        }
    }

    private mutating func write(_ brake: Brake) {
        object { writer in
            writer.list("on", brake.on) { $0.write($1) }
            writer.field("action", brake.action.rawValue)
            writer.field("cooldown", DurationText.text(brake.cooldownSeconds))
        }
    }

    private mutating func write(_ value: ConditionValue) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .number(let number): append(number.description)
        case .string(let text): write(text)
        case .array(let elements): array(elements) { $0.write($1) }
        case .object(let members):
            object { writer in
                for (key, value) in members { writer.key(key, { $0.write(value) }) }
            }
        }
    }

    // MARK: JSON

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func separate() {
        if let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "["), last != UInt8(ascii: ":") {
            append(",")
        }
    }

    private mutating func object(_ body: (inout NormalFormWriter) -> Void) {
        append("{")
        body(&self)
        append("}")
    }

    private mutating func array<Element>(
        _ elements: [Element], _ body: (inout NormalFormWriter, Element) -> Void
    ) {
        append("[")
        for element in elements {
            separate()
            body(&self, element)
        }
        append("]")
    }

    private mutating func key(_ key: String, _ body: (inout NormalFormWriter) -> Void) {
        separate()
        write(key)
        append(":")
        body(&self)
    }

    private mutating func field(_ name: String, _ text: String) {
        key(name, { $0.write(text) })
    }

    private mutating func list<Element>(
        _ name: String, _ elements: [Element], _ body: (inout NormalFormWriter, Element) -> Void
    ) {
        if !elements.isEmpty { key(name, { $0.array(elements, body) }) }
    }

    private mutating func write(_ text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case ..<0x20:
                append(byte < 0x10 ? "\\u000" : "\\u00")
                append(String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        append("\"")
    }
}

extension ToolRules {
    /// Whether anything is said.
    var isNotEmpty: Bool {
        !require.isEmpty || !denyIf.isEmpty || !limits.isEmpty || risk != nil || !record.isEmpty || mode != nil
            || approval != nil
    }
}

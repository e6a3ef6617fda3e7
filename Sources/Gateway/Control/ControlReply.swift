import StrictJSON

/// What the process that holds a log answers: `{"ok": true, …}` or `{"ok": false, "error": …, "hint": …}`.
public struct ControlReply: Sendable, Equatable {
    /// Why it could not be done, and what helps.
    public struct Refusal: Sendable, Equatable {
        /// What happened.
        public var error: String
        /// A command that helps.
        public var hint: String?
    }

    /// Why it could not be done; nil when it was.
    public var refusal: Refusal?
    /// What there is to say, besides.
    public var fields: [(name: String, value: ControlValue)]

    /// It was done.
    public static func done(_ fields: [(name: String, value: ControlValue)] = []) -> ControlReply {
        ControlReply(refusal: nil, fields: fields)
    }

    /// It could not be done.
    public static func refused(_ error: String, hint: String? = nil) -> ControlReply {
        ControlReply(refusal: Refusal(error: error, hint: hint), fields: [])
    }

    /// Whether it was done.
    public var isDone: Bool { refusal == nil }

    /// One of its fields.
    public subscript(name: String) -> ControlValue? {
        fields.first { $0.name == name }?.value
    }

    private init(refusal: Refusal?, fields: [(name: String, value: ControlValue)]) {
        self.refusal = refusal
        self.fields = fields
    }

    /// Reads a line.
    init(line: [UInt8]) throws(ControlError) {
        let limits = JSONLimits(maximumBytes: ControlClient.maximumReplyBytes, maximumDepth: 16)
        let tree: JSONTree
        do {
            tree = try JSONTree(parsing: line, limits: limits)
        } catch {
            throw ControlError(.protocol, "the reply is no JSON: \(error)")
        }
        guard case .object(let members) = ControlValue(tree, tree.root),
            let isDone = members.first(where: { $0.name == "ok" })?.value.flag
        else { throw ControlError(.protocol, "the reply is no object with a boolean under \"ok\"") }
        let own: Set<String> = isDone ? ["ok"] : ["ok", "error", "hint"]
        fields = members.filter { !own.contains($0.name) }
        guard !isDone else { return }
        func text(_ name: String) -> String? { members.first { $0.name == name }?.value.text }
        refusal = Refusal(error: text("error") ?? "it was refused without a reason", hint: text("hint"))
    }

    /// The reply as a line, with its line break.
    var line: [UInt8] {
        var members: [(name: String, value: ControlValue)] = [("ok", .flag(isDone))]
        if let refusal {
            members.append(("error", .text(refusal.error)))
            if let hint = refusal.hint { members.append(("hint", .text(hint))) }
        }
        var bytes: [UInt8] = []
        ControlValue.object(members + fields).write(to: &bytes)
        return bytes + [UInt8(ascii: "\n")]
    }

    /// Whether two replies say the same.
    public static func == (left: ControlReply, right: ControlReply) -> Bool {
        left.refusal == right.refusal && ControlValue.object(left.fields) == ControlValue.object(right.fields)
    }
}

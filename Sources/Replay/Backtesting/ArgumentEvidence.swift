import Events
import Policy
import StrictJSON

/// What a record says of a call's arguments, and what follows from it; never a guess.
struct ArgumentEvidence {
    private let decision: Decision
    /// The policy that decided, where there was one and it is kept.
    private let policy: RecordedPolicyLooks?
    /// Whether a gateway wrote the record, so that a call without argument keys is one without arguments.
    private let isGateways: Bool

    init(_ decision: Decision, _ policy: RecordedPolicyLooks?, isGateways: Bool) {
        self.decision = decision
        self.policy = policy
        self.isGateways = isGateways
    }

    /// What a condition can have found: one fact where that is known, else each that the record allows.
    func facts(of look: ConditionLook) -> [UInt8] {
        if let fact = policy?.fact(of: look.spelling, in: decision) { return [fact] }
        guard let arguments = arguments(at: look) else { return Self.all }
        var facts: [UInt8] = []
        for argument in arguments {
            let fact = look.fact(of: argument)
            if !facts.contains(fact) { facts.append(fact) }
        }
        return facts.isEmpty ? Self.all : facts
    }

    /// Holds, does not hold, cannot be compared.
    private static let all = Array("10!".utf8)

    /// What a limit can have counted: whole numbers, nil for what cannot be counted; nil where anything is possible.
    func costs(of path: String, _ look: ConditionLook) -> [Int?]? {
        if policy?.incrementPath == path {
            if let cost = decision.cost { return [cost] }
            // The limit itself refused what it could not count.
            if decision.reason == .typeMismatch, decision.rule?.contains("/limits/") == true { return [nil] }
        }
        return arguments(at: look)?.map { argument in
            guard case .value(let tree) = argument, let number = tree.number(tree.root), number.isInteger,
                !number.isNegative
            else { return nil }
            return Int(min(number.int64 ?? 1 << 53, 1 << 53))
        }
    }

    /// What an argument can have been; nil where the record does not say.
    private func arguments(at look: ConditionLook) -> [ConditionLook.Argument]? {
        var possible: [ConditionLook.Argument]
        if isAbsent(look.firstKey) {
            possible = [.missing]
        } else if let policy, policy.records(look.path), !isShortened {
            if let text = recorded(look.path) {
                guard let readings = Self.readings(of: text) else { return nil }
                possible = readings
            } else {
                possible = [.missing, .ambiguous]
            }
        } else {
            return nil
        }
        // A text in the record may stand for a string or for what it spells: what the recorded policy's conditions found
        // at the same path tells them apart.
        for (index, other) in policy?.looks(at: look.path) ?? [] {
            guard let fact = policy?.fact(at: index, in: decision) else { continue }
            possible.removeAll { other.fact(of: $0) != fact }
        }
        return possible.isEmpty ? nil : possible
    }

    /// Whether the call had no argument of this name, nor one that differs in case only.
    private func isAbsent(_ key: String) -> Bool {
        guard decision.argumentKeysOther == nil, key.utf8.allSatisfy({ $0 < 0x80 }) else { return false }
        guard let keys = decision.argumentKeys else {
            return isGateways && decision.argumentBytes == nil && decision.argumentDigest == nil
        }
        let wanted = key.lowercased()
        return keys.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } && $0.lowercased() != wanted }
    }

    /// Whether the record was too long and left its lists out.
    private var isShortened: Bool {
        decision.argumentKeys == nil && decision.argumentKeysOther != nil && decision.recordedArguments == nil
    }

    /// The recorded text of an argument.
    private func recorded(_ path: String) -> String? {
        let prefix = Array("\(path)=".utf8)
        for text in decision.recordedArguments ?? [] where text.utf8.starts(with: prefix) {
            return String(decoding: text.utf8.dropFirst(prefix.count), as: UTF8.self)
        }
        return nil
    }

    /// What a recorded text can stand for: a string, or the JSON value that it spells; nil where it was cut.
    private static func readings(of text: String) -> [ConditionLook.Argument]? {
        guard !text.hasSuffix("\u{2026}") else { return nil }
        var readings: [ConditionLook.Argument] = []
        if let string = try? JSONTree(parsing: JSONQuote.bytes(of: text)) { readings.append(.value(string)) }
        // A string is recorded without its quotation marks, so what begins with one is no JSON string.
        if let value = try? JSONTree(parsing: Array(text.utf8)), value.kind(value.root) != .string {
            readings.append(.value(value))
        }
        return readings
    }
}

/// The conditions of a recorded policy over one tool, in the order of `facts`, and what it records.
struct RecordedPolicyLooks {
    private let looks: [ConditionLook]
    private let record: [String]
    private let isOpen: Bool
    let incrementPath: String?

    init(_ policy: CompiledPolicy, tool: String) {
        let rules = policy.document.rules(ofTool: tool)
        looks = (policy.document.allTools.looks + rules.looks).map(\.look)
        record = rules.record.map(\.text)
        isOpen = policy.standing(ofTool: tool) == .open
        incrementPath = policy.document.allTools.incrementPath ?? rules.incrementPath
    }

    /// Whether an argument that is there is in the record.
    ///
    /// Not where `=` in another path would make the one look like the other's.
    func records(_ path: String) -> Bool {
        isOpen && record.contains(path) && !record.contains { $0.hasPrefix("\(path)=") }
    }

    /// The conditions at a path.
    func looks(at path: String) -> [(index: Int, look: ConditionLook)] {
        looks.enumerated().filter { $0.element.path == path }.map { ($0.offset, $0.element) }
    }

    /// What a condition of a spelling found; nil where none was looked at.
    func fact(of spelling: [UInt8], in decision: Decision) -> UInt8? {
        for index in looks.indices where looks[index].spelling == spelling {
            if let fact = fact(at: index, in: decision) { return fact }
        }
        return nil
    }

    /// What a condition found; nil where it was not looked at.
    func fact(at index: Int, in decision: Decision) -> UInt8? {
        guard let facts = decision.facts?.utf8, facts.count == looks.count else { return nil }
        let fact = facts[facts.index(facts.startIndex, offsetBy: index)]
        return fact == UInt8(ascii: "-") ? nil : fact
    }
}

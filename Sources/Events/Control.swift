/// Something about the log, the policy or the fleet itself, with the fields that its event needs.
public struct Control: Sendable, Equatable {
    /// A field's name, in the order in which fields are written.
    public enum Key: String, Sendable, CaseIterable {
        case origin, epoch, purpose, durability
        case digestKey = "digest_key"
        case version, gateway, agent, grant, server, session, tool
        case toolDigest = "tool_digest"
        case policy
        case policyDigest = "policy_digest"
        case peer, id, rule, severity, state, start, end, from, to, n, reason, segment, offset, bytes, removed
        case stepMicroseconds = "step_us"
        case firstSeq = "first_seq"
        case lastSeq = "last_seq"
        case firstRecord = "first_record"
        case lastRecord = "last_record"
        case attempts, denied, same, maximum, threshold, summary, by, cooldown
        case sha256, key
    }

    /// A field's value.
    public enum Value: Sendable, Equatable {
        /// A whole number within 2^53.
        case integer(Int64)
        /// A text.
        case string(String)
    }

    /// What happened.
    public var event: ControlEvent
    /// The event's fields, each at most once, in the order of `Key`.
    public private(set) var fields: [(key: Key, value: Value)] = []

    /// Makes a record without fields.
    public init(_ event: ControlEvent) {
        self.event = event
    }

    /// One field's value, nil where it is absent.
    public subscript(key: Key) -> Value? {
        get { fields.first { $0.key == key }?.value }
        set {
            fields.removeAll { $0.key == key }
            guard let newValue else { return }
            let rank = Control.rank(key)
            let index = fields.firstIndex { Control.rank($0.key) > rank } ?? fields.count
            fields.insert((key, newValue), at: index)
        }
    }

    /// One field as a text, nil where it is absent or a number.
    public func text(_ key: Key) -> String? {
        if case .string(let value)? = self[key] { value } else { nil }
    }

    /// One field as a number, nil where it is absent or a text.
    public func number(_ key: Key) -> Int64? {
        if case .integer(let value)? = self[key] { value } else { nil }
    }

    /// This record with one field more; nil values are left out.
    public func with(_ key: Key, _ value: String?) -> Control {
        guard let value else { return self }
        var copy = self
        copy[key] = .string(value)
        return copy
    }

    /// This record with one number more; nil values are left out.
    public func with(_ key: Key, _ value: (some BinaryInteger)?) -> Control {
        guard let value else { return self }
        var copy = self
        copy[key] = .integer(Int64(clamping: value))
        return copy
    }

    /// Compares events and fields.
    public static func == (a: Control, b: Control) -> Bool {
        a.event == b.event && a.fields.elementsEqual(b.fields) { $0.key == $1.key && $0.value == $1.value }
    }

    private static let ranks = Dictionary(uniqueKeysWithValues: Key.allCases.enumerated().map { ($1, $0) })

    private static func rank(_ key: Key) -> Int {
        ranks[key] ?? 0
    }
}

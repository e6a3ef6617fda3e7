/// Every key that a record of schema version 1 may have, in the order in which the encoder writes them.
///
/// The decoder looks keys up from the last match on, so that a line in the writer's order costs one comparison a key.
public enum RecordField: String, Sendable, CaseIterable {
    // Every record.
    case v, seq, ts, kind
    // Decisions.
    case gateway, agent, grant, identity
    case onBehalfOf = "on_behalf_of"
    case peer, session, client, server, transport
    case protocolRevision = "protocol"
    case method
    case rpcID = "rpc_id"
    case trace, tool
    case toolDigest = "tool_digest"
    case unlisted, risk
    case argumentKeys = "arg_keys"
    case argumentKeysOther = "arg_keys_other"
    case argumentDigest = "arg_digest"
    case argumentBytes = "arg_bytes"
    case arguments = "args"
    case decision, of, mode, reason, rule, message, policy
    case policyDigest = "policy_digest"
    case limitCounter = "limit_counter"
    case limitWindow = "limit_window_s"
    case limitMaximum = "limit_max"
    case limitUsed = "limit_used"
    case retryAfter = "retry_after_ms"
    case cost, facts, round, n
    case decideMicroseconds = "decide_us"
    // Outcomes.
    case outcome, code, reservation
    case waitMicroseconds = "wait_us"
    case upstreamMicroseconds = "upstream_us"
    case gatewayMicroseconds = "gateway_us"
    case resultBytes = "result_bytes"
    case resultDigest = "result_digest"
    // Controls; their other keys are `Control.Key`.
    case event

    /// The keys of a decision, in order.
    public static let decisionFields: [RecordField] = Array(allCases[0...index(.decideMicroseconds)])

    /// The keys of an outcome, in order.
    public static let outcomeFields: [RecordField] =
        [.v, .seq, .ts, .kind, .of, .agent, .server, .tool, .method]
        + allCases[index(.outcome)...index(.resultDigest)]

    private static func index(_ field: RecordField) -> Int {
        allCases.firstIndex(of: field) ?? 0
    }
}

/// A set of numbers of `KeyTable`, which has fewer than 128 (a test holds it to that).
struct KeySet {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ numbers: [Int] = []) {
        for number in numbers { insert(number) }
    }

    @inline(__always)
    mutating func insert(_ number: Int) {
        if number < 64 { low |= 1 << UInt64(number) } else { high |= 1 << UInt64(number - 64) }
    }

    /// Those that are not in the other, in order; empty at once where there is none.
    func numbers(notIn other: KeySet) -> [Int] {
        guard low & ~other.low | high & ~other.high != 0 else { return [] }
        return (0..<128).filter { number in
            let word = number < 64 ? low & ~other.low : high & ~other.high
            return word >> UInt64(number & 63) & 1 == 1
        }
    }
}

/// Keys of all kinds of record, numbered: the record's own first, then those that only controls have.
struct KeyTable {
    /// A key as it is compared: its length, its first eight bytes, and all of them.
    struct Entry {
        let head: UInt64
        let bytes: [UInt8]
    }

    static let shared = KeyTable()

    let entries: [Entry]
    /// The number of each control key, in the order of `Control.Key`.
    let controlKeys: [(key: Control.Key, number: Int)]
    /// By kind, in the order of `kinds`: the keys by which a record of the kind says something.
    private let known: [KeySet]
    private static let kinds: [RecordKind] = [.decision, .outcome, .control]

    private init() {
        let names =
            RecordField.allCases.map(\.rawValue)
            + Control.Key.allCases.map(\.rawValue).filter { RecordField(rawValue: $0) == nil }
        entries = names.map { name in
            let bytes = Array(name.utf8)
            return Entry(head: bytes.withUnsafeBytes { KeyTable.head($0) }, bytes: bytes)
        }
        controlKeys = Control.Key.allCases.map { key in (key, names.firstIndex(of: key.rawValue) ?? 0) }
        let common: [RecordField] = [.v, .seq, .ts, .kind]
        let known = [
            Set(RecordField.decisionFields.map(\.rawValue)), Set(RecordField.outcomeFields.map(\.rawValue)),
            Set((common + [.event]).map(\.rawValue) + Control.Key.allCases.map(\.rawValue)),
        ]
        self.known = known.map { known in KeySet(names.indices.filter { known.contains(names[$0]) }) }
    }

    /// The keys by which a record of a kind says something.
    func known(to kind: RecordKind) -> KeySet {
        known[KeyTable.kinds.firstIndex(of: kind) ?? 0]
    }

    /// The number of a key, looked for from `hint` on and around.
    @inline(__always)
    func number(of key: UnsafeRawBufferPointer, from hint: Int) -> Int? {
        let head = KeyTable.head(key)
        return entries.withUnsafeBufferPointer { entries in
            var number = hint
            for _ in 0..<entries.count {
                if number >= entries.count { number = 0 }
                if entries[number].head == head, entries[number].bytes.count == key.count,
                    key.count <= 8 || entries[number].bytes.elementsEqual(key)
                {
                    return number
                }
                number += 1
            }
            return nil
        }
    }

    @inline(__always)
    private static func head(_ key: UnsafeRawBufferPointer) -> UInt64 {
        if key.count >= 8 { return key.loadUnaligned(as: UInt64.self) }
        var head: UInt64 = 0
        for byte in key { head = head << 8 | UInt64(byte) }
        return head
    }
}

extension RecordField {
    /// The key's place in `allCases`, which is the order of the declarations.
    @inline(__always)
    var number: Int {
        // An enumeration without payloads is its ordinal; a test holds this to `allCases`. A dictionary costs 20 ns.
        Int(unsafeBitCast(self, to: UInt8.self))
    }
}

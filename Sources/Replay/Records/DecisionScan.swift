import Events
import Glibc

/// A decision's line read for its verdict alone: who called what, what was decided and from which facts.
///
/// A tenth of the time that decoding takes, which makes up most of a replay's. Only lines as tollgate writes them, keys in
/// their order and nothing escaped; all others are decoded. What a verdict does not hang on (client, arguments, digests
/// of the tool) is left out.
enum DecisionScan {
    /// The fields that are read, in the order of the record.
    private enum Field: Int, CaseIterable {
        case agent, grant, session, server, transport, tool, decision, of, mode, reason, rule, message, policy
        case policyDigest, counter, window, maximum, used, retry, cost, facts

        var key: String {
            switch self {
            case .policyDigest: "policy_digest"
            case .counter: "limit_counter"
            case .window: "limit_window_s"
            case .maximum: "limit_max"
            case .used: "limit_used"
            case .retry: "retry_after_ms"
            default: "\(self)"
            }
        }
    }

    /// All keys of a decision in the order in which they are written, and which of them are read.
    private static let keys: [(text: [UInt8], field: Int?, isNumber: Bool)] = [
        "gateway", "agent", "grant", "identity", "on_behalf_of", "peer", "session", "client", "server", "transport",
        "protocol", "method", "rpc_id", "trace", "tool", "tool_digest", "unlisted", "risk", "arg_keys",
        "arg_keys_other", "arg_digest", "arg_bytes", "args", "decision", "of", "mode", "reason", "rule", "message",
        "policy", "policy_digest", "limit_counter", "limit_window_s", "limit_max", "limit_used", "retry_after_ms",
        "cost", "facts", "round", "n", "decide_us",
    ].map { key in
        let field = Field.allCases.first { $0.key == key }
        let numbers: [Field] = [.of, .window, .maximum, .used, .retry, .cost]
        return (Array(key.utf8), field?.rawValue, field.map { numbers.contains($0) } ?? false)
    }
    private static let fieldCount = Field.allCases.count
    private static let begin = Array("{\"v\":1,\"seq\":".utf8)
    private static let time = Array(",\"ts\":\"".utf8)
    private static let kind = Array("\",\"kind\":\"decision\"".utf8)

    /// The time and the verdict of a decision's line; nil for any other line, and for one that is to be decoded.
    static func read(_ line: UnsafeRawBufferPointer) -> (time: Timestamp, decision: Decision)? {
        var scan = LineScan(line)
        guard scan.pass(begin), scan.passDigits(), scan.pass(time),
            let stamp = scan.take(Timestamp.textLength), let time = Timestamp(utf8: stamp), scan.pass(kind)
        else { return nil }
        return withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: fieldCount) {
            values in
            values.initialize(repeating: UnsafeRawBufferPointer(start: nil, count: 0))
            var next = 0
            while let key = scan.nextKey() {
                guard let value = scan.value() else { return nil }
                // Optional fields are passed over; a key that comes again, or is none of ours, finds no place.
                while next < keys.count, !same(keys[next].text, key) { next += 1 }
                guard next < keys.count else { return nil }
                if let field = keys[next].field {
                    // Behind a colon stands a number, behind a quotation mark a text.
                    guard line[scan.place(of: value) - 1] == (keys[next].isNumber ? 0x3A : 0x22) else { return nil }
                    values[field] = value
                }
                next += 1
            }
            guard scan.isAtEnd else { return nil }
            return decision(Values(values: values)).map { (time, $0) }
        }
    }

    private static func same(_ key: [UInt8], _ other: UnsafeRawBufferPointer) -> Bool {
        guard key.count == other.count, let base = other.baseAddress else { return false }
        return key.withUnsafeBytes { memcmp(base, $0.baseAddress ?? base, key.count) == 0 }
    }

    private struct Values {
        let values: UnsafeMutableBufferPointer<UnsafeRawBufferPointer>

        func has(_ field: Field) -> Bool { values[field.rawValue].baseAddress != nil }

        func text(_ field: Field) -> String? {
            has(field) ? String(decoding: values[field.rawValue], as: UTF8.self) : nil
        }

        func word<Word: RawRepresentable>(_ field: Field, _: Word.Type) -> Word? where Word.RawValue == String {
            text(field).flatMap { Word(rawValue: $0) }
        }

        /// A number as the record has it; nil where it is absent, and `isValid` false where it is none.
        func number(_ field: Field, _ isValid: inout Bool) -> Int? {
            guard has(field) else { return nil }
            let digits = values[field.rawValue]
            var value = 0
            for byte in digits {
                guard byte &- 0x30 < 10, digits.count < 17 else {
                    isValid = false
                    return nil
                }
                value = value * 10 + Int(byte - 0x30)
            }
            if digits.isEmpty { isValid = false }
            return value
        }
    }

    private static func decision(_ values: Values) -> Decision? {
        var isValid = true
        guard let server = values.text(.server),
            let transport = values.word(.transport, Transport.self),
            let verdict = values.word(.decision, Verdict.self), let mode = values.word(.mode, Mode.self),
            let reason = values.word(.reason, Reason.self)
        else { return nil }
        var decision = Decision(
            gateway: "", identity: .unresolved, server: server, transport: transport, method: "", verdict: verdict,
            mode: mode, reason: reason)
        decision.agent = values.text(.agent)
        decision.grant = values.text(.grant)
        decision.session = values.text(.session)
        decision.tool = values.text(.tool)
        decision.of = values.number(.of, &isValid).map { UInt64($0) }
        decision.rule = values.text(.rule)
        decision.message = values.text(.message)
        decision.policy = values.text(.policy)
        if values.has(.policyDigest) {
            decision.policyDigest = Digest64(hex: values.values[Field.policyDigest.rawValue])
            isValid = isValid && decision.policyDigest != nil
        }
        if let counter = values.text(.counter) {
            guard let window = values.number(.window, &isValid), let maximum = values.number(.maximum, &isValid),
                let used = values.number(.used, &isValid)
            else { return nil }
            decision.limit = LimitReading(counter: counter, windowSeconds: window, maximum: maximum, used: used)
        }
        decision.retryAfterMilliseconds = values.number(.retry, &isValid)
        decision.cost = values.number(.cost, &isValid)
        decision.facts = values.text(.facts)
        return isValid ? decision : nil
    }
}

/// Walks over a line without white space or escapes.
private struct LineScan {
    private let line: UnsafeRawBufferPointer
    private var place = 0

    init(_ line: UnsafeRawBufferPointer) {
        self.line = line
    }

    /// Where a value begins in the line.
    func place(of value: UnsafeRawBufferPointer) -> Int {
        guard let base = line.baseAddress, let start = value.baseAddress else { return 1 }
        return start - base
    }

    /// Whether all has been read but the brace that ends the line.
    var isAtEnd: Bool { place == line.count - 1 && line[place] == UInt8(ascii: "}") }

    mutating func pass(_ text: [UInt8]) -> Bool {
        guard place + text.count <= line.count, let base = line.baseAddress,
            text.withUnsafeBytes({ memcmp(base + place, $0.baseAddress ?? base, text.count) == 0 })
        else { return false }
        place += text.count
        return true
    }

    mutating func passDigits() -> Bool {
        let first = place
        while place < line.count, line[place] &- 0x30 < 10 { place += 1 }
        return place > first
    }

    mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard place + count <= line.count else { return nil }
        defer { place += count }
        return UnsafeRawBufferPointer(rebasing: line[place..<place + count])
    }

    /// The next key, the colon behind it passed; nil where none follows.
    mutating func nextKey() -> UnsafeRawBufferPointer? {
        guard place + 1 < line.count, line[place] == UInt8(ascii: ","), line[place + 1] == UInt8(ascii: "\"") else {
            return nil
        }
        place += 1
        guard let key = string(), place < line.count, line[place] == UInt8(ascii: ":") else {
            place = line.count
            return nil
        }
        place += 1
        return key
    }

    /// A value: a string without its quotation marks, a list or a word as it stands; nil where it has escapes.
    mutating func value() -> UnsafeRawBufferPointer? {
        guard place < line.count else { return nil }
        if line[place] == UInt8(ascii: "\"") { return string() }
        let first = place
        if line[place] == UInt8(ascii: "[") {
            place += 1
            while place < line.count, line[place] != UInt8(ascii: "]") {
                if line[place] == UInt8(ascii: "\"") {
                    guard string() != nil else { return nil }
                } else {
                    place += 1
                }
            }
            place += 1
        } else {
            while place < line.count, line[place] != UInt8(ascii: ","), line[place] != UInt8(ascii: "}") { place += 1 }
        }
        guard place <= line.count else { return nil }
        return UnsafeRawBufferPointer(rebasing: line[first..<place])
    }

    private mutating func string() -> UnsafeRawBufferPointer? {
        let first = place + 1
        guard let base = line.baseAddress, first < line.count,
            let found = memchr(base + first, 0x22, line.count - first)
        else { return nil }
        let end = UnsafeRawPointer(found) - base
        guard memchr(base + first, 0x5C, end - first) == nil else { return nil }
        place = end + 1
        return UnsafeRawBufferPointer(rebasing: line[first..<end])
    }
}

/// What a line is, where only that it is a record matters.
public struct RecordHead: Sendable, Equatable {
    /// Position within the log.
    public let seq: UInt64
    /// When it was fixed.
    public let timestamp: Timestamp
    /// What it says, for controls; decisions and outcomes are checked and not built.
    public let control: Control?
    /// What the record is about.
    public let kind: RecordKind
}

/// Tells whether lines are records, exactly as `Record(utf8:)` does, without building them.
///
/// A line as the encoder writes it, keys in its order and nothing between tokens, is checked in one pass; every other line
/// is decoded, and so is what that pass is not sure of. It must accept only what the decoder accepts: a test compares both on
/// changed lines. Checking a decision costs a tenth of decoding it (`Benchmarks/Measure`: `decode it again`, `check it`).
public struct RecordCheck: Sendable {
    private let decision: [Field]
    private let outcome: [Field]
    /// The closed vocabularies' words, one vocabulary behind the other.
    private let words: [Token]

    /// Prepares the tables, once for many lines.
    public init() {
        var words: [Token] = []
        decision = RecordField.decisionFields.dropFirst(4).map {
            Field($0, isRequired: Self.ofDecisions.contains($0), &words)
        }
        outcome = RecordField.outcomeFields.dropFirst(4).map {
            Field($0, isRequired: Self.ofOutcomes.contains($0), &words)
        }
        self.words = words
    }

    /// Checks one line, with or without its newline.
    ///
    /// - Throws: `RecordError`, the one that `Record(utf8:)` throws.
    public func head(of line: UnsafeRawBufferPointer) throws(RecordError) -> RecordHead {
        if let head = canonicalHead(line) { return head }
        let record = try Record(utf8: line)
        return RecordHead(
            seq: record.seq, timestamp: record.timestamp, control: record.control, kind: record.kind)
    }

    /// Nil where the line is a control, no record, or not as the encoder writes it.
    func canonicalHead(_ line: UnsafeRawBufferPointer) -> RecordHead? {
        guard line.count <= Record.maximumBytes else { return nil }
        var scan = CanonicalScan(line)
        guard scan.skip("{\"v\":1,\"seq\":"), let seq = scan.natural(), scan.skip(",\"ts\":\""),
            let timestamp = scan.timestamp(), scan.skip("\",\"kind\":\"")
        else { return nil }
        let kind: RecordKind
        let isRecord: Bool
        if scan.skip("decision\"") {
            kind = .decision
            isRecord = scan.fields(decision, words)
        } else if scan.skip("outcome\"") {
            kind = .outcome
            isRecord = scan.fields(outcome, words)
        } else {
            return nil
        }
        return isRecord ? RecordHead(seq: seq, timestamp: timestamp, control: nil, kind: kind) : nil
    }

    private static let ofDecisions: Set<RecordField> = [
        .gateway, .identity, .server, .transport, .method, .decision, .mode, .reason,
    ]
    private static let ofOutcomes: Set<RecordField> = [.of, .outcome]

    /// A key as it stands in a line, and what must follow it.
    struct Field: Sendable {
        enum Form: Sendable {
            case text, list, flag, integer, natural, digest
            /// One of these among all words.
            case word(Range<Int>)
        }

        let key: Token
        let form: Form
        let isRequired: Bool
        /// How many of the next fields there must be where this one is: a limit has four.
        let demands: Int

        init(_ field: RecordField, isRequired: Bool, _ words: inout [Token]) {
            key = Token(",\"\(field.rawValue)\":")
            self.isRequired = isRequired
            demands = field == .limitCounter ? 3 : 0
            form =
                switch field {
                case .identity: .word(Field.add(Identity.self, to: &words))
                case .transport: .word(Field.add(Transport.self, to: &words))
                case .risk: .word(Field.add(Risk.self, to: &words))
                case .decision: .word(Field.add(Verdict.self, to: &words))
                case .mode: .word(Field.add(Mode.self, to: &words))
                case .reason: .word(Field.add(Reason.self, to: &words))
                case .outcome: .word(Field.add(Ending.self, to: &words))
                case .reservation: .word(Field.add(ReservationState.self, to: &words))
                case .toolDigest, .argumentDigest, .policyDigest, .resultDigest: .digest
                case .unlisted: .flag
                case .argumentKeys, .arguments: .list
                // An outcome's must not be negative, and a decision's never is.
                case .of: .natural
                case .argumentKeysOther, .argumentBytes, .limitWindow, .limitMaximum, .limitUsed, .retryAfter, .cost,
                    .n,
                    .decideMicroseconds, .code, .waitMicroseconds, .upstreamMicroseconds, .gatewayMicroseconds,
                    .resultBytes:
                    .integer
                default: .text
                }
        }

        private static func add<Word: CaseIterable & RawRepresentable>(
            _: Word.Type, to words: inout [Token]
        ) -> Range<Int> where Word.RawValue == String {
            let start = words.count
            words += Word.allCases.map { Token("\"\($0.rawValue)\"") }
            return start..<words.count
        }
    }

    /// A constant text of at most 24 bytes, to be compared eight at a time.
    struct Token: Sendable {
        let count: Int
        /// The first eight bytes, the first one lowest.
        let head: UInt64
        /// Which of the head's bits count.
        let mask: UInt64
        /// The second eight bytes, and the last eight, which overlap those before.
        let middle: UInt64
        let tail: UInt64

        init(_ text: String) {
            let bytes = Array(text.utf8)
            let word = { (from: Int) in
                bytes.dropFirst(from).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
            count = bytes.count
            head = word(0)
            mask = count >= 8 ? .max : (1 << UInt64(count * 8)) - 1
            middle = word(8)
            tail = word(max(0, count - 8))
        }
    }
}

extension Record {
    /// The control that this record is; nil for others.
    fileprivate var control: Control? {
        if case .control(let control) = body { control } else { nil }
    }
}

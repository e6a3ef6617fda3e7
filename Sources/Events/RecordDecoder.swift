extension Record {
    /// Reads one line, with or without its newline; keys in any order, unknown ones passed over.
    ///
    /// - Throws: `RecordError` that names the first fault and its byte.
    public init(utf8 bytes: UnsafeRawBufferPointer) throws(RecordError) {
        self = try Record.read(bytes) { _, _, _, _ in }
    }

    /// Reads one line as `init(utf8:)` does, and names the keys that it passes over: those of a newer tollgate or of
    /// another gateway, and ours where they say nothing, such as a decision's `severity`.
    ///
    /// - Parameters:
    ///   - bytes: the line, with or without its newline.
    ///   - passedOver: the keys in the line's order, each once; their values are not looked at.
    /// - Throws: `RecordError` that names the first fault and its byte.
    public init(utf8 bytes: UnsafeRawBufferPointer, passedOver: inout [String]) throws(RecordError) {
        var keys: [(start: Int, name: String)] = []
        self = try Record.read(bytes) { record, found, unknown, slots in
            for range in unknown {
                keys.append((range.lowerBound, String(decoding: bytes[range], as: UTF8.self)))
            }
            for number in found.numbers(notIn: KeyTable.shared.known(to: record.kind)) {
                let name = String(decoding: KeyTable.shared.entries[number].bytes, as: UTF8.self)
                keys.append((Int(slots[number].start), name))
            }
        }
        passedOver.removeAll(keepingCapacity: true)
        guard !keys.isEmpty else { return }
        var seen: Set<String> = []
        for (_, name) in keys.sorted(by: { $0.start < $1.start }) where seen.insert(name).inserted {
            passedOver.append(name)
        }
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer,
        _ look: (Record, KeySet, [Range<Int>], UnsafeMutableBufferPointer<RecordScanner.Slot>) -> Void
    ) throws(RecordError) -> Record {
        let result: Result<Record, RecordError> = withUnsafeTemporaryAllocation(
            of: RecordScanner.Slot.self, capacity: KeyTable.shared.entries.count
        ) { slots in
            slots.initialize(repeating: RecordScanner.Slot())
            return Result { () throws(RecordError) in
                var scanner = RecordScanner(bytes)
                var unknown: [Range<Int>] = []
                try scanner.scan(into: slots, unknown: &unknown)
                let record = try RecordBuilder(bytes: bytes, slots: UnsafeBufferPointer(slots)).record()
                look(record, scanner.found, unknown, slots)
                return record
            }
        }
        return try result.get()
    }

    /// Reads one line.
    ///
    /// - Throws: `RecordError`.
    public init(line: String) throws(RecordError) {
        var copy = line
        let result: Result<Record, RecordError> = copy.withUTF8 { utf8 in
            Result { () throws(RecordError) in try Record(utf8: UnsafeRawBufferPointer(utf8)) }
        }
        self = try result.get()
    }
}

/// Builds a record from the places that the scanner found.
struct RecordBuilder {
    let bytes: UnsafeRawBufferPointer
    let slots: UnsafeBufferPointer<RecordScanner.Slot>

    func record() throws(RecordError) -> Record {
        guard try integer(.v) == Record.version else { throw RecordError("schema version is not 1", at: 0) }
        let seq = try required(integer(.seq), .seq)
        guard seq >= 0 else { throw RecordError("negative seq", at: 0) }
        let stamp = slot(.ts)
        guard stamp.kind == .string,
            let timestamp = Timestamp(utf8: UnsafeRawBufferPointer(rebasing: bytes[Int(stamp.start)..<Int(stamp.end)]))
        else { throw RecordError("no time", at: Int(stamp.start)) }
        let body: Record.Body =
            switch try required(word(.kind, RecordKind.self), .kind) {
            case .decision: .decision(try decision())
            case .outcome: .outcome(try outcome())
            case .control: .control(try control())
            }
        return Record(seq: UInt64(seq), timestamp: timestamp, body: body)
    }

    private func decision() throws(RecordError) -> Decision {
        var decision = Decision(
            gateway: try required(text(.gateway), .gateway),
            identity: try required(word(.identity, Identity.self), .identity),
            server: try required(text(.server), .server),
            transport: try required(word(.transport, Transport.self), .transport),
            method: try required(text(.method), .method),
            verdict: try required(word(.decision, Verdict.self), .decision),
            mode: try required(word(.mode, Mode.self), .mode),
            reason: try required(word(.reason, Reason.self), .reason))
        decision.agent = try text(.agent)
        decision.grant = try text(.grant)
        decision.onBehalfOf = try text(.onBehalfOf)
        decision.peer = try text(.peer)
        decision.session = try text(.session)
        decision.client = try text(.client)
        decision.protocolRevision = try text(.protocolRevision)
        decision.rpcID = try text(.rpcID)
        decision.trace = try text(.trace)
        decision.tool = try text(.tool)
        decision.toolDigest = try digest(.toolDigest)
        decision.unlisted = try flag(.unlisted)
        decision.risk = try word(.risk, Risk.self)
        decision.argumentKeys = try list(.argumentKeys)
        decision.argumentKeysOther = try integer(.argumentKeysOther)
        decision.argumentDigest = try digest(.argumentDigest)
        decision.argumentBytes = try integer(.argumentBytes)
        decision.recordedArguments = try list(.arguments)
        decision.of = try integer(.of).map { UInt64(clamping: $0) }
        decision.rule = try text(.rule)
        decision.message = try text(.message)
        decision.policy = try text(.policy)
        decision.policyDigest = try digest(.policyDigest)
        if let counter = try text(.limitCounter) {
            decision.limit = LimitReading(
                counter: counter, windowSeconds: try required(integer(.limitWindow), .limitWindow),
                maximum: try required(integer(.limitMaximum), .limitMaximum),
                used: try required(integer(.limitUsed), .limitUsed))
        }
        decision.retryAfterMilliseconds = try integer(.retryAfter)
        decision.cost = try integer(.cost)
        decision.facts = try text(.facts)
        decision.round = try text(.round)
        decision.coalesced = try integer(.n)
        decision.decideMicroseconds = try integer(.decideMicroseconds)
        return decision
    }

    private func outcome() throws(RecordError) -> Outcome {
        let of = try required(integer(.of), .of)
        guard of >= 0 else { throw RecordError("negative of", at: Int(slot(.of).start)) }
        var outcome = Outcome(of: UInt64(of), ending: try required(word(.outcome, Ending.self), .outcome))
        outcome.agent = try text(.agent)
        outcome.server = try text(.server)
        outcome.tool = try text(.tool)
        outcome.method = try text(.method)
        outcome.code = try integer(.code)
        outcome.reservation = try word(.reservation, ReservationState.self)
        outcome.waitMicroseconds = try integer(.waitMicroseconds)
        outcome.upstreamMicroseconds = try integer(.upstreamMicroseconds)
        outcome.gatewayMicroseconds = try integer(.gatewayMicroseconds)
        outcome.resultBytes = try integer(.resultBytes)
        outcome.resultDigest = try digest(.resultDigest)
        return outcome
    }

    private func control() throws(RecordError) -> Control {
        var control = Control(try required(word(.event, ControlEvent.self), .event))
        for (key, number) in KeyTable.shared.controlKeys {
            switch slots[number].kind {
            case .absent: continue
            case .integer: control[key] = .integer(Int64(try integer(at: number)))
            case .string, .escapedString: control[key] = .string(try text(at: number))
            default: throw wrongType(number)
            }
        }
        return control
    }

    private func slot(_ field: RecordField) -> RecordScanner.Slot {
        slots[field.number]
    }

    private func wrongType(_ number: Int) -> RecordError {
        RecordError(
            "'\(String(decoding: KeyTable.shared.entries[number].bytes, as: UTF8.self))' has the wrong type",
            at: Int(slots[number].start))
    }

    private func required<T>(_ value: T?, _ field: RecordField) throws(RecordError) -> T {
        guard let value else { throw RecordError("'\(field.rawValue)' is missing", at: 0) }
        return value
    }

    private func integer(_ field: RecordField) throws(RecordError) -> Int? {
        return slots[field.number].kind == .absent ? nil : try integer(at: field.number)
    }

    private func integer(at number: Int) throws(RecordError) -> Int {
        let slot = slots[number]
        guard slot.kind == .integer else { throw wrongType(number) }
        var value = 0
        var index = Int(slot.start)
        let isNegative = bytes[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        // 2^53 has 16 digits.
        guard index < Int(slot.end), Int(slot.end) - index <= 16 else { throw wrongType(number) }
        while index < Int(slot.end) {
            value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
            index += 1
        }
        guard value <= 1 << 53 else { throw wrongType(number) }
        return isNegative ? -value : value
    }

    private func flag(_ field: RecordField) throws(RecordError) -> Bool {
        switch slot(field).kind {
        case .absent, .false: false
        case .true: true
        default: throw wrongType(field.number)
        }
    }

    private func text(_ field: RecordField) throws(RecordError) -> String? {
        return slots[field.number].kind == .absent ? nil : try text(at: field.number)
    }

    private func text(at number: Int) throws(RecordError) -> String {
        let slot = slots[number]
        let range = Int(slot.start)..<Int(slot.end)
        switch slot.kind {
        case .string: return try JSONText.plain(bytes, range)
        case .escapedString: return try JSONText.unescaped(bytes, range)
        default: throw wrongType(number)
        }
    }

    private func digest(_ field: RecordField) throws(RecordError) -> Digest64? {
        let slot = slot(field)
        guard slot.kind != .absent else { return nil }
        guard slot.kind == .string, let digest = Digest64(hex: bytes[Int(slot.start)..<Int(slot.end)]) else {
            throw wrongType(field.number)
        }
        return digest
    }

    private func word<Word: RawRepresentable>(_ field: RecordField, _: Word.Type) throws(RecordError) -> Word?
    where Word.RawValue == String {
        guard let text = try text(field) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw RecordError("unknown value of '\(field.rawValue)'", at: Int(slot(field).start))
        }
        return word
    }

    private func list(_ field: RecordField) throws(RecordError) -> [String]? {
        let slot = slot(field)
        guard slot.kind != .absent else { return nil }
        guard slot.kind == .list else { throw wrongType(field.number) }
        var values: [String] = []
        var scanner = RecordScanner(UnsafeRawBufferPointer(rebasing: bytes[..<Int(slot.end)]))
        scanner.position = Int(slot.start) + 1
        while scanner.position < Int(slot.end) - 1 {
            guard bytes[scanner.position] == UInt8(ascii: "\"") else {
                let byte = bytes[scanner.position]
                guard byte == UInt8(ascii: ",") || byte == 0x20 || byte == 0x09 else { throw wrongType(field.number) }
                scanner.position += 1
                continue
            }
            let start = scanner.position + 1
            let kind = try scanner.string()
            let range = start..<scanner.position - 1
            values.append(
                kind == .string ? try JSONText.plain(bytes, range) : try JSONText.unescaped(bytes, range))
        }
        return values
    }
}

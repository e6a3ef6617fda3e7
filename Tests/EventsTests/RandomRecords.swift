@testable import Events

/// Records with every field at random present or absent, and texts that need escaping.
struct RandomRecords {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func record(seq: UInt64) -> Record {
        let body: Record.Body =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: .decision(decision())
            case 1: .outcome(outcome())
            default: .control(control())
            }
        return Record(
            seq: seq, timestamp: Timestamp(microseconds: .random(in: 0..<4_000_000_000_000_000, using: &random)),
            body: body)
    }

    private mutating func text() -> String {
        let alphabet: [Character] = [
            "a", "Z", "0", "\"", "\\", "\n", "\u{1}", "é", "\u{2028}", "🦜", "/", " ", "\u{7F}",
        ]
        return String(
            (0..<Int.random(in: 0...12, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" })
    }

    private mutating func maybe<T>(_ value: (inout RandomRecords) -> T) -> T? {
        Bool.random(using: &random) ? value(&self) : nil
    }

    private mutating func number() -> Int {
        Int.random(in: 0...(1 << Int.random(in: 0...53, using: &random)), using: &random)
    }

    private mutating func digest() -> Digest64 {
        Digest64(random.next())
    }

    private mutating func word<T: CaseIterable>(_: T.Type, _ fallback: T) -> T {
        T.allCases.randomElement(using: &random) ?? fallback
    }

    private mutating func decision() -> Decision {
        var decision = Decision(
            gateway: text(), identity: word(Identity.self, .flag), server: text(),
            transport: word(Transport.self, .stdio),
            method: text(), verdict: word(Verdict.self, .allow), mode: word(Mode.self, .enforce),
            reason: word(Reason.self, .allowed))
        decision.agent = maybe { $0.text() }
        decision.grant = maybe { $0.text() }
        decision.onBehalfOf = maybe { $0.text() }
        decision.peer = maybe { $0.text() }
        decision.session = maybe { $0.text() }
        decision.client = maybe { $0.text() }
        decision.protocolRevision = maybe { $0.text() }
        decision.rpcID = maybe { $0.text() }
        decision.trace = maybe { $0.text() }
        decision.tool = maybe { $0.text() }
        decision.toolDigest = maybe { $0.digest() }
        decision.unlisted = Bool.random(using: &random)
        decision.risk = maybe { $0.word(Risk.self, .read) }
        decision.argumentKeys = maybe { me in (0..<Int.random(in: 0...3, using: &me.random)).map { _ in me.text() } }
        decision.argumentKeysOther = maybe { $0.number() }
        decision.argumentDigest = maybe { $0.digest() }
        decision.argumentBytes = maybe { $0.number() }
        decision.recordedArguments = maybe { me in (0..<Int.random(in: 0...3, using: &me.random)).map { _ in me.text() }
        }
        decision.of = maybe { UInt64($0.number()) }
        decision.rule = maybe { $0.text() }
        decision.message = maybe { $0.text() }
        decision.policy = maybe { $0.text() }
        decision.policyDigest = maybe { $0.digest() }
        decision.limit = maybe {
            LimitReading(counter: $0.text(), windowSeconds: $0.number(), maximum: $0.number(), used: $0.number())
        }
        decision.retryAfterMilliseconds = maybe { $0.number() }
        decision.cost = maybe { $0.number() }
        decision.facts = maybe { $0.text() }
        decision.round = maybe { $0.text() }
        decision.coalesced = maybe { $0.number() }
        decision.decideMicroseconds = maybe { $0.number() }
        return decision
    }

    private mutating func outcome() -> Outcome {
        var outcome = Outcome(of: UInt64(number()), ending: word(Ending.self, .ok))
        outcome.agent = maybe { $0.text() }
        outcome.server = maybe { $0.text() }
        outcome.tool = maybe { $0.text() }
        outcome.method = maybe { $0.text() }
        outcome.code = maybe { -$0.number() }
        outcome.reservation = maybe { $0.word(ReservationState.self, .committed) }
        outcome.waitMicroseconds = maybe { $0.number() }
        outcome.upstreamMicroseconds = maybe { $0.number() }
        outcome.gatewayMicroseconds = maybe { $0.number() }
        outcome.resultBytes = maybe { $0.number() }
        outcome.resultDigest = maybe { $0.digest() }
        return outcome
    }

    private mutating func control() -> Control {
        var control = Control(word(ControlEvent.self, .heartbeat))
        for key in Control.Key.allCases where Int.random(in: 0..<4, using: &random) == 0 {
            control[key] = Bool.random(using: &random) ? .integer(Int64(number())) : .string(text())
        }
        return control
    }
}

extension Record {
    var line: [UInt8] {
        var buffer = LineBuffer()
        buffer.append(self)
        return Array(buffer.bytes)
    }
}

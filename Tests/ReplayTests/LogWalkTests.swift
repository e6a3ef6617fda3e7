import Events
import Foundation
import Testing

@testable import Replay

/// A look at an outcome's bytes says what decoding them says.
struct LogWalkTests {
    @Test func outcomesAreReadFromTheirBytesAsTheyAreDecoded() throws {
        var random = SeededGenerator(seed: 1)
        var (quick, whole) = (0, 0)
        var lines = LineReader()
        for number in 0..<500 as Range<UInt64> {
            var outcome = Outcome(
                of: random.next() >> UInt64.random(in: 11..<64, using: &random),
                ending: .allCases.randomElement(using: &random) ?? .ok)
            outcome.agent = ["a", "rolled_back", "k\"", nil].randomElement(using: &random) ?? nil
            outcome.tool = Bool.random(using: &random) ? "back_k" : nil
            outcome.reservation = [nil, .committed, .rolledBack].randomElement(using: &random) ?? nil
            var buffer = LineBuffer()
            let record = Record(seq: number << 20, timestamp: .after(Double(number)), body: .outcome(outcome))
            buffer.append(record)
            let line = Array(buffer.bytes.dropLast())
            if case .outcome(let found)? = line.withUnsafeBytes({ lines.read($0) }) {
                #expect(found.of == outcome.of && found.reservation == outcome.reservation)
                quick += 1
            } else {
                #expect(
                    outcome.agent == "k\"" || outcome.of >= 1_000_000_000_000_000)
                whole += 1
            }
            for cut in 0..<line.count {
                #expect(line[..<cut].withUnsafeBytes { lines.read($0) == nil })
            }
        }
        #expect(quick > 100 && whole > 100)
    }

    @Test func decisionsAndControlsAreNotTakenForOutcomes() throws {
        var decision = Decision(
            gateway: "\",\"kind\":\"outcome\",\"of\":7", identity: .grant, server: "s", transport: .http,
            method: "tools/call", verdict: .allow, mode: .enforce, reason: .allowed)
        decision.of = 7
        var lines = LineReader()
        for body in [Record.Body.decision(decision), .control(Control(.logOpen))] {
            var buffer = LineBuffer()
            buffer.append(Record(seq: 3, timestamp: .start, body: body))
            #expect(buffer.bytes.dropLast().withUnsafeBytes { lines.read($0) == nil })
        }
    }

    /// A decision with any of its fields; every other one has nothing that needs an escape or many digits.
    private func decision(_ random: inout SeededGenerator) -> Decision {
        let isPlain = Bool.random(using: &random)
        var decision = Decision(
            gateway: "gw", identity: .grant, server: "s",
            transport: Transport.allCases.randomElement(using: &random) ?? .http,
            method: "tools/call", verdict: Verdict.allCases.randomElement(using: &random) ?? .allow,
            mode: Mode.allCases.randomElement(using: &random) ?? .enforce,
            reason: Reason.allCases.randomElement(using: &random) ?? .allowed)
        let text = { (random: inout SeededGenerator) -> String? in
            (["a", "", "decision", "{}", "]", String(repeating: "x", count: 40), nil, nil]
                + (isPlain ? [] : ["é", ",\"of\":7", "a\\b"])).randomElement(using: &random) ?? nil
        }
        let number = { (random: inout SeededGenerator) -> Int? in
            ([0, 7, nil] + (isPlain ? [] : [1 << 53])).randomElement(using: &random) ?? nil
        }
        decision.agent = text(&random)
        decision.grant = text(&random)
        decision.session = text(&random)
        decision.client = text(&random)
        decision.tool = text(&random)
        decision.rule = text(&random)
        decision.message = text(&random)
        decision.policy = text(&random)
        decision.facts = text(&random)
        decision.argumentKeys = [[], ["tool", "a]b"], nil].randomElement(using: &random) ?? nil
        decision.recordedArguments = [isPlain ? ["x"] : ["args.a=\"", "x"], nil].randomElement(using: &random) ?? nil
        decision.policyDigest = Bool.random(using: &random) ? Digest64(random.next()) : nil
        decision.of = isPlain ? nil : number(&random).map { UInt64($0) }
        decision.retryAfterMilliseconds = number(&random)
        decision.cost = number(&random)
        if let used = number(&random) {
            decision.limit = LimitReading(counter: text(&random) ?? "c", windowSeconds: 60, maximum: 5, used: used)
        }
        return decision
    }

    /// What a verdict hangs on.
    private func essence(_ decision: Decision) -> Decision {
        var brief = Decision(
            gateway: "", identity: .unresolved, server: decision.server, transport: decision.transport, method: "",
            verdict: decision.verdict, mode: decision.mode, reason: decision.reason)
        (brief.agent, brief.grant, brief.session) = (decision.agent, decision.grant, decision.session)
        (brief.tool, brief.of, brief.rule, brief.message) = (
            decision.tool, decision.of, decision.rule, decision.message
        )
        (brief.policy, brief.policyDigest, brief.limit) = (decision.policy, decision.policyDigest, decision.limit)
        (brief.retryAfterMilliseconds, brief.cost) = (decision.retryAfterMilliseconds, decision.cost)
        brief.facts = decision.facts
        return brief
    }

    @Test func decisionsAreReadFromTheirBytesAsTheyAreDecoded() throws {
        var random = SeededGenerator(seed: 2)
        var quick = 0
        var lines = LineReader()
        var decisions = BriefDecisions()
        let read = { (bytes: UnsafeRawBufferPointer) -> Decision? in
            guard case .decision? = lines.read(bytes) else { return nil }
            return decisions.decision(lines.decision, bytes)
        }
        for number in 0..<3000 as Range<UInt64> {
            let decision = decision(&random)
            var buffer = LineBuffer()
            let record = Record(seq: number, timestamp: .after(Double(number) / 7), body: .decision(decision))
            buffer.append(record)
            let line = Array(buffer.bytes.dropLast())
            let whole = try line.withUnsafeBytes { try Record(utf8: $0) }
            guard case .decision(let decoded) = whole.body else { return }
            guard let found = line.withUnsafeBytes({ read($0) }) else { continue }
            quick += 1
            try #require(
                lines.decision.timestamp == whole.timestamp.microseconds && found == essence(decoded), "\(number)")
            #expect(line.dropLast().withUnsafeBytes { read($0) } == nil)
        }
        #expect(quick > 1000)
    }

    @Test func linesThatAreNotTollgatesOwnAreDecoded() throws {
        var random = SeededGenerator(seed: 3)
        var decision = decision(&random)
        (decision.agent, decision.tool, decision.policy, decision.cost) = ("a", "t", "p", 7)
        for part in [\Decision.grant, \.session, \.client, \.rule, \.message, \.facts] { decision[keyPath: part] = nil }
        (decision.recordedArguments, decision.of, decision.limit, decision.retryAfterMilliseconds) = (
            nil, nil, nil, nil
        )
        var buffer = LineBuffer()
        buffer.append(Record(seq: 3, timestamp: .start, body: .decision(decision)))
        let line = String(decoding: buffer.bytes.dropLast(), as: UTF8.self)
        var lines = LineReader()
        let read = { (text: String) in Array(text.utf8).withUnsafeBytes { lines.read($0) } }
        #expect(read(line) != nil)
        for (old, new) in [
            (#""tool":"t""#, #""tool":"t","tool":"u""#), (#""cost":7"#, #""cost":-7"#), (#""cost":7"#, #""cost":"7""#),
            (#""cost":7"#, #""cost":7.5"#), (#""tool":"t""#, #""tool":7"#), (#""cost":7"#, #""cost":[7]"#),
            (#""tool":"t""#, #""tool":"\u0074""#), (#","policy""#, #", "policy""#),
            (#""v":1"#, #""v":2"#), (#""agent":"a","#, ""), (#""kind":"decision""#, #""kind":"control""#),
        ] {
            let changed = line.replacingOccurrences(of: old, with: new)
            #expect(changed != line)
            // An agent that is absent is all right.
            #expect((read(changed) == nil) == !new.isEmpty, "\(new)")
        }
    }
}

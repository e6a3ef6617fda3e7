import Events
import Testing

@testable import Replay

/// A look at an outcome's bytes says what decoding them says.
struct LogWalkTests {
    @Test func outcomesAreReadFromTheirBytesAsTheyAreDecoded() throws {
        var random = SeededGenerator(seed: 1)
        var (quick, whole) = (0, 0)
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
            let line = Array(buffer.bytes)
            let found = line.withUnsafeBytes { OutcomeScan.settled($0) }
            if let found {
                #expect(found == outcome.of && outcome.reservation != .rolledBack)
                quick += 1
            } else {
                #expect(outcome.reservation == .rolledBack || outcome.agent == "rolled_back")
                whole += 1
            }
            for cut in 0..<line.count {
                let part = line[..<cut].withUnsafeBytes { OutcomeScan.settled($0) }
                #expect(part == nil || cut > 70)
            }
        }
        #expect(quick > 100 && whole > 100)
    }

    @Test func decisionsAndControlsAreNotTakenForOutcomes() throws {
        var decision = Decision(
            gateway: "\",\"kind\":\"outcome\",\"of\":7", identity: .grant, server: "s", transport: .http,
            method: "tools/call", verdict: .allow, mode: .enforce, reason: .allowed)
        decision.of = 7
        for body in [Record.Body.decision(decision), .control(Control(.logOpen))] {
            var buffer = LineBuffer()
            buffer.append(Record(seq: 3, timestamp: .start, body: body))
            #expect(Array(buffer.bytes).withUnsafeBytes { OutcomeScan.settled($0) } == nil)
        }
    }
}

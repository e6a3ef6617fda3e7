import StrictJSON
import Testing

@testable import Gateway

/// Requests and replies are lines that say what was meant.
struct ControlMessageTests {
    private static func random(_ generator: inout SeededGenerator, depth: Int) -> ControlValue {
        switch generator.below(depth > 0 ? 7 : 5) {
        case 0: return .null
        case 1: return .flag(generator.chance(50))
        case 2: return .integer(generator.pick([0, -1, .max, .min, generator.below(1000)]))
        case 3: return .decimal(Double(generator.below(1000)) + 0.5)
        case 4:
            return .text(
                (0..<generator.below(8)).map { _ in generator.pick(["a", "\"", "\\", "\n", "\u{0}", "ü", "💡"]) }
                    .joined())
        case 5: return .list((0..<generator.below(4)).map { _ in random(&generator, depth: depth - 1) })
        default:
            return .object((0..<generator.below(4)).map { ("k\($0)\"", random(&generator, depth: depth - 1)) })
        }
    }

    @Test func whatIsWrittenIsRead() throws {
        for seed in UInt64(1)...500 {
            var generator = SeededGenerator(seed: seed)
            let fields = (0..<generator.below(5)).map { (name: "f\($0)", value: Self.random(&generator, depth: 3)) }
            let request = ControlRequest(.init(rawValue: "word \(seed)"), fields)
            let line = request.line
            #expect(line.last == 0x0A && line.count { $0 == 0x0A } == 1, "seed \(seed)")
            #expect(try ControlRequest(line: Array(line.dropLast())) == request, "seed \(seed)")
            let done = ControlReply.done(fields)
            #expect(try ControlReply(line: Array(done.line.dropLast())) == done, "seed \(seed)")
        }
        let refused = ControlReply.refused("no \"such\" grant", hint: "tollgate grant list")
        #expect(try ControlReply(line: Array(refused.line.dropLast())) == refused)
        #expect(
            String(decoding: refused.line, as: UTF8.self)
                == #"{"ok":false,"error":"no \"such\" grant","hint":"tollgate grant list"}"# + "\n")
    }

    @Test func whatIsNotFiniteIsNull() {
        #expect(ControlValue.list([.decimal(.infinity), .decimal(.nan), .decimal(1e300)]).json == "[null,null,1e+300]")
    }

    @Test(arguments: [
        "", "null", "[]", "\"status\"", "{}", #"{"do":1}"#, #"{"do":null}"#, #"{"do":"a","do":"b"}"#, #"{"do":"a"} x"#,
        #"{"do":"a""#, "\u{FEFF}{}", String(repeating: "[", count: 1000), #"{"do":"\ud800"}"#,
    ])
    func othersAreNoRequests(line: String) {
        #expect(throws: ControlError.self) { _ = try ControlRequest(line: Array(line.utf8)) }
    }

    @Test func fieldsAreFoundByName() throws {
        let request = try ControlRequest(line: Array(#"{"id":"ci","do":"grant_revoke","n":3,"x":[true]}"#.utf8))
        #expect(request.action == .grantRevoke && request["id"]?.text == "ci" && request["n"]?.integer == 3)
        #expect(request["x"]?.list?.first?.flag == true && request["do"] == nil && request["y"] == nil)
    }
}

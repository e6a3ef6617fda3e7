import Foundation
import StrictJSON
import Testing

@testable import MCP

/// Whatever an accepted call means to the gateway, it means to another parser as well.
@Suite struct DamagedEnvelopeTests {
    /// SplitMix64 (Steele, Lea, Flood 2014).
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// Pieces that are put together at random; many of the results are valid, most are hostile.
    private static let members = [
        #""jsonrpc":"2.0""#, #""jsonrpc":"2.0""#, #""jsonrpc":"2.0""#, #""id":1"#, #""id":"1""#, #""id":null"#,
        #""method":"tools/call""#, #""method":"tools/call""#, #""m\u0065thod":"tools/call""#, #""METHOD":"x""#,
        #""method":"ping""#, #""params":{"name":"echo"}"#, #""params":{"name":"echo","arguments":{"a":1}}"#,
        #""params":{"name":"echo","arguments":{"a":1,"a":2}}"#, #""params":{"name":"x","n\u0061me":"y"}"#,
        #""params":{"Name":"x","name":"y"}"#, #""params":{"name":"x","arguments":[]}"#, #""result":{}"#, #""x":[{}]"#,
    ]

    @Test(arguments: Array(1...200) as [UInt64]) func acceptedCallsMeanTheSameToFoundation(seed: UInt64) throws {
        var random = Generator(state: seed)
        var scanner = EnvelopeScanner()
        for _ in 0..<50 {
            var parts = [#""jsonrpc":"2.0""#, #""id":1"#, #""method":"tools/call""#, #""params":{"name":"echo"}"#]
            for _ in 0..<Int.random(in: 0..<3, using: &random) {
                let member = DamagedEnvelopeTests.members.randomElement(using: &random) ?? ""
                if Bool.random(using: &random), let place = parts.indices.randomElement(using: &random) {
                    parts[place] = member
                } else {
                    parts.append(member)
                }
            }
            var bytes = Array(("{" + parts.shuffled(using: &random).joined(separator: ",") + "}").utf8)
            if Bool.random(using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            guard case .request(let request)? = try? scanner.scan(bytes, framing: .line) else { continue }
            let object = try #require(
                JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any], "seed \(seed): \(bytes)")
            let name = request.method.known?.rawValue
            #expect(name == nil || object["method"] as? String == name, "seed \(seed)")
            guard let call = request.call else {
                #expect((object["method"] as? String)?.lowercased() != "tools/call", "seed \(seed)")
                continue
            }
            let params = try #require(object["params"] as? [String: Any], "seed \(seed)")
            #expect(params["name"] as? String == scanner.tree.string(call.name), "seed \(seed)")
            let arguments = call.arguments.map { Data(scanner.tree.bytes[scanner.tree.range($0)]) }
            let same = try arguments.map { try JSONSerialization.jsonObject(with: $0) as? NSDictionary } ?? nil
            #expect(params["arguments"] as? NSDictionary == same, "seed \(seed)")
            #expect(Set(params.keys.map { $0.lowercased() }).count == params.count, "seed \(seed)")
        }
    }

    @Test func everyPrefixOfACallIsRefused() {
        let text = Array(
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"k":[1,"\u00e9"]}}}"#.utf8
        )
        var scanner = EnvelopeScanner()
        for length in 0..<text.count {
            #expect(throws: EnvelopeRefusal.self) { try scanner.scan(Array(text[..<length]), framing: .line) }
        }
        #expect(throws: Never.self) { try scanner.scan(text, framing: .line) }
    }
}

import Foundation
import Testing

@testable import Dashboard

@Suite struct LabelTextTests {
    /// Whatever a name is made of, the page is read back as what was written, and no line is longer than its bounds.
    @Test func whateverStandsInANameAPageIsReadBack() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("label texts: seed \(seed)")
        var random = Generator(state: seed)
        var names: [String] = []
        for _ in 0..<500 {
            let scalars = (0..<Int.random(in: 0...200, using: &random)).compactMap { _ -> Unicode.Scalar? in
                let isTricky = Bool.random(using: &random)
                return isTricky
                    ? "\\\"\n{}=, #\u{0}\u{7F}\u{202E}".unicodeScalars.randomElement(using: &random)
                    : Unicode.Scalar(UInt32.random(in: 0...0x2_FFFF, using: &random))
            }
            var name = ""
            name.unicodeScalars.append(contentsOf: scalars)
            names.append(LabelText.of(name))
        }
        var text = MetricsText()
        text.add(.brakesPut, names.enumerated().map { Sample(["\($0)", $1], 1.0) })
        let lines = text.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == names.count, "a name ends no line; seed \(seed)")
        var found: [Int: String] = [:]
        for line in lines {
            let (server, tool) = try #require(Self.labels(line), "\(line); seed \(seed)")
            found[try #require(Int(server))] = tool
        }
        for (number, name) in names.enumerated() {
            #expect(found[number] == name, "seed \(seed)")
            #expect(name.utf8.count <= MetricLimits.nameBytes, "seed \(seed)")
            #expect(!name.unicodeScalars.contains { $0.properties.generalCategory == .control }, "seed \(seed)")
        }
    }

    /// The two labels of a line, by the format's own rules for what is escaped.
    private static func labels(_ line: Substring) -> (String, String)? {
        var rest = line.unicodeScalars.drop { $0 != "{" }.dropFirst()
        var values: [String] = []
        while rest.first != "}" {
            rest = rest.drop { $0 != "\"" }.dropFirst()
            var value = ""
            while let scalar = rest.popFirst(), scalar != "\"" {
                guard scalar == "\\" else {
                    value.unicodeScalars.append(scalar)
                    continue
                }
                guard let escaped = rest.popFirst(), "\\\"n".unicodeScalars.contains(escaped) else { return nil }
                value.unicodeScalars.append(escaped == "n" ? "\n" : escaped)
            }
            values.append(value)
            if rest.first == "," { rest = rest.dropFirst() }
            if rest.isEmpty { return nil }
        }
        return values.count == 2 && String(rest) == "} 1" ? (values[0], values[1]) : nil
    }

    /// SplitMix64.
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
}

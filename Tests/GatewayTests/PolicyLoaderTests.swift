import Foundation
import Policy
import Testing

@testable import Gateway

/// Policies from files, in JSON and in YAML.
struct PolicyLoaderTests {
    private func read(_ text: String, as name: String) throws -> PolicyReading {
        let path = NSTemporaryDirectory() + "/" + UUID().uuidString + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try PolicyLoader.read(path)
    }

    @Test func yamlSaysWhatJSONSays() throws {
        let yaml = """
            version: "1"
            default: deny
            tools:
              get_app: {}
              pay:
                approval: { timeout: 30m, on_timeout: deny }
                limits:
                  - { counter: pays, window: minute, max: 10, scope: grant }
            """
        let json = #"""
            {"version":"1","default":"deny","tools":{"get_app":{},"pay":{"approval":{"timeout":"30m","on_timeout":"deny"},
             "limits":[{"counter":"pays","window":"minute","max":10,"scope":"grant"}]}}}
            """#
        for name in [".yaml", ".yml"] {
            let document = try #require(try read(yaml, as: name).document)
            #expect(document == (try read(json, as: ".json").document))
        }
    }

    @Test func errorsInYAMLHaveItsLines() throws {
        let reading = try read("version: \"1\"\ndefault: dney\ntools:\n  \u{e9}t\u{e9}:\n    limts: []\n", as: ".yaml")
        #expect(reading.errors.map(\.pointer) == ["/default", "/tools/\u{e9}t\u{e9}/limts"])
        #expect(reading.errors.map(\.line) == [2, 5])
        #expect(reading.errors.map(\.column) == [10, 5])
    }

    @Test func whatIsNoYAMLIsOneError() throws {
        for text in ["a: b: c", "\u{7}", "- 1", "a: 1\na: 2\n"] {
            let reading = try read(text, as: ".yaml")
            #expect(reading.document == nil && !reading.errors.isEmpty, "\(text)")
            #expect(reading.errors.allSatisfy { $0.line >= 1 && $0.column >= 1 })
        }
    }
}

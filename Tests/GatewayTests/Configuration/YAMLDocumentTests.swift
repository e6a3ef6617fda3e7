import Testing

@testable import Gateway

/// YAML says what the same JSON would say.
struct YAMLDocumentTests {
    private func json(_ yaml: String) throws -> String {
        String(decoding: try YAMLDocument.json(of: Array(yaml.utf8)).json, as: UTF8.self)
    }

    @Test(arguments: [
        ("a: 1", #"{"a":1}"#), ("a: '1'", #"{"a":"1"}"#), ("a: 0600", #"{"a":"0600"}"#),
        ("a: yes", #"{"a":"yes"}"#), ("a: off", #"{"a":"off"}"#), ("a: true", #"{"a":true}"#), ("a:", #"{"a":null}"#),
        ("a: ~", #"{"a":null}"#), ("a: 0x10", #"{"a":"0x10"}"#), ("a: 1_000", #"{"a":"1_000"}"#),
        ("a: .inf", #"{"a":".inf"}"#), ("a: 1.50", #"{"a":1.50}"#),
        ("a: 2026-12-31T23:59:59Z", #"{"a":"2026-12-31T23:59:59Z"}"#),
        ("a: 9007199254740993", #"{"a":9007199254740993}"#), ("a: [x, 'y', \"z\\n\"]", #"{"a":["x","y","z\u000a"]}"#),
        ("1: a", #"{"1":"a"}"#), ("a: &x {b: 1}\nc: *x", #"{"a":{"b":1},"c":{"b":1}}"#),
        ("a: |\n  one\n  two\n", #"{"a":"one\u000atwo\u000a"}"#),
        ("", ""),
    ])
    func scalarsAreThoseOfJSON(yaml: String, expected: String) throws {
        #expect(try json(yaml) == expected)
    }

    @Test(arguments: [
        "a: 1\na: 2", "a: {b: 1, b: 2}", "a: [1, {b: 1, 'b': 2}]", "a: [", "a: *x", "a: \u{1}", "? [a]\n: b",
        "a: 1\n--- \nb: 2", "\tb: 1",
    ])
    func ambiguousDocumentsAreRefused(yaml: String) {
        let reading = ConfigurationFixture.read(yaml, form: .yaml)
        #expect(reading.configuration == nil && reading.problems.first?.code != .missingField, "\(reading.problems)")
    }

    @Test func keysThatOnlyJSONTakesForEqualAreRefused() {
        let reading = ConfigurationFixture.read("servers: {a: {url: 'http://x'}}\nlimits: {1: 2, '1': 3}", form: .yaml)
        #expect(reading.problems.contains { $0.code == .duplicateKey && $0.line == 2 }, "\(reading.problems)")
    }

    @Test func placesAreThoseOfTheText() {
        let problems = ConfigurationFixture.read(
            """
            # a comment
            servers:
              ecs:
                url: http://127.0.0.1:9101/mcp
                concurrency: none
            listn: x
            """, form: .yaml
        ).problems
        #expect(
            problems.map { "\($0.pointer) \($0.line):\($0.column)" } == ["/servers/ecs/concurrency 5:18", "/listn 6:1"])
    }

    @Test func aliasesCannotGrowADocumentWithoutBound() {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let names = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            yaml += "a\(level): &a\(level) [\(names)]\n"
        }
        #expect(ConfigurationFixture.read(yaml, form: .yaml).problems.first?.code == .notReadable)
    }

    @Test func errorsNeverQuoteTheText() {
        for yaml in ["a: hunter2\n b: [", "a: 'hunter2", "hunter2: 1\n\thunter2", "a: !hunter2 b", "a: *hunter2"] {
            for problem in ConfigurationFixture.read(yaml, form: .yaml).problems where problem.code == .notReadable {
                #expect(!problem.description.contains("hunter2"), "\(problem)")
            }
        }
    }

    @Test func theExamplesSayTheSame() throws {
        let json = ServeConfiguration.read(
            try ConfigurationFixture.project("Examples/serve.json"), surroundings: ConfigurationFixture.surroundings)
        let yaml = ServeConfiguration.read(
            try ConfigurationFixture.project("Examples/serve.yaml"), form: .yaml,
            surroundings: ConfigurationFixture.surroundings)
        #expect(json.problems.isEmpty && yaml.problems.isEmpty)
        #expect(json.configuration == yaml.configuration && json.configuration != nil)
    }
}

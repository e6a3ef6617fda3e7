import Events
import Policy
import Testing

/// One meaning, one spelling.
struct NormalFormTests {
    private func normalForm(_ json: String) throws -> String {
        String(decoding: try document(json).normalForm, as: UTF8.self)
    }

    @Test func whatSaysTheSameIsSpeltTheSame() throws {
        let spellings = [
            #"{"version":"1","default":"deny","tools":{"a":{},"b":{"limits":[{"counter":"c","window":"minute","max":10,"scope":"grant"}]}}}"#,
            #"""
            { "tools": { "b": { "limits": [ { "scope": "grant", "algorithm": "sliding", "max": 1e1, "increment": 1.0,
              "window": 60, "counter": "\u0063" } ], "require": [] }, "a": {} },
              "mode": "enforce", "hide": [], "all_tools": {}, "default": "deny", "version": "1" }
            """#,
        ]
        let forms = try spellings.map { try normalForm($0) }
        #expect(forms[0] == spellings[0])
        #expect(forms[1] == forms[0])
        #expect(try document(spellings[0]) == document(spellings[1]))
    }

    @Test func everyFieldIsInItsPlace() throws {
        let text =
            #"{"version":"1","default":"allow","hide":["a","b"],"#
            + #""all_tools":{"limits":[{"counter":"c","window":90,"max":5,"scope":"session","increment":2,"algorithm":"fixed"}],"#
            + #""require":[{"name":"n","conditions":[{"path":"args.a\\.b","op":"in","value":["x",1,true,{"a":[null],"b":{}}]}],"on_deny":"Say \"why\"."}]},"#
            + #""tools":{"t":{"limits":[{"counter":"d","window":"day","max":0,"scope":"global","increment_from":"args.n"}],"#
            + #""deny_if":[{"conditions":[]}],"risk":"financial","record":["args.x"],"mode":"shadow"}},"#
            + #""brake":{"on":["loop","runaway"],"action":"throttle","cooldown":"15m"},"mode":"shadow"}"#
        #expect(try normalForm(text) == text)
    }

    @Test(arguments: [
        (
            #"{"version":"1","default":"deny","hide":["b","a","b"]}"#,
            #"{"version":"1","default":"deny","hide":["a","b"]}"#
        ),
        (
            #"{"version":"1","default":"deny","brake":{"on":["loop","cap","loop"],"action":"deny","cooldown":"3600s"}}"#,
            #"{"version":"1","default":"deny","brake":{"on":["cap","loop"],"action":"deny","cooldown":"1h"}}"#
        ),
        (
            #"{"version":"1","default":"deny","tools":{"é":{},"z":{},"a":{},"\u0061b":{}}}"#,
            #"{"version":"1","default":"deny","tools":{"a":{},"ab":{},"z":{},"é":{}}}"#
        ),
        (
            documentText(
                tool: #"{"deny_if":[{"conditions":[{"path":"args.a","op":"eq","value":{"b":1.0,"a":1e2}}]}]}"#),
            documentText(tool: #"{"deny_if":[{"conditions":[{"path":"args.a","op":"eq","value":{"a":100,"b":1}}]}]}"#)
        ),
    ]) func orderAndSpellingThatMeanNothingAreEvenedOut(_ text: String, _ expected: String) throws {
        #expect(try normalForm(text) == expected)
        #expect(try normalForm(expected) == expected)
    }

    @Test(arguments: seeds(30)) func theNormalFormReadsBackAsItself(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let text = RandomPolicy.document(&random)
        let form = try normalForm(text)
        #expect(try normalForm(form) == form, "seed \(seed)")
    }

    /// Whatever happens to a document's bytes: it is refused with errors, or read whole.
    @Test(arguments: seeds(12)) func damagedDocumentsAreRefusedOrReadWhole(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let parts = [#"""#, "{", "}", "[", "]", ",", ":", "1", "-", "null", "\\", "args", "deny", "\u{0}", "\u{1F600}"]
        for _ in 0..<25 {
            var bytes = Array(RandomPolicy.document(&random).utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let end = min(bytes.count, place + Int.random(in: 0...4, using: &random))
                bytes.replaceSubrange(place..<end, with: Array((parts.randomElement(using: &random) ?? "").utf8))
            }
            let reading = PolicyDocument.read(bytes)
            try #require((reading.document == nil) == !reading.errors.isEmpty, "seed \(seed)")
            guard let document = reading.document else { continue }
            try #require(PolicyDocument.read(document.normalForm).document == document, "seed \(seed)")
            _ = CompiledPolicy(document, name: "p", digest: Digest64(0))
        }
    }

    @Test func differentMeaningsHaveDifferentForms() throws {
        let base = #"{"counter":"c","window":"minute","max":10,"scope":"grant"}"#
        let others = [
            #"{"counter":"d","window":"minute","max":10,"scope":"grant"}"#,
            #"{"counter":"c","window":"hour","max":10,"scope":"grant"}"#,
            #"{"counter":"c","window":"minute","max":11,"scope":"grant"}"#,
            #"{"counter":"c","window":"minute","max":10,"scope":"agent"}"#,
            #"{"counter":"c","window":"minute","max":10,"scope":"grant","increment":2}"#,
            #"{"counter":"c","window":"minute","max":10,"scope":"grant","algorithm":"fixed"}"#,
            #"{"counter":"c","window":"minute","max":10,"scope":"grant","increment_from":"args.n"}"#,
        ]
        let forms = try ([base] + others).map { try normalForm(documentText(tool: "{\"limits\":[\($0)]}")) }
        #expect(Set(forms).count == forms.count)
    }

    @Test func theShorthandBecomesTheNormalForm() throws {
        let text = #"""
            {"tools":{"create_charge":{"action":"allow","rate_limit":{"max":10,"window":60}},
             "delete_app":{"action":"deny","reason":"Ask an operator."},"get_app":{"action":"allow"},
             "list":{"rate_limit":{"max":5,"window":90}}}}
            """#
        let reading = PolicyDocument.read(Array(text.utf8))
        #expect(reading.dialect == .shorthand)
        #expect(
            try normalForm(text)
                == #"{"version":"1","default":"deny","tools":{"create_charge":{"limits":[{"counter":"rate_limit","window":"minute","max":10,"scope":"session"}]},"#
                + #""delete_app":{"deny_if":[{"conditions":[],"on_deny":"Ask an operator."}]},"get_app":{},"#
                + #""list":{"limits":[{"counter":"rate_limit","window":90,"max":5,"scope":"session"}]}}}"#)
        #expect(reading.warnings.map(\.code) == [.sessionFallback, .sessionFallback])
        let policy = try policy(text)
        #expect(try policy.decide("delete_app").rule == "/tools/delete_app/deny_if/always")
        #expect(try policy.decide("delete_app").callerText(tool: "delete_app") == "[POLICY DENIED] Ask an operator.")
        #expect(try policy.decide("get_app").passes)
        #expect(try policy.decide("other").reason == .defaultDeny)
        // Converted and read again it decides alike, ids included.
        let converted = try compiled(String(decoding: try document(text).normalForm, as: UTF8.self))
        for tool in ["create_charge", "delete_app", "get_app", "list", "other"] {
            #expect(converted.ruleIDs(ofTool: tool) == policy.ruleIDs(ofTool: tool))
        }
    }
}

/// The helper under a name that a local constant does not hide.
private func compiled(_ json: String) throws -> CompiledPolicy {
    try policy(json)
}

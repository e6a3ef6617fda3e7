import Events
import Policy
import StrictJSON
import Testing

/// Choosing what becomes of a tool changes its text alone, and its verdicts alone.
struct PolicyTextTests {
    private func edited(_ text: String, _ tool: String, _ state: ToolState) throws -> String? {
        let text = try #require(PolicyText(Array(text.utf8)))
        return text.setting(tool, to: state).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    private static let laidOut = """
        {
          "version": "1",
          "default": "deny",
          "hide": ["drop_table"],
          "tools": {
            "get_logs": {},
            "build": { "limits": [ { "counter": "b", "window": "minute", "max": 10, "scope": "grant" } ] },
            "pay":   { "risk": "financial",
                       "deny_if": [ { "conditions": [ { "path": "args.n", "op": "gt", "value": 10 } ] } ] }
          }
        }

        """

    @Test func eachStateIsSeen() throws {
        let text = try #require(PolicyText(Array(Self.laidOut.utf8)))
        let states = ["get_logs", "build", "pay", "drop_table", "other"].map { text.entry(of: $0).state }
        #expect(states == [.allow, .custom, .custom, .hide, .deny])
        #expect(text.names == ["get_logs", "build", "pay", "drop_table"])
        #expect(text.entry(of: "build").hasOwnRules && !text.entry(of: "get_logs").hasOwnRules)
    }

    @Test func anAddedToolStandsAsItsNeighboursDo() throws {
        let all = try #require(try edited(Self.laidOut, "scale", .allow))
        #expect(all.contains("\"value\": 10 } ] } ] },\n    \"scale\": {}\n  }\n}\n"))
        let hidden = try #require(try edited(Self.laidOut, "get_logs", .hide))
        #expect(hidden.contains(#""hide": ["drop_table", "get_logs"]"#) && !hidden.contains(#""get_logs": {}"#))
        let first = try edited(#"{"version":"1","default":"deny"}"#, "a\"b", .allow)
        #expect(first == #"{"version":"1","default":"deny","tools":{"a\"b":{}}}"#)
        let empty = try edited("{\n \"version\": \"1\",\n \"default\": \"allow\",\n \"tools\": {}\n}", "t", .deny)
        #expect(
            empty == "{\n \"version\": \"1\",\n \"default\": \"allow\",\n \"tools\": {\n  \"t\": "
                + "{ \"deny_if\": [ { \"conditions\": [] } ] }\n }\n}")
    }

    @Test func whatIsTakenAwayLeavesNoTrace() throws {
        let denied = try #require(try edited(Self.laidOut, "get_logs", .deny))
        #expect(denied == Self.laidOut.replacing("    \"get_logs\": {},\n", with: ""))
        let shown = try #require(try edited(Self.laidOut, "drop_table", .deny))
        #expect(shown == Self.laidOut.replacing("[\"drop_table\"]", with: "[]"))
        let allowed = try #require(try edited(Self.laidOut, "pay", .allow))
        #expect(allowed.contains("\"pay\":   { \"risk\": \"financial\" }"), "risk decides nothing and stays")
    }

    @Test func aHiddenToolComesBackAsItWas() throws {
        let hidden = try #require(try edited(Self.laidOut, "build", .hide))
        #expect(hidden.contains(#""max": 10"#))
        let back = try #require(try edited(hidden, "build", .custom))
        #expect(back == Self.laidOut)
    }

    @Test func whatCannotBeChosenIsRefused() throws {
        #expect(try edited(Self.laidOut, "get_logs", .custom) == nil)
        #expect(try edited(#"{"version":"1","default":"deny","hide":["*"]}"#, "t", .allow) == nil)
        #expect(PolicyText(Array(#"{"tools":{"t":{"action":"allow"}}}"#.utf8)) == nil, "the shorthand")
        #expect(PolicyText(Array(#"{"version":"1","default":"deny","tolls":{}}"#.utf8)) == nil, "an error")
    }

    @Test func ownRulesAreReplacedAsOneValue() throws {
        let text = try #require(PolicyText(Array(Self.laidOut.utf8)))
        let other = try text.replacingRules(of: "build", with: " {\"record\": [\"args.n\"]}\n")
        #expect(String(decoding: other, as: UTF8.self).contains("\"build\": {\"record\": [\"args.n\"]},\n"))
        #expect(throws: JSONError.self) { try text.replacingRules(of: "build", with: "{}, \"default\": {}") }
        #expect(try text.replacingRules(of: "get_logs", with: nil) == text.setting("get_logs", to: .deny)?.bytes)
    }

    @Test(arguments: seeds(20)) func aChoiceChangesOneToolsVerdictsOnly(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let names = RandomPolicy.tools + ["hidden", "new", "an\"other\\"]
        for _ in 0..<3 {
            var text = try #require(PolicyText(Array(RandomPolicy.document(&random).utf8)))
            for _ in 0..<6 {
                let tool = names.randomElement(using: &random) ?? "t"
                let state = ToolState.allCases.randomElement(using: &random) ?? .allow
                let before = text.entry(of: tool)
                guard let next = text.setting(tool, to: state) else {
                    #expect(state == .custom && !before.hasOwnRules, "seed \(seed): \(tool) \(state)")
                    continue
                }
                #expect(next.entry(of: tool).state == state, "seed \(seed): \(tool) \(state)")
                if before.state == state { #expect(next.bytes == text.bytes, "seed \(seed)") }
                try compare(text, next, but: tool, state, &random, seed)
                text = next
            }
        }
    }

    /// Decides the same calls by both texts.
    private func compare(
        _ old: PolicyText, _ new: PolicyText, but tool: String, _ state: ToolState, _ random: inout SeededGenerator,
        _ seed: UInt64
    ) throws {
        let (one, other) = (
            try policy(String(decoding: old.bytes, as: UTF8.self)),
            try policy(String(decoding: new.bytes, as: UTF8.self))
        )
        var (counters, others) = (LimitCounters(), LimitCounters())
        for step in 0..<24 {
            let name = (RandomPolicy.tools + ["hidden", "new", "z"]).randomElement(using: &random) ?? "t"
            let call = try call(name, RandomPolicy.arguments(&random))
            let now = Timestamp.after(Double(step) / 4)
            guard name != tool else {
                let verdict = other.decide(call, counters: &others, now: now)
                if state == .hide { #expect(verdict.reason == .hidden, "seed \(seed)") }
                if state == .deny { #expect(verdict.verdict == .deny, "seed \(seed): \(verdict)") }
                // What the rules for all tools count must have counted alike.
                (counters, others) = (LimitCounters(), LimitCounters())
                continue
            }
            let (a, b) = (
                one.decide(call, counters: &counters, now: now), other.decide(call, counters: &others, now: now)
            )
            #expect(a.verdict == b.verdict && a.rule == b.rule && a.reason == b.reason, "seed \(seed): \(name)")
        }
    }

    @Test(arguments: seeds(20)) func aDocumentLaidOutSaysTheSame(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let document = try document(RandomPolicy.document(&random))
        #expect(try PolicyDocument(parsing: Array(document.laidOut.utf8)) == document, "seed \(seed)")
        #expect(PolicyText(Array(document.laidOut.utf8)) != nil, "seed \(seed)")
    }

    @Test func aLayoutHasALineForEachTool() throws {
        let document = try document(
            #"{"version":"1","default":"deny","hide":["x","y"],"tools":{"a":{},"b":{"limits":[{"counter":"c","window":"day","#
                + #""max":1,"scope":"grant"}]}}}"#)
        #expect(
            document.laidOut == """
                {
                  "version": "1",
                  "default": "deny",
                  "hide": ["x", "y"],
                  "tools": {
                    "a": {},
                    "b": {
                      "limits": [{ "counter": "c", "window": "day", "max": 1, "scope": "grant" }]
                    }
                  }
                }

                """)
    }

    @Test func changesAreToldInWords() throws {
        let old = try document(Self.laidOut)
        let new = try document(
            #"{"version":"1","default":"allow","mode":"shadow","hide":["build"],"tools":{"pay":{"approval":"#
                + #"{"timeout":"30m","on_timeout":"deny"}},"drop_table":{"deny_if":[{"conditions":[]}]}}}"#)
        #expect(
            PolicyChanges.between(old, new) == [
                "tools that are not listed: deny → allow", "mode: enforce → shadow", "build: custom → hide",
                "drop_table: hide → deny", "get_logs: its rules are removed", "pay: its rules are changed",
            ])
        #expect(PolicyChanges.between(old, old).isEmpty)
    }
}

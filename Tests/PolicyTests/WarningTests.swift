import Policy
import Testing

/// What is allowed and still doubtful.
struct WarningTests {
    private func warnings(_ json: String) throws -> [String] {
        let reading = PolicyDocument.read(Array(json.utf8))
        _ = try #require(reading.document, "\(reading.errors)")
        #expect(reading.warnings.allSatisfy { $0.severity == .warning })
        return reading.warnings.map { "\($0.pointer) \($0.code.rawValue)" }
    }

    private func rule(_ conditions: String...) -> String {
        #"{"conditions":[\#(conditions.joined(separator: ","))]}"#
    }

    private func condition(_ path: String, _ op: String, _ value: String) -> String {
        #"{"path":"args.\#(path)","op":"\#(op)","value":\#(value)}"#
    }

    @Test func anUnguardedNegationCanBeAvoidedByLeavingTheArgumentOut() throws {
        let negation = rule(condition("c", "neq", #""EUR""#))
        let guarded = rule(condition("c", "exists", "true"))
        #expect(
            try warnings(documentText(tool: "{\"deny_if\":[\(negation)]}"))
                == ["/tools/t/deny_if/0/conditions/0 unguarded"])
        #expect(
            try warnings(documentText(tool: "{\"deny_if\":[\(rule(condition("c", "not_in", "[1]")))]}"))
                == ["/tools/t/deny_if/0/conditions/0 unguarded"])
        #expect(try warnings(documentText(tool: "{\"require\":[\(guarded)],\"deny_if\":[\(negation)]}")).isEmpty)
        let absent = rule(condition("c", "exists", "false"))
        #expect(try warnings(documentText(tool: "{\"deny_if\":[\(absent),\(negation)]}")).isEmpty)
        #expect(
            try warnings(
                #"{"version":"1","default":"deny","all_tools":{"require":[\#(guarded)]},"tools":{"t":{"deny_if":[\#(negation)]}}}"#
            ).isEmpty)
        let other = rule(condition("d", "exists", "true"))
        #expect(try warnings(documentText(tool: "{\"require\":[\(other)],\"deny_if\":[\(negation)]}")).count == 1)
    }

    @Test func rulesThatNothingMeetsAreTold() throws {
        let impossible = [
            [condition("a", "gt", "10"), condition("a", "lt", "5")],
            [condition("a", "gt", "5"), condition("a", "lte", "5")],
            [condition("a", "eq", "1"), condition("a", "eq", "2")], [condition("a", "in", "[]")],
            [condition("a", "eq", "1"), condition("a", "gt", "1.0")],
            [condition("a", "in", #"["x","y"]"#), condition("a", "regex", #""^z""#)],
            [condition("a", "exists", "false"), condition("a", "eq", "1")],
            [condition("a", "gt", "1"), condition("a", "regex", #""x""#)],
            [condition("a", "contains", "5"), condition("a", "regex", #""x""#)],
        ]
        for conditions in impossible {
            let rule = #"{"conditions":[\#(conditions.joined(separator: ","))]}"#
            for list in ["require", "deny_if"] {
                #expect(
                    try warnings(documentText(tool: "{\"\(list)\":[\(rule)]}")) == ["/tools/t/\(list)/0 never_matches"],
                    "\(rule)")
            }
        }
        let possible = [
            [condition("a", "gte", "5"), condition("a", "lte", "5")],
            [condition("a", "gt", "10"), condition("b", "lt", "5")],
            [condition("a", "exists", "true"), condition("a", "gt", "5")],
            [condition("a", "in", "[1,2]"), condition("a", "gt", "1")],
            [condition("a", "regex", #""x""#), condition("a", "contains", #""y""#)],
            [condition("a", "exists", "false")],
        ]
        for conditions in possible {
            let rule = #"{"conditions":[\#(conditions.joined(separator: ","))]}"#
            #expect(try warnings(documentText(tool: "{\"require\":[\(rule)]}")).isEmpty, "\(rule)")
        }
    }

    @Test func whatHasNoEffectIsTold() throws {
        let limit = #"{"counter":"c","window":1,"max":1,"scope":"grant"}"#
        #expect(
            try warnings(documentText(tool: "{\"deny_if\":[{\"conditions\":[]}],\"limits\":[\(limit)]}"))
                == ["/tools/t/deny_if/0 no_effect"])
        #expect(try warnings(documentText(tool: #"{"deny_if":[{"conditions":[]}]}"#)).isEmpty)
        #expect(
            try warnings(documentText(tool: #"{"require":[{"conditions":[]}]}"#)) == ["/tools/t/require/0 no_effect"])
        #expect(try warnings(documentText(tool: "{}", default: "allow")) == ["/tools/t no_effect"])
        #expect(try warnings(documentText(tool: "{}")).isEmpty)
        #expect(
            try warnings(#"{"version":"1","default":"deny","hide":["t"],"tools":{"t":{}}}"#) == ["/tools/t no_effect"])
        #expect(try warnings(#"{"version":"1","default":"deny","hide":["*","t"]}"#) == ["/hide no_effect"])
        #expect(
            try warnings(#"{"tools":{"t":{"action":"allow","reason":"why not"}}}"#) == ["/tools/t/reason no_effect"])
    }

    @Test func sessionScopesAreToldAndBrakesAreNot() throws {
        let limit = #"{"counter":"c","window":1,"max":1,"scope":"session"}"#
        #expect(
            try warnings(documentText(tool: "{\"limits\":[\(limit)]}")) == ["/tools/t/limits/0/scope session_fallback"])
        #expect(
            try warnings(#"{"version":"1","default":"deny","brake":{"on":["loop"],"action":"deny","cooldown":"15m"}}"#)
                == [])
    }
}

import Events
import Policy
import Replay
import Testing

/// A policy's tests as data: read whole or refused whole, and run in order.
struct CaseFileTests {
    private static let limited = #"""
        {"version":"1","default":"deny","tools":{
         "t":{"limits":[{"counter":"m","window":"minute","max":2,"scope":"grant"}]},
         "u":{"deny_if":[{"conditions":[{"path":"args.a","op":"gt","value":5}]}]}}}
        """#

    private func outcomes(_ json: String) throws -> [CaseFile.Outcome] {
        try CaseFile(parsing: Array(json.utf8)).run(under: try policy(Self.limited))
    }

    private func problems(_ json: String) -> [CaseProblem] {
        do {
            _ = try CaseFile(parsing: Array(json.utf8))
            return []
        } catch {
            return error.problems
        }
    }

    @Test func casesShareCountersUntilOneBeginsFresh() throws {
        let found = try outcomes(
            #"""
            [{"tool":"t","expect":"allow"},{"tool":"t","expect":"allow","at":10},
             {"tool":"t","expect":"throttle","at":30,"rule":"/tools/t/limits/m"},
             {"tool":"t","expect":"allow","at":60},
             {"tool":"t","expect":"throttle","at":"2026-01-01T00:01:01Z"},
             {"tool":"t","expect":"allow","grant":"other"},
             {"tool":"t","expect":"allow","fresh":true},{"tool":"t","expect":"allow"},{"tool":"t","expect":"throttle"}]
            """#)
        #expect(found.filter { !$0.passes }.isEmpty, "\(found.filter { !$0.passes })")
        #expect(found.count == 9)
    }

    @Test func anotherVerdictOrAnotherRuleFails() throws {
        let found = try outcomes(
            #"""
            [{"tool":"u","args":{"a":6},"expect":"deny","rule":"/tools/u/deny_if/args.a-gt"},
             {"tool":"u","args":{"a":6},"expect":"allow"},
             {"tool":"u","args":{"a":6},"expect":"throttle"},
             {"name":"wrong rule","tool":"u","args":{"a":6},"expect":"deny","rule":"(default deny)"},
             {"tool":"nothing","expect":"deny","rule":"(default deny)"}]
            """#)
        #expect(found.map(\.passes) == [true, false, false, false, true])
        #expect(
            found[3].description
                == "case 3 (wrong rule), u: expected deny by (default deny), found deny by /tools/u/deny_if/args.a-gt")
    }

    @Test func callersAreThoseOfTheCase() throws {
        let found = try outcomes(
            #"""
            [{"tool":"t","agent":null,"expect":"deny","rule":"/tools/t/limits/m"},
             {"tool":"t","agent":null,"grant":"g","expect":"allow"},
             {"tool":"t","server":"x","expect":"allow"},{"tool":"t","server":"x","expect":"allow"},
             {"tool":"t","server":"x","expect":"throttle"},{"tool":"t","server":"y","expect":"allow"}]
            """#)
        #expect(found.filter { !$0.passes }.isEmpty, "\(found.filter { !$0.passes })")
    }

    @Test func everyErrorIsToldAtOnceWithItsPlace() {
        let found = problems(
            """
            [{"tool":"t","expect":"alow"},
             {"tol":"t","expect":"deny"},
             {"expect":"deny","at":-1},
             3,
             {"tool":"t","expect":"allow","at":50,"fresh":"yes"},
             {"tool":"t","expect":"allow","at":49,"args":{"a":1,"a":2}},
             {"tool":7,"expect":"allow","at":"noon"}]
            """)
        #expect(
            found.map(\.pointer) == [
                "/0/expect", "/1/tol", "/2/tool", "/2/at", "/3", "/4/fresh", "/5/at", "/5/args/a", "/6/tool", "/6/at",
            ])
        #expect(found[0].suggestion == "allow" && found[1].suggestion == "tool")
        #expect(found.map(\.line) == [1, 2, 3, 3, 4, 5, 6, 6, 7, 7])
        #expect(problems("[").map(\.pointer) == [""] && problems("[]").count == 1 && problems("{}").count == 1)
    }
}

import Events
import Foundation
import Policy
import Testing

/// Where conditions look, and what they make of arguments that servers could read in another way.
struct ArgumentTests {
    private func denies(_ path: String, _ arguments: String, op: String = "eq", value: String = "7") throws -> Bool {
        let escaped = path.replacingOccurrences(of: #"\"#, with: #"\\"#)
        let policy = try policy(
            documentText(
                tool: #"{"deny_if":[{"conditions":[{"path":"\#(escaped)","op":"\#(op)","value":\#(value)}]}]}"#))
        let verdict = try policy.decide("t", arguments)
        #expect(verdict.reason == .denyIf || verdict.verdict == .allow, "\(verdict)")
        return verdict.verdict == .deny
    }

    @Test func pathsWalkObjectsByKeyAndListsByIndex() throws {
        #expect(try denies("args.a", #"{"a":7}"#))
        #expect(try denies("args.a.b.c", #"{"a":{"b":{"c":7}}}"#))
        #expect(try denies("args.a.1", #"{"a":[0,7]}"#))
        #expect(try denies("args.a.0.b", #"{"a":[{"b":7}]}"#))
        #expect(try denies("args.a.1", #"{"a":{"1":7}}"#))
        #expect(try denies("args.0", #"{"0":7}"#))
        #expect(try !denies("args.a.2", #"{"a":[0,7]}"#))
        #expect(try !denies("args.a.01", #"{"a":[0,7]}"#))
        #expect(try !denies("args.a.-1", #"{"a":[7]}"#))
        #expect(try !denies("args.a.b", #"{"a":7}"#))
        #expect(try !denies("args.b", #"{"a":{"b":7}}"#))
        #expect(try denies(#"args.a\.b"#, #"{"a.b":7}"#))
        #expect(try denies(#"args.\*"#, #"{"*":7}"#))
        #expect(try !denies("args.a.b", #"{"a.b":7}"#))
        #expect(try denies("args.größe", #"{"gr\u00f6\u00dfe":7}"#))
    }

    /// Swift's own strings take these two spellings for equal; JSON's keys and values are bytes.
    @Test func unicodeEquivalenceIsNotEquality() throws {
        #expect(try !denies("args.caf\u{E9}", "{\"cafe\u{301}\":7}"))
        #expect(try !denies("args.x", "{\"x\":\"cafe\u{301}\"}", value: "\"caf\u{E9}\""))
        #expect(try denies("args.x", "{\"x\":\"caf\u{E9}\"}", value: "\"caf\\u00e9\""))
    }

    /// Readers that ignore case take these keys for the one that the rule looks at, so the value is not known.
    @Test(arguments: [
        #"{"Amount":20000}"#, #"{"amount":1,"AMOUNT":20000}"#, #"{"AMOUNT":20000,"amount":1}"#,
        #"{"\u0041mount":20000}"#,
    ]) func keysThatDifferInCaseAreAMismatch(_ arguments: String) throws {
        let policy = try policy(
            documentText(
                tool: #"{"deny_if":[{"conditions":[{"path":"args.amount","op":"gt","value":10000}]}]}"#))
        let verdict = try policy.decide("t", arguments)
        #expect(verdict.verdict == .deny)
        #expect(verdict.reason == .typeMismatch)
        #expect(verdict.facts == "!")
        #expect(verdict.message == "args.amount must be given once, as a number.")
    }

    /// `ſ` folds to `s` and the Kelvin sign to `k`: Go's JSON reader does that too.
    @Test(arguments: [("args.tasks", "{\"ta\u{17F}ks\":7}"), ("args.tasks", "{\"tas\u{212A}s\":7}")])
    func keysThatFoldToARulesKeyAreAMismatch(_ path: String, _ arguments: String) throws {
        let policy = try policy(
            documentText(tool: #"{"require":[{"conditions":[{"path":"\#(path)","op":"exists","value":false}]}]}"#))
        #expect(try policy.decide("t", arguments).verdict == .deny)
        #expect(try policy.decide("t", #"{"other":7}"#).verdict == .allow)
    }

    @Test func ambiguityAboveAPathReachesIt() throws {
        let policy = try policy(
            documentText(
                tool: #"{"deny_if":[{"conditions":[{"path":"args.charge.amount","op":"gt","value":5}]}]}"#))
        #expect(try policy.decide("t", #"{"charge":{"amount":1},"Charge":{}}"#).reason == .typeMismatch)
        #expect(try policy.decide("t", #"{"CHARGE":{"amount":1},"charge":{"amount":1}}"#).reason == .typeMismatch)
        #expect(try policy.decide("t", #"{"charge":{"amount":1},"other":{"AMOUNT":9}}"#).verdict == .allow)
    }

    @Test func keysThatNoRuleLooksAtMayDifferInCase() throws {
        let policy = try policy(
            documentText(tool: #"{"deny_if":[{"conditions":[{"path":"args.amount","op":"gt","value":5}]}]}"#))
        #expect(try policy.decide("t", #"{"note":1,"Note":2,"amount":1}"#).verdict == .allow)
    }

    @Test func pathsThatTellCaseApartAreTakenAtTheirWord() throws {
        let policy = try policy(
            documentText(
                tool: #"{"deny_if":[{"conditions":[{"path":"args.id","op":"eq","value":1}]},"#
                    + #"{"conditions":[{"path":"args.ID","op":"eq","value":2}]}]}"#))
        #expect(try policy.decide("t", #"{"id":2,"ID":1}"#).verdict == .allow)
        #expect(try policy.decide("t", #"{"id":0,"ID":2}"#).facts == "01")
        #expect(try policy.decide("t", #"{"Id":0}"#).reason == .typeMismatch)
    }

    @Test(arguments: ["[]", "1", #""{}""#, "null", "true"]) func argumentsThatAreNoObjectAreDenied(_ text: String)
        throws
    {
        let verdict = try policy(documentText(tool: "{}")).decide("t", text)
        #expect(verdict.verdict == .deny)
        #expect(verdict.reason == .malformed)
    }

    @Test func manyPathsAreFoundInOneWalk() throws {
        let rules = (0..<60).map { #"{"conditions":[{"path":"args.k\#($0).v","op":"eq","value":\#($0)}]}"# }
        let policy = try policy(documentText(tool: #"{"deny_if":[\#(rules.joined(separator: ","))]}"#))
        for wanted in [0, 17, 59] {
            let members = (0..<60).map { #""k\#($0)":{"v":\#($0 == wanted ? $0 : -1)}"# }
            let verdict = try policy.decide("t", "{\(members.joined(separator: ","))}")
            #expect(verdict.rule == "/tools/t/deny_if/args.k\(wanted).v-eq")
            #expect(
                verdict.facts == String(repeating: "0", count: wanted) + "1"
                    + String(repeating: "-", count: 59 - wanted))
        }
    }
}

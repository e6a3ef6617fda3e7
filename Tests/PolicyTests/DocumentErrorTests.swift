import Foundation
import Policy
import Testing

/// What is wrong with a document is said all at once, each with its place, and with the word that was meant.
struct DocumentErrorTests {
    @Test func allErrorsAreSaidAtOnceInTheOrderOfTheText() throws {
        let found = problems(
            #"""
            {
              "version": "2",
              "defualt": "deny",
              "hide": "delete_app",
              "tools": {
                "t": {
                  "limits": [{"counter": "c", "window": "minut", "max": -1, "scope": "gant"}],
                  "deny_if": [{"conditions": [{"path": "arguments.amount", "op": "greater", "value": 1}]}],
                  "deny_if": []
                }
              },
              "mode": 7
            }
            """#)
        let told = found.map { "\($0.pointer) \($0.line):\($0.column) \($0.code.rawValue) \($0.suggestion ?? "-")" }
        #expect(
            told == [
                "/version 2:14 unknown_value -",
                "/defualt 3:3 unknown_field default",
                "/hide 4:11 wrong_type -",
                "/tools/t/limits/0/window 7:45 unknown_value minute",
                "/tools/t/limits/0/max 7:61 out_of_range -",
                "/tools/t/limits/0/scope 7:74 unknown_value grant",
                "/tools/t/deny_if/0/conditions/0/path 8:44 bad_path args.amount",
                "/tools/t/deny_if/0/conditions/0/op 8:70 unknown_value gt",
                "/tools/t/deny_if 9:7 duplicate_key -",
                "/mode 12:11 wrong_type -",
            ])
    }

    @Test func aProblemIsOneLineThatSaysWhatAndWhere() throws {
        let found = try #require(problems(#"{"version":"1","default":"denny"}"#).first)
        #expect(
            found.description
                == #"/default (line 1, column 26): found "denny"; expected "allow" or "deny"; nearest: deny"#)
        let refusal = #expect(throws: PolicyRefusal.self) { try PolicyDocument(parsing: Array("{}".utf8)) }
        #expect(refusal?.problems.map(\.pointer) == ["/version", "/default"])
        #expect(refusal?.description.split(separator: "\n").count == 2)
    }

    /// Every key of the document, and each way to misspell one.
    @Test func everyMisspeltKeyIsToldWithTheNearestOne() throws {
        let complete =
            #"{"version":"1","default":"deny","hide":["x"],"all_tools":{"limits":[],"require":[],"deny_if":[]},"#
            + #""tools":{"tool":{"limits":[{"counter":"c","window":5,"max":1,"scope":"grant","increment":1,"algorithm":"fixed"},"#
            + #"{"counter":"d","window":5,"max":1,"scope":"grant","increment_from":"args.n"}],"#
            + #""require":[{"name":"n","conditions":[{"path":"args.a","op":"eq","value":1}],"on_deny":"no"}],"#
            + #""deny_if":[],"risk":"read","record":["args.a"],"mode":"shadow"}},"#
            + #""brake":{"on":["loop"],"action":"deny","cooldown":"15m"},"mode":"enforce"}"#
        _ = try document(complete)
        let keys = [
            "version", "default", "hide", "all_tools", "limits", "require", "deny_if", "tools", "counter", "window",
            "max", "scope", "increment", "algorithm", "increment_from", "name", "conditions", "path", "op", "value",
            "on_deny", "risk", "record", "mode", "brake", "on", "action", "cooldown",
        ]
        var checked = 0
        for key in keys {
            for misspelt in Self.misspellings(of: key) where !keys.contains(misspelt) {
                let found = problems(complete.replacingOccurrences(of: "\"\(key)\":", with: "\"\(misspelt)\":"))
                let unknown = found.filter { $0.code == .unknownField }
                #expect(!unknown.isEmpty, "\(misspelt)")
                #expect(unknown.allSatisfy { $0.suggestion == key }, "\(misspelt): \(found)")
                #expect(unknown.allSatisfy { $0.pointer.hasSuffix("/\(misspelt)") })
                #expect(!found.contains { $0.code == .missingField }, "\(misspelt): \(found)")
                checked += 1
            }
        }
        #expect(checked > 100)
    }

    private static func misspellings(of key: String) -> [String] {
        let letters = Array(key)
        var words = [key + "s", key.uppercased(), "x" + key]
        if letters.count > 3 {
            words.append(String(letters.dropLast()))
            words.append(String(letters.dropFirst()))
            var swapped = letters
            swapped.swapAt(1, 2)
            words.append(String(swapped))
        }
        return words.filter { $0 != key }
    }

    struct Bad: Sendable, CustomStringConvertible {
        let text: String
        let pointer: String
        let code: PolicyProblem.Code
        var suggestion: String?

        var description: String { text }

        /// A document with one tool `t`.
        static func tool(
            _ rules: String, _ pointer: String, _ code: PolicyProblem.Code, _ suggestion: String? = nil
        ) -> Bad {
            Bad(text: documentText(tool: rules), pointer: "/tools/t\(pointer)", code: code, suggestion: suggestion)
        }

        /// A document with one condition.
        static func condition(
            _ condition: String, _ pointer: String, _ code: PolicyProblem.Code, _ suggestion: String? = nil
        ) -> Bad {
            tool(
                #"{"require":[{"conditions":[\#(condition)]}]}"#, "/require/0/conditions/0\(pointer)", code, suggestion)
        }

        /// A document with one limit, the good one with some fields put in front.
        static func limit(
            _ fields: String, _ pointer: String, _ code: PolicyProblem.Code, _ suggestion: String? = nil
        ) -> Bad {
            tool(#"{"limits":[{\#(fields)}]}"#, "/limits/0\(pointer)", code, suggestion)
        }
    }

    private static let good = #""counter":"c","window":"minute","max":1,"scope":"grant""#

    static let bad: [Bad] = [
        Bad(text: "", pointer: "", code: .notJSON), Bad(text: "version: 1", pointer: "", code: .notJSON),
        Bad(text: #"{"version":"1","default":"deny"} x"#, pointer: "", code: .notJSON),
        Bad(text: "\u{FEFF}{}", pointer: "", code: .notJSON), Bad(text: "[]", pointer: "", code: .wrongType),
        Bad(text: #"{"version":1,"default":"deny"}"#, pointer: "/version", code: .wrongType),
        Bad(text: #"{"version":"1"}"#, pointer: "/default", code: .missingField),
        Bad(text: #"{"default":"deny"}"#, pointer: "/version", code: .missingField),
        Bad(text: #"{"version":"1","default":"deny","tools":[]}"#, pointer: "/tools", code: .wrongType),
        Bad(
            text: #"{"version":"1","default":"deny","tools":{"*":{}}}"#, pointer: "/tools/*", code: .unknownField,
            suggestion: "all_tools"),
        Bad(
            text: #"{"version":"1","default":"deny","tools":{"get_*":{}}}"#, pointer: "/tools/get_*",
            code: .unknownField),
        Bad(text: #"{"version":"1","default":"deny","tools":{"":{}}}"#, pointer: "/tools/", code: .outOfRange),
        Bad(text: #"{"version":"1","default":"deny","tools":{"a\nb":{}}}"#, pointer: "/tools/a\nb", code: .outOfRange),
        Bad(text: #"{"version":"1","default":"deny","hide":["delete_*"]}"#, pointer: "/hide/0", code: .unknownValue),
        Bad(text: #"{"version":"1","default":"deny","hide":[7]}"#, pointer: "/hide/0", code: .wrongType),
        Bad(text: #"{"version":"1","default":"deny","rules":[]}"#, pointer: "/rules", code: .unsupported),
        Bad(
            text: #"{"version":"1","default":"deny","all_tools":{"risk":"read"}}"#, pointer: "/all_tools/risk",
            code: .unknownField),
        .tool("[]", "", .wrongType), .tool(#"{"rules":[]}"#, "/rules", .unsupported),
        .tool(#"{"approval":{}}"#, "/approval/timeout", .missingField),
        .tool(#"{"approval":{"timeout":"30m"}}"#, "/approval/on_timeout", .missingField),
        .tool(#"{"approval":{"timeout":"9s","on_timeout":"deny"}}"#, "/approval/timeout", .outOfRange),
        .tool(#"{"approval":{"timeout":"8d","on_timeout":"deny"}}"#, "/approval/timeout", .outOfRange),
        .tool(#"{"approval":{"timeout":1800,"on_timeout":"deny"}}"#, "/approval/timeout", .wrongType),
        .tool(#"{"approval":{"timeout":"30m","on_timeout":"allow"}}"#, "/approval/on_timeout", .unknownValue),
        .tool(#"{"approval":{"timeout":"30m","on_timeout":"deny","by":"x"}}"#, "/approval/by", .unknownField),
        .tool(#"{"rate_limit":{"max":1,"window":60}}"#, "/rate_limit", .mixedDialects),
        .tool(#"{"action":"allow"}"#, "/action", .mixedDialects),
        .tool(#"{"risk":"reed"}"#, "/risk", .unknownValue, "read"),
        .tool(#"{"mode":"dry_run"}"#, "/mode", .unknownValue, "shadow"),
        .tool(#"{"record":"args.a"}"#, "/record", .wrongType), .tool(#"{"record":["a"]}"#, "/record/0", .badPath),
        .tool(#"{"record":["args.a","args.a"]}"#, "/record/1", .contradiction),
        .tool(#"{"require":{}}"#, "/require", .wrongType),
        .tool(#"{"require":[{}]}"#, "/require/0/conditions", .missingField),
        .tool(#"{"require":[{"conditions":{}}]}"#, "/require/0/conditions", .wrongType),
        .tool(#"{"deny_if":[{"conditions":[],"on_deny":7}]}"#, "/deny_if/0/on_deny", .wrongType),
        .tool(#"{"deny_if":[{"conditions":[],"on_deny":"a\u0007b"}]}"#, "/deny_if/0/on_deny", .outOfRange),
        .tool(#"{"deny_if":[{"conditions":[],"name":""}]}"#, "/deny_if/0/name", .outOfRange),
        .condition("{}", "/path", .missingField), .condition(#"{"path":"args.a","op":"eq"}"#, "/value", .missingField),
        .condition(#"{"path":"args","op":"eq","value":1}"#, "/path", .badPath),
        .condition(#"{"path":"arg.a","op":"eq","value":1}"#, "/path", .badPath, "args.a"),
        .condition(#"{"path":"amount","op":"eq","value":1}"#, "/path", .badPath),
        .condition(#"{"path":"state.t.c","op":"eq","value":1}"#, "/path", .badPath, "args.state.t.c"),
        .condition(#"{"path":"args.a..b","op":"eq","value":1}"#, "/path", .badPath),
        .condition(#"{"path":"args.a.*.b","op":"eq","value":1}"#, "/path", .badPath),
        .condition(#"{"path":"args.a[0].b","op":"eq","value":1}"#, "/path", .badPath, "args.a.0.b"),
        .condition(#"{"path":"args.a\\b","op":"eq","value":1}"#, "/path", .badPath),
        .condition(#"{"path":7,"op":"eq","value":1}"#, "/path", .wrongType),
        .condition(#"{"path":"args.a","op":"==","value":1}"#, "/op", .unknownValue, "eq"),
        .condition(#"{"path":"args.a","op":"matches","value":"x"}"#, "/op", .unknownValue, "regex"),
        .condition(#"{"path":"args.a","op":"notin","value":[]}"#, "/op", .unknownValue, "not_in"),
        .condition(#"{"path":"args.a","op":"gt","value":"100"}"#, "/value", .wrongType, "100"),
        .condition(#"{"path":"args.a","op":"lte","value":null}"#, "/value", .wrongType),
        .condition(#"{"path":"args.a","op":"in","value":"a"}"#, "/value", .wrongType),
        .condition(#"{"path":"args.a","op":"in","value":["a",null]}"#, "/value/1", .wrongType),
        .condition(#"{"path":"args.a","op":"exists","value":"true"}"#, "/value", .wrongType),
        .condition(#"{"path":"args.a","op":"regex","value":7}"#, "/value", .wrongType),
        .condition(#"{"path":"args.a","op":"regex","value":"(a"}"#, "/value", .badPattern),
        .condition(#"{"path":"args.a","op":"regex","value":"(?=a)"}"#, "/value", .badPattern),
        .condition(#"{"path":"args.a","op":"contains","value":[]}"#, "/value", .wrongType),
        .condition(#"{"path":"args.a","op":"eq","value":null}"#, "/value", .wrongType),
        .condition(#"{"path":"args.a","op":"eq","value":{"a":1,"a":2}}"#, "/value/a", .duplicateKey),
        .limit("\(good),\"scop\":1", "/scop", .unknownField, "scope"),
        .limit(#""counter":"c","window":"minute","max":1"#, "/scope", .missingField),
        .limit(#""counter":7,"window":"minute","max":1,"scope":"grant""#, "/counter", .wrongType),
        .limit(#""counter":"c","window":"5m","max":1,"scope":"grant""#, "/window", .unknownValue, "300"),
        .limit(#""counter":"c","window":"60","max":1,"scope":"grant""#, "/window", .unknownValue, "60"),
        .limit(#""counter":"c","window":0,"max":1,"scope":"grant""#, "/window", .outOfRange),
        .limit(#""counter":"c","window":1.5,"max":1,"scope":"grant""#, "/window", .outOfRange),
        .limit(#""counter":"c","window":31622401,"max":1,"scope":"grant""#, "/window", .outOfRange),
        .limit(#""counter":"c","window":1,"max":"10","scope":"grant""#, "/max", .wrongType, "10"),
        .limit(#""counter":"c","window":1,"max":1.5,"scope":"grant""#, "/max", .outOfRange),
        .limit(#""counter":"c","window":1,"max":9007199254740992,"scope":"grant""#, "/max", .outOfRange),
        .limit(#""counter":"c","window":1,"max":1e400,"scope":"grant""#, "/max", .outOfRange),
        .limit("\(good),\"increment\":0", "/increment", .outOfRange),
        .limit("\(good),\"increment\":1,\"increment_from\":\"args.n\"", "/increment_from", .contradiction),
        .limit("\(good),\"increment_from\":\"n\"", "/increment_from", .badPath),
        .limit("\(good),\"algorithm\":\"slidng\"", "/algorithm", .unknownValue, "sliding"),
        .tool("{\"limits\":[{\(good)},{\(good)}]}", "/limits/1/counter", .contradiction),
        .tool(
            "{\"limits\":[{\(good),\"increment_from\":\"args.n\"},{\"counter\":\"d\",\"window\":1,\"max\":1,\"scope\":\"grant\",\"increment_from\":\"args.m\"}]}",
            "/limits/1/increment_from", .contradiction, "args.n"),
        Bad(
            text: #"{"version":"1","default":"deny","brake":{"on":["loops"],"action":"deny","cooldown":"15m"}}"#,
            pointer: "/brake/on/0", code: .unknownValue, suggestion: "loop"),
        Bad(
            text: #"{"version":"1","default":"deny","brake":{"on":[],"action":"deny","cooldown":"15m"}}"#,
            pointer: "/brake/on", code: .outOfRange),
        Bad(
            text: #"{"version":"1","default":"deny","brake":{"on":["loop"],"action":"deny","cooldown":900}}"#,
            pointer: "/brake/cooldown", code: .wrongType, suggestion: "\"15m\""),
        Bad(
            text: #"{"version":"1","default":"deny","brake":{"on":["loop"],"action":"stop","cooldown":"soon"}}"#,
            pointer: "/brake/action", code: .unknownValue),
        Bad(text: #"{"version":"1","default":"deny","brake":{}}"#, pointer: "/brake/on", code: .missingField),
        Bad(
            text: #"{"tools":{"t":{"action":"alow"}}}"#, pointer: "/tools/t/action", code: .unknownValue,
            suggestion: "allow"),
        Bad(text: #"{"tools":{"t":{"action":"require_aproval"}}}"#, pointer: "/tools/t/action", code: .unknownValue),
        Bad(text: #"{"tools":{"t":{"reason":"x"}}}"#, pointer: "/tools/t/action", code: .missingField),
        Bad(
            text: #"{"tools":{"t":{"action":"deny","rate_limit":{"max":1,"window":1}}}}"#,
            pointer: "/tools/t/rate_limit", code: .contradiction),
        Bad(
            text: #"{"tools":{"t":{"rate_limit":{"max":1,"window":"minute"}}}}"#, pointer: "/tools/t/rate_limit/window",
            code: .wrongType),
        Bad(
            text: #"{"tools":{"t":{"rate_limit":{"max":1}}}}"#, pointer: "/tools/t/rate_limit/window",
            code: .missingField),
        Bad(
            text: #"{"default":"allow","tools":{"t":{"action":"deny"}}}"#, pointer: "/tools/t/action",
            code: .mixedDialects),
        Bad(
            text: #"{"tools":{"t":{"action":"allow"},"u":{"limits":[]}}}"#, pointer: "/tools/t/action",
            code: .mixedDialects),
    ]

    @Test(arguments: bad) func whatIsWrongIsRefusedWithItsPlace(_ bad: Bad) throws {
        let reading = PolicyDocument.read(Array(bad.text.utf8))
        #expect(reading.document == nil)
        let problem = try #require(
            reading.errors.first { $0.pointer == bad.pointer && $0.code == bad.code }, "\(reading.errors)")
        #expect(problem.severity == .error)
        if let suggestion = bad.suggestion { #expect(problem.suggestion == suggestion) }
        #expect(!problem.expected.isEmpty && !problem.found.isEmpty)
    }

    @Test func everyKindOfErrorIsInTheTable() {
        let warnings: Set<PolicyProblem.Code> = [.unguarded, .neverMatches, .noEffect, .sessionFallback]
        #expect(Set(Self.bad.map(\.code)) == Set(PolicyProblem.Code.allCases).subtracting(warnings))
    }

    @Test func errorsShowNoMoreThanABitOfTheDocument() throws {
        let long = String(repeating: "x", count: 100_000)
        let found = try #require(problems(#"{"version":"\#(long)","default":"deny"}"#).first)
        #expect(found.description.utf8.count < 200)
    }

    /// Placing errors does not go over the text again for each of them.
    @Test func thousandsOfErrorsOnOneLineAreToldQuickly() throws {
        let text =
            #"{"version":"1","default":"deny","tools":{"#
            + (0..<3000).map { #""t\#($0)":{"lmits":[]}"# }.joined(separator: ",") + "}}"
        let found = problems(text)
        #expect(found.count == 3000)
        #expect(found.allSatisfy { $0.line == 1 && $0.suggestion == "limits" })
        #expect(found.map(\.column) == found.map(\.column).sorted())
        #expect(found.last?.pointer == "/tools/t2999/lmits")
    }

    @Test func patternErrorsSayWhereInThePattern() throws {
        let found = try #require(
            problems(
                documentText(
                    tool: #"{"deny_if":[{"conditions":[{"path":"args.a","op":"regex","value":"ab(?=c)"}]}]}"#)
            ).first)
        #expect(found.expected == "a pattern that can be used: look-ahead is not supported at byte 2 of the pattern")
        #expect(found.found == #""ab(?=c)""#)
    }

    @Test func tooManyConditionsForOneCallAreRefused() throws {
        func rules(_ count: Int) -> String {
            let rule = #"{"conditions":[{"path":"args.a","op":"eq","value":1}]}"#
            return #"{"deny_if":[\#(Array(repeating: rule, count: count).joined(separator: ","))]}"#
        }
        func text(_ all: Int, _ own: Int) -> String {
            #"{"version":"1","default":"deny","all_tools":\#(rules(all)),"tools":{"t":\#(rules(own))}}"#
        }
        _ = try document(text(200, 312))
        #expect(problems(text(200, 313)).map(\.pointer) == ["/tools/t"])
        #expect(problems(text(513, 0)).contains { $0.pointer == "/all_tools" && $0.code == .outOfRange })
    }

    @Test func idsThatTheRecordWouldCutAreRefused() throws {
        let path = "args." + String(repeating: "k", count: 250)
        let conditions = Array(repeating: #"{"path":"\#(path)","op":"eq","value":1}"#, count: 5).joined(separator: ",")
        let rule = #""conditions":[\#(conditions)]"#
        let found = problems(documentText(tool: "{\"require\":[{\(rule)}]}"))
        #expect(found.map(\.pointer) == ["/tools/t/require/0"])
        _ = try document(documentText(tool: "{\"require\":[{\"name\":\"short\",\(rule)}]}"))
    }
}

import Events
import Policy
import StrictJSON
import Testing

/// The eleven operators, each against arguments that hold, fail, and cannot be compared.
struct OperatorTests {
    struct Row: Sendable, CustomStringConvertible {
        let op: String
        let value: String
        let holds: [String]
        var fails: [String] = []
        var mismatches: [String] = []

        var description: String { "\(op) \(value)" }
    }

    static let rows: [Row] = [
        Row(
            op: "eq", value: "1", holds: ["1", "1.0", "10e-1", "0.1e1"],
            fails: ["2", "-1", "1.0000000000000000001", "1e400"],
            mismatches: [#""1""#, "true", "[1]", "{}"]),
        Row(
            op: "eq", value: "9007199254740993", holds: ["9007199254740993", "9007199254740993.0"],
            fails: ["9007199254740992", "9007199254740994"]),
        Row(
            op: "eq", value: #""EUR""#, holds: [#""EUR""#, #""\u0045UR""#], fails: [#""eur""#, #""""#, #""EUR ""#],
            mismatches: ["1", "false", "[]", "{}"]),
        Row(op: "eq", value: "true", holds: ["true"], fails: ["false"], mismatches: ["1", #""true""#]),
        Row(
            op: "eq", value: #"["a",1]"#, holds: [#"["a",1]"#, #"[ "a" , 1.0 ]"#],
            fails: [#"[1,"a"]"#, "[]", #"["a"]"#],
            mismatches: [#""a""#, "1"]),
        Row(
            op: "eq", value: #"{"a":1,"b":[null]}"#, holds: [#"{"b":[null],"a":1.0}"#],
            fails: [#"{"a":1}"#, #"{"a":1,"b":[0]}"#, #"{"a":1,"B":[null]}"#], mismatches: ["[]"]),
        Row(op: "neq", value: "1", holds: ["2", "1.5"], fails: ["1", "1.0"], mismatches: [#""2""#, "true", "[]"]),
        Row(op: "neq", value: #""a""#, holds: [#""b""#], fails: [#""a""#], mismatches: ["1", "{}"]),
        Row(
            op: "lt", value: "10", holds: ["9", "-1e9", "9.999999999999999999999"],
            fails: ["10", "10.0", "11", "1e400"],
            mismatches: [#""9""#, "true", "[9]", "{}"]),
        Row(
            op: "lte", value: "10", holds: ["10", "1e1", "9"], fails: ["10.000000000000000000001", "11"],
            mismatches: [#""10""#]),
        Row(
            op: "gt", value: "10000", holds: ["10001", "10000.0000000000000001", "1e400", "20000"],
            fails: ["10000", "1e4", "0", "-1e400"], mismatches: [#""20000""#, #""""#, "[20000]", "true", "{}"]),
        Row(
            op: "gte", value: "9007199254740993", holds: ["9007199254740993", "9007199254740994"],
            fails: ["9007199254740992", "9007199254740992.9"]),
        Row(
            op: "in", value: #"["a","b",3]"#, holds: [#""a""#, #""b""#, "3", "3.0"], fails: [#""c""#, "4", #""3""#],
            mismatches: ["true", "[]", "{}"]),
        Row(op: "in", value: "[1,2]", holds: ["1"], fails: ["3"], mismatches: [#""1""#]),
        Row(op: "in", value: "[]", holds: [], fails: ["1", #""a""#, "[]"]),
        Row(op: "not_in", value: #"["a","b"]"#, holds: [#""c""#], fails: [#""a""#], mismatches: ["1", "[]"]),
        Row(op: "not_in", value: "[]", holds: ["1", #""a""#]),
        Row(op: "exists", value: "true", holds: ["0", #""""#, "false", "[]", "{}"], fails: ["null"]),
        Row(op: "exists", value: "false", holds: ["null"], fails: ["0", #""""#, "false"]),
        Row(
            op: "regex", value: #""^prod-""#, holds: [#""prod-1""#, #""\u0070rod-""#],
            fails: [#""preprod-1""#, #""""#],
            mismatches: ["1", "{}", #"["prod-1"]"#, "true"]),
        Row(op: "regex", value: #""rm\\s+-rf""#, holds: [#""a; rm  -rf /""#, #""rm\t-rf""#], fails: [#""rm-rf""#]),
        Row(
            op: "contains", value: #""prod""#, holds: [#""my-prod-1""#, #"["dev","prod"]"#, #""\u0070rod""#],
            fails: [#""pro""#, #"["production"]"#, "[]", "[null]"], mismatches: ["1", "{}", "[1]", #"[["prod"]]"#]),
        Row(
            op: "contains", value: "5", holds: ["[1,5]", "[5.0]"], fails: ["[1]", "[]"],
            mismatches: [#""5""#, #"["5"]"#, "5", #"[1,"5"]"#]),
        Row(op: "contains", value: "true", holds: ["[false,true]"], fails: ["[false]"], mismatches: ["true", "[1]"]),
    ]

    private func verdict(_ list: String, _ row: Row, _ value: String) throws -> PolicyVerdict {
        let policy = try policy(
            documentText(
                tool: #"{"\#(list)":[{"conditions":[{"path":"args.x","op":"\#(row.op)","value":\#(row.value)}]}]}"#))
        return try policy.decide("t", #"{"x":\#(value)}"#)
    }

    @Test(arguments: rows) func denyIfDeniesWhatHoldsAndWhatCannotBeCompared(_ row: Row) throws {
        for value in row.holds {
            let verdict = try verdict("deny_if", row, value)
            #expect(verdict.verdict == .deny && verdict.reason == .denyIf && verdict.facts == "1", "\(value)")
            #expect(verdict.rule == "/tools/t/deny_if/args.x-\(row.op)")
        }
        for value in row.fails {
            let verdict = try verdict("deny_if", row, value)
            #expect(verdict.verdict == .allow && verdict.facts == "0", "\(value)")
        }
        for value in row.mismatches {
            let verdict = try verdict("deny_if", row, value)
            #expect(verdict.verdict == .deny && verdict.reason == .typeMismatch && verdict.facts == "!", "\(value)")
        }
    }

    @Test(arguments: rows) func requireDeniesAllButWhatHolds(_ row: Row) throws {
        for value in row.holds { #expect(try verdict("require", row, value).verdict == .allow, "\(value)") }
        for value in row.fails + row.mismatches {
            let verdict = try verdict("require", row, value)
            #expect(verdict.verdict == .deny && verdict.reason == .require, "\(value)")
            #expect(verdict.rule == "/tools/t/require/args.x-\(row.op)")
        }
    }

    @Test func allElevenAreInTheTable() {
        #expect(Set(Self.rows.map(\.op)) == Set(ConditionOperator.allCases.map(\.rawValue)))
        #expect(ConditionOperator.allCases.count == 11)
    }

    /// Missing and null are the same: no condition holds but `exists` with false.
    @Test(arguments: rows) func absentArgumentsHoldForNothingButExists(_ row: Row) throws {
        let policy = try policy(
            documentText(
                tool: #"{"deny_if":[{"conditions":[{"path":"args.x","op":"\#(row.op)","value":\#(row.value)}]}]}"#))
        let isDenied = row.op == "exists" && row.value == "false"
        for arguments in ["{}", #"{"x":null}"#, #"{"y":1}"#, nil] {
            let verdict = try policy.decide("t", arguments)
            #expect(verdict.verdict == (isDenied ? .deny : .allow), "\(arguments ?? "none")")
            #expect(verdict.facts == (isDenied ? "1" : "0"))
        }
    }
}

/// Random documents that are valid, and arguments for their calls.
enum RandomPolicy {
    static let tools = ["t", "u/v", "w~x"]
    private static let paths = ["args.a", "args.b", "args.c.d", "args.l.0", "args.l.1.k"]

    static func document(_ random: inout SeededGenerator) -> String {
        let byDefault = pick(["allow", "deny"], &random)
        var members = [#""version":"1""#, #""default":"\#(byDefault)""#]
        if Bool.random(using: &random) { members.append(#""hide":["hidden","u/v"]"#) }
        if Bool.random(using: &random) { members.append(#""all_tools":{\#(rules(&random, counter: "all"))}"#) }
        let tools = tools.map { #""\#($0)":{\#(rules(&random, counter: $0))}"# }
        members.append(#""tools":{\#(tools.joined(separator: ","))}"#)
        if Int.random(in: 0..<4, using: &random) == 0 { members.append(#""mode":"shadow""#) }
        return "{\(members.joined(separator: ","))}"
    }

    private static func rules(_ random: inout SeededGenerator, counter: String) -> String {
        var members: [String] = []
        for field in ["require", "deny_if"] where Bool.random(using: &random) {
            let rules = (0..<Int.random(in: 1...3, using: &random)).map { _ in rule(&random) }
            members.append(#""\#(field)":[\#(rules.joined(separator: ","))]"#)
        }
        if counter != "all", Int.random(in: 0..<4, using: &random) == 0 {
            members.append(#""approval":{"timeout":"30m","on_timeout":"deny"}"#)
        }
        if Bool.random(using: &random) {
            let limits = (0..<Int.random(in: 1...2, using: &random)).map { limit(&random, counter: "\(counter)\($0)") }
            members.append(#""limits":[\#(limits.joined(separator: ","))]"#)
        }
        return members.joined(separator: ",")
    }

    private static func rule(_ random: inout SeededGenerator) -> String {
        let conditions = (0..<Int.random(in: 0...2, using: &random)).map { _ in condition(&random) }
        return #"{"conditions":[\#(conditions.joined(separator: ","))]}"#
    }

    private static func condition(_ random: inout SeededGenerator) -> String {
        let (op, value) = pick(
            [
                ("eq", "1"), ("eq", #""x""#), ("neq", "1"), ("lt", "2"), ("lte", "1.5"), ("gt", "0"), ("gte", "1e0"),
                ("in", #"[1,"x"]"#), ("not_in", #"["x"]"#), ("exists", "true"), ("exists", "false"),
                ("regex", #""^x+$""#), ("contains", #""x""#), ("contains", "1"),
            ], &random)
        return #"{"path":"\#(pick(paths, &random))","op":"\#(op)","value":\#(value)}"#
    }

    private static func limit(_ random: inout SeededGenerator, counter: String) -> String {
        let scope = pick(["grant", "agent", "session", "server", "global"], &random)
        let increment = pick(["", #","increment":2"#, #","increment_from":"args.a""#], &random)
        let algorithm = pick(["sliding", "fixed"], &random)
        let window = pick([#""second""#, #""minute""#, "5"], &random)
        return #"{"counter":"\#(counter)","window":\#(window),"max":\#(Int.random(in: 0...6, using: &random)),"#
            + #""scope":"\#(scope)","algorithm":"\#(algorithm)"\#(increment)}"#
    }

    /// Arguments that hit the paths above with all kinds of values.
    static func arguments(_ random: inout SeededGenerator) -> String? {
        guard Int.random(in: 0..<10, using: &random) > 0 else { return nil }
        func value(_ random: inout SeededGenerator) -> String {
            pick(
                [
                    "1", "2", "0", "-1", "1.5", #""x""#, #""xx""#, #""1""#, "true", "null", "[]", "[1]", "{}",
                    #"{"k":1}"#,
                ], &random)
        }
        var members: [String] = []
        for key in ["a", "b", "A", "z"] where Int.random(in: 0..<5, using: &random) > (key == "A" ? 3 : 1) {
            members.append(#""\#(key)":\#(value(&random))"#)
        }
        members.append(#""c":{"d":\#(value(&random))}"#)
        members.append(#""l":[\#(value(&random)),\#(value(&random))]"#)
        return "{\(members.joined(separator: ","))}"
    }

    private static func pick<Element>(_ elements: [Element], _ random: inout SeededGenerator) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }
}

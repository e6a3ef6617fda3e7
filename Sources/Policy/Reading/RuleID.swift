/// Rule ids: stable and readable names of a document's rules, as decisions carry them.
enum RuleID {
    static let defaultDeny = "(default deny)"
    static let hidden = "(hidden)"
    static let noPolicy = "(no policy)"

    static func tool(_ name: String) -> String { "/tools/\(escaped(name))" }
    static let allTools = "/all_tools"

    static func approval(_ tool: String) -> String { "\(RuleID.tool(tool))/approval" }

    static func brake(_ detectionRule: String) -> String { "/brake/\(escaped(detectionRule))" }

    /// A name as one segment of a pointer: `~` and `/` escaped as RFC 6901 §3 asks.
    static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        var escaped = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The id of a list's next rule: the second equal label gets `#2`, the third `#3`.
    static func next(_ prefix: String, _ label: String, taken: inout Set<[UInt8]>) -> String {
        let id = "\(prefix)/\(escaped(label))"
        var candidate = id
        var number = 1
        while !taken.insert(Array(candidate.utf8)).inserted {
            number += 1
            candidate = "\(id)#\(number)"
        }
        return candidate
    }
}

import Foundation

/// Fragments of policy documents, to be pasted into the `tools` of a policy or handed to `tollgate policy check`.
enum PolicyPatch {
    /// Limits of calls a minute and grant, by tool.
    static func limits(_ maximums: [String: Int]) -> String {
        let tools = maximums.map { tool, maximum in
            (tool, Fragment.Tool(limits: [Fragment.Limit(counter: "\(tool)_rate", max: maximum)]))
        }
        return written(Fragment(tools: Dictionary(tools) { a, _ in a }))
    }

    /// The same with a line for each tool.
    static func lines(_ maximums: [String: Int]) -> [String] {
        let sorted = maximums.sorted { $0.key < $1.key }
        let tools = sorted.enumerated().map { index, entry in
            // `{"tools":{` before, `}}` behind.
            let line = String(limits([entry.key: entry.value]).dropFirst(10).dropLast(2))
            return "  \(line)\(index < sorted.count - 1 ? "," : "")"
        }
        return ["{\"tools\":{"] + tools + ["}}"]
    }

    /// Tools that are neither listed nor callable.
    static func hiding(_ tools: [String]) -> String {
        written(Fragment(hide: tools.sorted()))
    }

    private static func written(_ fragment: Fragment) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(fragment)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private struct Fragment: Encodable {
        struct Tool: Encodable {
            var limits: [Limit]
        }

        struct Limit: Encodable {
            var counter: String
            var window = "minute"
            var max: Int
            var scope = "grant"
        }

        var hide: [String]?
        var tools: [String: Tool]?
    }
}

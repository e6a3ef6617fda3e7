import Events

/// The policy under which the simulated gateway decides.
///
/// All its limits are sliding, per grant and of at most 32 calls: for those a gateway's counters are exact to the
/// microsecond (`docs/POLICY.md`), so the records can be decided again and must come out the same.
public enum FleetPolicy {
    /// The policy's name in the records.
    public static let name = "fleet"

    /// A limit of one tool.
    struct Limit: Sendable {
        let tool: String
        let counter: String
        let windowSeconds: Int
        let maximum: Int

        var rule: String { "/tools/\(tool)/limits/\(counter)" }
        var window: String { windowSeconds == 60 ? "minute" : "hour" }
        var message: String { "Rate limit: \(tool) allows no more per \(window) for this grant." }
    }

    static let limits = [
        Limit(
            tool: "build_and_push_image_to_ecr", counter: "build_and_push_image_to_ecr_rate", windowSeconds: 60,
            maximum: 10),
        Limit(tool: "deploy_service", counter: "deploy_service_rate", windowSeconds: 3600, maximum: 20),
        Limit(tool: "send_email", counter: "send_email_rate", windowSeconds: 3600, maximum: 30),
        Limit(tool: "create_refund", counter: "create_refund_rate", windowSeconds: 3600, maximum: 6),
        Limit(tool: "put_object", counter: "put_object_rate", windowSeconds: 60, maximum: 30),
        Limit(tool: "query", counter: "query_rate", windowSeconds: 60, maximum: 30),
        Limit(tool: "fetch", counter: "fetch_rate", windowSeconds: 60, maximum: 24),
    ]

    /// Tools that are not even listed to agents.
    static let hidden = ["create_charge", "drop_table"]
    /// Tools that exist and that the policy does not name.
    static let unnamed = [
        "create_ecs_infrastructure", "delete_ecs_infrastructure", "delete_entities", "delete_event", "delete_file",
        "delete_object", "delete_ticket", "git_reset", "update_article",
    ]
    static let unnamedMessage = "This policy denies every tool that it does not list."
    /// The most that a refund may be.
    static let largestRefund = 500
    static let refundMessage = "Refunds over \(largestRefund) need a person."
    static let refundRule = "/tools/create_refund/deny_if/args.amount-gt"

    /// The policy as a document, for `--policy` and for deciding the records again.
    public static var json: String {
        var lines: [String] = []
        for tool in ToolCatalog.tools.map(\.name).sorted() where !hidden.contains(tool) && !unnamed.contains(tool) {
            lines.append("    \"\(tool)\": {\(rules(of: tool))}")
        }
        return """
            {
              "version": "1",
              "default": "deny",
              "hide": [\(hidden.map { "\"\($0)\"" }.joined(separator: ", "))],
              "tools": {
            \(lines.joined(separator: ",\n"))
              }
            }

            """
    }

    private static func rules(of tool: String) -> String {
        var parts: [String] = []
        if tool == "create_refund" {
            let condition = "{ \"path\": \"args.amount\", \"op\": \"gt\", \"value\": \(largestRefund) }"
            parts.append("\"deny_if\": [ { \"conditions\": [ \(condition) ], \"on_deny\": \"\(refundMessage)\" } ]")
        }
        if let limit = limits.first(where: { $0.tool == tool }) {
            parts.append(
                "\"limits\": [ { \"counter\": \"\(limit.counter)\", \"window\": \"\(limit.window)\", "
                    + "\"max\": \(limit.maximum), \"scope\": \"grant\" } ]")
        }
        return parts.isEmpty ? "" : " " + parts.joined(separator: ", ") + " "
    }
}

/// What the policy says about one tool, looked up once.
struct ToolRule: Sendable {
    enum Standing: Sendable { case named, hidden, unnamed }

    let standing: Standing
    /// Index of the tool's limit in `FleetPolicy.limits`.
    let limit: Int?
    let hasCondition: Bool

    init(_ tool: FleetTool) {
        standing =
            FleetPolicy.hidden.contains(tool.name)
            ? .hidden : FleetPolicy.unnamed.contains(tool.name) ? .unnamed : .named
        limit = FleetPolicy.limits.firstIndex { $0.tool == tool.name }
        hasCondition = tool.name == "create_refund"
    }
}

/// Exact sliding counters, one for each limit and grant.
struct SlidingCounters: Sendable {
    private static let depth = 32

    private var times: [Int64]
    private var heads: [UInt8]
    private var counts: [UInt8]

    init(grants: Int) {
        let counters = grants * FleetPolicy.limits.count
        times = Array(repeating: 0, count: counters * Self.depth)
        heads = Array(repeating: 0, count: counters)
        counts = Array(repeating: 0, count: counters)
    }

    /// Admits a call, or says how many microseconds until one can be.
    ///
    /// A call at `time` counts against all in (time, time + window]: no instant has more than the maximum behind it.
    mutating func admit(limit index: Int, grant: Int, at time: Int64) -> (used: Int, wait: Int64?) {
        let limit = FleetPolicy.limits[index]
        let window = Int64(limit.windowSeconds) * 1_000_000
        let counter = grant * FleetPolicy.limits.count + index
        let base = counter * Self.depth
        var head = Int(heads[counter])
        var count = Int(counts[counter])
        while count > 0, times[base + head] <= time - window {
            head = (head + 1) % Self.depth
            count -= 1
        }
        defer {
            heads[counter] = UInt8(head)
            counts[counter] = UInt8(count)
        }
        if count >= limit.maximum { return (count, times[base + head] + window - time) }
        times[base + (head + count) % Self.depth] = time
        count += 1
        return (count, nil)
    }
}

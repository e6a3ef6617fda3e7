/// A kind of agent: when it works, for how long, and with which tools.
struct FleetRole: Sendable {
    /// The hours in which sessions begin.
    enum Hours: Sendable {
        /// From one hour to another, busiest in the middle.
        case office(Int, Int)
        /// All day, somewhat busier at noon than at night.
        case always
        /// Once an hour, at a minute of the agent's own.
        case hourly
    }

    let name: String
    /// Agents of this role in a fleet of sixty.
    let agents: Int
    /// Sessions on a weekday, before scaling to the number of calls asked for.
    let sessionsPerDay: Double
    /// The weekend's share of a weekday.
    let weekend: Double
    let hours: Hours
    /// Calls in a session: log-normal.
    let medianCalls: Double
    let callsSigma: Double
    /// Median think time between calls, in seconds.
    let thinkSeconds: Double
    /// Tools by weight; beside them a few calls go to anything.
    let tools: [(number: Int, weight: Double)]
    /// The share of calls to tools that the role has no business with.
    let strayShare: Double
    /// The share of sessions that run one tool over many files.
    let bulkShare: Double
    let client: String
    let protocolRevision: String

    /// The weight of an hour of the week for the beginning of sessions; a day's weights sum to one.
    func weight(hour: Int, shift: Int) -> Double {
        switch hours {
        case .always: [0.7, 1, 1.3, 1][hour / 6] / 24
        case .hourly: 1.0 / 24
        case .office(let first, let last):
            FleetRole.officeWeight(hour: hour - shift, first: first, last: last)
        }
    }

    /// A parabola over the working hours.
    private static func officeWeight(hour: Int, first: Int, last: Int) -> Double {
        guard hour >= first, hour < last else { return 0 }
        let length = Double(last - first)
        let place = (Double(hour - first) + 0.5) / length
        return 6 * place * (1 - place) / length
    }

    private static func weights(_ list: [(String, Double)]) -> [(number: Int, weight: Double)] {
        list.map { (ToolCatalog.number($0.0), $0.1) }
    }

    /// The fleet's roles.
    static let all = [
        FleetRole(
            name: "builder", agents: 10, sessionsPerDay: 12, weekend: 0.15, hours: .office(7, 19), medianCalls: 7,
            callsSigma: 0.5, thinkSeconds: 11,
            tools: weights([
                ("git_checkout", 2), ("git_log", 1), ("run_tests", 3), ("list_failures", 1), ("read_file", 2),
                ("build_and_push_image_to_ecr", 0.9), ("deploy_service", 0.7), ("get_service_logs", 1.2),
                ("post_message", 0.4),
            ]), strayShare: 0.01, bulkShare: 0, client: "ci-runner/4.11.0", protocolRevision: "2025-11-25"),
        FleetRole(
            name: "developer", agents: 18, sessionsPerDay: 7, weekend: 0.2, hours: .office(7, 22), medianCalls: 19,
            callsSigma: 0.8, thinkSeconds: 9,
            tools: weights([
                ("read_file", 8), ("search_files", 4), ("edit_file", 4), ("write_file", 1.5), ("list_directory", 2),
                ("run_tests", 2), ("git_diff", 1.5), ("git_status", 1.5), ("git_commit", 0.8), ("git_show", 0.5),
                ("fetch", 0.8), ("search", 0.5), ("sequential_thinking", 0.7), ("get_test_report", 0.5),
            ]), strayShare: 0.02, bulkShare: 0.03, client: "code-assistant/2.3.1", protocolRevision: "2025-11-25"),
        FleetRole(
            name: "helpdesk", agents: 14, sessionsPerDay: 24, weekend: 0.7, hours: .always, medianCalls: 5,
            callsSigma: 0.5, thinkSeconds: 14,
            tools: weights([
                ("search_kb", 5), ("get_article", 3), ("get_ticket", 5), ("update_ticket", 2), ("add_comment", 3),
                ("get_customer", 3), ("search_customers", 1), ("list_invoices", 0.8), ("create_refund", 0.3),
                ("send_email", 1), ("read_thread", 1),
            ]), strayShare: 0.012, bulkShare: 0, client: "desk-agent/1.8.0", protocolRevision: "2025-06-18"),
        FleetRole(
            name: "pipeline", agents: 6, sessionsPerDay: 24, weekend: 1, hours: .hourly, medianCalls: 14,
            callsSigma: 0.3, thinkSeconds: 2.6,
            tools: weights([
                ("query", 5), ("list_objects", 2), ("get_object", 4), ("put_object", 3), ("insert_rows", 2),
                ("head_object", 1),
            ]), strayShare: 0.003, bulkShare: 0, client: "flow-runner/0.42.0", protocolRevision: "2026-07-28"),
        FleetRole(
            name: "analyst", agents: 8, sessionsPerDay: 3, weekend: 0.4, hours: .office(8, 21), medianCalls: 26,
            callsSigma: 0.9, thinkSeconds: 15,
            tools: weights([
                ("search", 5), ("fetch", 6), ("query", 4), ("describe_table", 1), ("list_tables", 0.5),
                ("explain_query", 0.4), ("query_range", 1), ("read_file", 1), ("write_file", 1), ("create_draft", 0.5),
                ("extract_links", 0.7), ("search_nodes", 0.8), ("create_entities", 0.5),
            ]), strayShare: 0.025, bulkShare: 0.05, client: "research-desk/0.9.4", protocolRevision: "2026-07-28"),
        FleetRole(
            name: "operator", agents: 4, sessionsPerDay: 10, weekend: 0.8, hours: .always, medianCalls: 9,
            callsSigma: 0.6, thinkSeconds: 12,
            tools: weights([
                ("list_alerts", 3), ("query_range", 4), ("get_dashboard", 2), ("get_service_logs", 4),
                ("describe_cluster", 2), ("silence_alert", 0.4), ("post_message", 1), ("get_deployment_status", 1),
            ]), strayShare: 0.012, bulkShare: 0, client: "ops-copilot/3.0.2", protocolRevision: "2025-11-25"),
    ]
}

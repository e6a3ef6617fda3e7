import Events

/// Chooses who goes wrong, when and how.
struct IncidentPlanner {
    private let options: FleetOptions
    private let agents: [FleetAgent]
    private var random: Randomness
    private var taken: Set<Int> = []

    /// The scenario's incidents, in order of their start; never more than a third of all calls.
    static func plan(_ options: FleetOptions, agents: [FleetAgent]) -> [IncidentPlan] {
        var planner = IncidentPlanner(options: options, agents: agents)
        var plans: [IncidentPlan] = []
        var calls = 0
        for plan in planner.candidates() {
            guard calls + plan.calls <= max(options.calls / 3, 120) else { break }
            calls += plan.calls
            plans.append(plan)
        }
        return plans.sorted { ($0.start, $0.agent) < ($1.start, $1.agent) }
    }

    private init(options: FleetOptions, agents: [FleetAgent]) {
        self.options = options
        self.agents = agents
        random = Randomness(seed: options.seed, stream: 0x1C1_DE27)
    }

    private mutating func candidates() -> [IncidentPlan] {
        guard options.scenario != .quiet else { return [] }
        // A fortieth of all calls, four in five seconds.
        let builds = Double(min(max(options.calls / 40, 80), 1500))
        let runaway = make(
            .runaway, role: "builder", tool: "build_and_push_image_to_ecr", days: 22...24, hours: 10...15,
            minutes: builds * 1.25 / 60, gap: 1.25, sigma: 0.35, same: 0.94)
        guard options.scenario == .fleet else { return [runaway] }
        return [runaway] + otherKinds()
    }

    private mutating func otherKinds() -> [IncidentPlan] {
        [
            make(
                .modelLoop, role: "analyst", tool: "fetch", days: 8...20, hours: 9...17, minutes: 40, gap: 13,
                sigma: 0.35, same: 1),
            make(
                .denialStorm, role: "operator", tool: "delete_ecs_infrastructure", days: 8...26, hours: 0...22,
                minutes: 18, gap: 7, sigma: 0.35, same: 0.5),
            make(
                .burst, role: "pipeline", tool: "get_object", days: 9...26, hours: 3...20, minutes: 2, gap: 0.4,
                sigma: 0.3, same: 0),
            make(
                .variedLoop, role: "developer", tool: "edit_file", days: 8...26, hours: 10...18, minutes: 35, gap: 6,
                sigma: 0.35, same: 0.05),
            make(
                .slowBuilds, role: "builder", tool: "build_and_push_image_to_ecr", days: 8...19, hours: 0...16,
                minutes: 270, gap: 280, sigma: 0.35, same: 0.3),
            make(
                .modelLoop, role: "developer", tool: "run_tests", days: 8...26, hours: 9...18, minutes: 55, gap: 16,
                sigma: 0.35, same: 1),
            make(
                .burst, role: "helpdesk", tool: "search_customers", days: 9...26, hours: 3...20, minutes: 1.5,
                gap: 0.6, sigma: 0.3, same: 0),
            make(
                .denialStorm, role: "helpdesk", tool: "create_charge", days: 8...26, hours: 6...20, minutes: 12,
                gap: 9, sigma: 0.35, same: 1),
            make(
                .endlessPoll, role: "operator", tool: "get_deployment_status", days: 10...25, hours: 0...14,
                minutes: 420, gap: 10, sigma: 0.01, same: 1),
        ]
    }

    private mutating func make(
        _ kind: Incident.Kind, role: String, tool: String, days: ClosedRange<Int>, hours: ClosedRange<Int>,
        minutes: Double, gap: Double, sigma: Double, same: Double
    ) -> IncidentPlan {
        let agent = pick(role)
        var day = 0
        repeat { day = days.lowerBound + random.below(days.count) } while day % 7 >= 5
        let hour = hours.lowerBound + random.below(hours.count)
        let start = Int64(day * 24 + hour) * 3_600_000_000 + Int64(random.below(3_600_000_000))
        let end = start + Int64(minutes * 60_000_000)
        let number = ToolCatalog.number(tool)
        let incident = Incident(
            kind: kind, agent: agents[agent].name, server: ToolCatalog.tools[number].server, tool: tool,
            start: options.start.advanced(by: start), end: options.start.advanced(by: end))
        return IncidentPlan(
            incident: incident, agent: agent, tool: number, start: start, end: end, gap: gap * 1_000_000, sigma: sigma,
            same: same)
    }

    /// An agent of a role that has no incident yet.
    private mutating func pick(_ role: String) -> Int {
        let all = agents.indices.filter { FleetRole.all[agents[$0].role].name == role }
        let candidates = all.filter { !taken.contains($0) }
        let agent = candidates[random.below(candidates.count)]
        taken.insert(agent)
        return agent
    }
}

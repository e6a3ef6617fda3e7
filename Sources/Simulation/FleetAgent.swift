import Events

/// One agent: its role and what makes it differ from the others of that role.
struct FleetAgent: Sendable {
    let role: Int
    let name: String
    let grant: String
    let peer: String
    /// How much more or less it works than its role.
    let activity: Double
    /// Hours by which its day is shifted.
    let shift: Int
    /// For hourly jobs, the minute at which they start.
    let minute: Int
    /// Cumulative weights of its tools, in the role's order.
    let cumulative: [Double]
    /// The calls a session makes on average, retries included.
    let callsPerSession: Double

    /// A fleet in the roles' proportions, at least sixty agents.
    static func fleet(seed: UInt64, size: Double) -> [FleetAgent] {
        var agents: [FleetAgent] = []
        for (index, role) in FleetRole.all.enumerated() {
            for number in 1...max(role.agents, Int(Double(role.agents) * size)) {
                agents.append(FleetAgent(role: index, number: number, seed: seed))
            }
        }
        return agents
    }

    private init(role index: Int, number: Int, seed: UInt64) {
        let kind = FleetRole.all[index]
        var random = Randomness(seed: seed, stream: UInt64(index) << 32 | UInt64(number))
        role = index
        name = "\(kind.name)-\(number < 10 ? "0" : "")\(number)"
        grant = "g-\(name)"
        peer = "10.20.\(index + 1).\(number % 250 + 2)"
        activity = random.logNormal(median: 1, sigma: 0.45)
        shift = random.below(3) - 1
        minute = random.below(60)
        // The mean of a log-normal is e^(σ²/2) times its median.
        let ordinary = kind.medianCalls * exponential(kind.callsSigma * kind.callsSigma / 2)
        callsPerSession = ordinary * 1.1 + kind.bulkShare * 45
        var sum = 0.0
        cumulative = kind.tools.map { tool in
            sum += tool.weight * random.logNormal(median: 1, sigma: 0.5)
            return sum
        }
    }

    /// One of its tools, or now and then a stray one.
    func pickTool(_ random: inout Randomness) -> Int {
        let kind = FleetRole.all[role]
        guard !random.chance(kind.strayShare) else { return random.below(ToolCatalog.tools.count) }
        let place = random.unit() * (cumulative.last ?? 0)
        let index = cumulative.firstIndex { place < $0 } ?? 0
        return kind.tools[index].number
    }

    /// The sessions it begins in one hour of the four weeks, before scaling.
    func sessions(inHour hour: Int) -> Double {
        let kind = FleetRole.all[role]
        let day = hour / 24
        var rate = kind.sessionsPerDay * activity * kind.weight(hour: hour % 24, shift: shift)
        if day % 7 >= 5 { rate *= kind.weekend }
        // The fleet grows by two in a hundred a week, and Thursday is release day.
        rate *= 1 + 0.02 * Double(day) / 7
        if day % 7 == 3, kind.name == "builder" { rate *= 2.2 }
        return rate
    }

}

/// How many sessions begin in each hour, so that the calls come out at the number asked for.
struct HourPlan: Sendable {
    static let hours = 28 * 24

    /// Calls expected from each hour to the end, before scaling.
    private let remaining: [Double]
    private let initialScale: Double

    init(agents: [FleetAgent], calls: Double) {
        var sums = Array(repeating: 0.0, count: Self.hours + 1)
        for hour in stride(from: Self.hours - 1, through: 0, by: -1) {
            sums[hour] = agents.reduce(sums[hour + 1]) { $0 + $1.sessions(inHour: hour) * $1.callsPerSession }
        }
        remaining = sums
        initialScale = calls / max(sums[0], 1)
    }

    /// The factor on every agent's sessions in an hour, when `calls` are still to be made.
    ///
    /// Aims a little too high, so that the number is reached before the four weeks end; if not, work goes on.
    func scale(hour: Int, calls: Double) -> Double {
        guard hour < Self.hours else { return initialScale * 3 }
        let scale = (calls + 20) / max(remaining[hour], 1)
        return min(max(scale, initialScale * 0.25), initialScale * 3)
    }
}

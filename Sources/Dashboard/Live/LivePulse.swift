import Events

/// How busy the fleet is: decisions of the last minute, second by second, and who was at work.
struct LivePulse: Sendable {
    /// Decisions of one second.
    struct Second: Sendable, Equatable {
        var allowed = 0
        var denied = 0
        var throttled = 0
        var held = 0

        var all: Int { allowed + denied + throttled + held }

        static func + (a: Second, b: Second) -> Second {
            Second(
                allowed: a.allowed + b.allowed, denied: a.denied + b.denied, throttled: a.throttled + b.throttled,
                held: a.held + b.held)
        }
    }

    /// How many seconds are kept.
    static let seconds = 120
    private static let activeMicroseconds: Int64 = 300_000_000
    private static let mostAgents = 10_000

    private var ring = [Second](repeating: Second(), count: seconds)
    private var newest: Int64 = 0
    private var seen: [String: Timestamp] = [:]

    /// Counts a decision.
    mutating func take(_ decision: Decision, at moment: Timestamp) {
        guard decision.tool != nil, decision.of == nil else { return }
        let second = moment.microseconds / 1_000_000
        advance(to: second)
        guard newest - second < Int64(Self.seconds) else { return }
        let index = Self.slot(second)
        switch decision.verdict {
        case .allow: ring[index].allowed += 1
        case .deny: ring[index].denied += 1
        case .throttle: ring[index].throttled += 1
        case .hold: ring[index].held += 1
        }
        guard let agent = decision.agent else { return }
        if seen.count >= Self.mostAgents, seen[agent] == nil { forget(before: moment) }
        if seen.count < Self.mostAgents || seen[agent] != nil { seen[agent] = moment }
    }

    /// The seconds up to the one that is over, the oldest first.
    mutating func last(_ count: Int, now: Timestamp) -> [Second] {
        let second = now.microseconds / 1_000_000 - 1
        advance(to: second)
        return (0..<Int64(count)).map { ring[Self.slot(second - Int64(count) + 1 + $0)] }
    }

    /// Agents that called in the last five minutes.
    mutating func activeAgents(now: Timestamp) -> Int {
        forget(before: now)
        return seen.count
    }

    private mutating func forget(before now: Timestamp) {
        seen = seen.filter { now.since($0.value) <= Self.activeMicroseconds }
    }

    private mutating func advance(to second: Int64) {
        guard second > newest else { return }
        for passed in max(newest + 1, second - Int64(Self.seconds) + 1)...second { ring[Self.slot(passed)] = Second() }
        newest = second
    }

    private static func slot(_ second: Int64) -> Int {
        Int(max(second, 0) % Int64(seconds))
    }
}

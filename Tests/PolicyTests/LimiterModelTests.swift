import Events
import Policy
import Testing

/// Random traces through the limiter and through a model that keeps every call and counts anew each time.
struct LimiterModelTests {
    struct Limit {
        var counter: String
        var window: Int
        var maximum: Int
        var scope: String
        var increment = 1
        var fromArguments = false
        var isFixed = false

        var json: String {
            let increments = fromArguments ? #","increment_from":"args.n""# : #","increment":\#(increment)"#
            return #"{"counter":"\#(counter)","window":\#(window),"max":\#(maximum),"scope":"\#(scope)""#
                + #","algorithm":"\#(isFixed ? "fixed" : "sliding")"\#(increments)}"#
        }

        func key(_ caller: Caller) -> String {
            switch scope {
            case "grant": caller.grant ?? "\(caller.agent ?? "")@\(caller.server)"
            case "session":
                caller.session.map { "\($0)/\(caller.server)/\(caller.grant ?? "")" } ?? key(caller, "grant")
            case "server": caller.server
            default: "all"
            }
        }

        private func key(_ caller: Caller, _ scope: String) -> String {
            Limit(counter: counter, window: window, maximum: maximum, scope: scope).key(caller)
        }
    }

    /// Every call ever counted.
    struct Model {
        private let limits: [Limit]
        /// For each limit, which callers count together.
        private let groups: [[Int]]
        var counted: [(caller: Int, at: Int64, cost: Int64)] = []

        init(_ limits: [Limit]) {
            self.limits = limits
            groups = limits.map { limit in
                let keys = LimiterModelTests.callers.map { limit.key($0) }
                return keys.map { key in keys.firstIndex(of: key) ?? 0 }
            }
        }

        /// What a limit's window holds at a moment; `slack` sub-windows more are looked back.
        func used(_ index: Int, _ caller: Int, at now: Int64, slack: Int64 = 0) -> Int64 {
            let limit = limits[index]
            let window = Int64(limit.window) * 1_000_000
            let reach = window + slack * ((window + 63) / 64)
            let group = groups[index]
            var sum: Int64 = 0
            for entry in counted where group[entry.caller] == group[caller] {
                guard limit.isFixed ? entry.at / window == now / window : now - entry.at < reach else { continue }
                sum += limit.fromArguments ? entry.cost : Int64(limit.increment)
            }
            return sum
        }

        /// Whether a call is more than a limit has room for.
        func isOver(_ index: Int, _ caller: Int, cost: Int64, at now: Int64, slack: Int64 = 0) -> Bool {
            let limit = limits[index]
            let cost = limit.fromArguments ? cost : Int64(limit.increment)
            return used(index, caller, at: now, slack: slack) + cost > limit.maximum
        }
    }

    private static let callers = [
        Caller(agent: "a", grant: "g1", session: "s1", server: "x"),
        Caller(agent: "a", grant: "g1", session: "s2", server: "x"),
        Caller(agent: "b", grant: nil, session: nil, server: "x"),
        Caller(agent: "b", grant: nil, session: nil, server: "y"),
    ]

    private static func limits(_ random: inout SeededGenerator, exact: Bool) -> [Limit] {
        (0..<Int.random(in: 1...3, using: &random)).map { index in
            let scope = ["grant", "session", "server", "global"].randomElement(using: &random) ?? "grant"
            let fromArguments = Bool.random(using: &random)
            let maximum = exact ? Int.random(in: 1...32, using: &random) : Int.random(in: 33...400, using: &random)
            return Limit(
                counter: "c\(index)", window: [1, 2, 7, 60].randomElement(using: &random) ?? 1, maximum: maximum,
                scope: scope, increment: fromArguments ? 1 : Int.random(in: 1...3, using: &random),
                fromArguments: fromArguments, isFixed: exact && Int.random(in: 0..<4, using: &random) == 0)
        }
    }

    private static func makePolicy(_ limits: [Limit]) throws -> CompiledPolicy {
        try policy(documentText(tool: #"{"limits":[\#(limits.map(\.json).joined(separator: ","))]}"#))
    }

    /// With at most 32 live entries a counter is exact: the limiter and the model agree on every call, across calls
    /// given back and across restarts from the log.
    @Test(arguments: seeds(24)) func smallLimitsAgreeWithTheModelOnEveryCall(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let limits = Self.limits(&random, exact: true)
        let policy = try Self.makePolicy(limits)
        var counters = LimitCounters()
        var model = Model(limits)
        var log: [(reservation: Reservation, givenBackAt: Timestamp?)] = []
        var now = Timestamp.start
        for step in 0..<400 {
            now = now.advanced(by: [0, 1, 999, 50_000, 1_000_000].randomElement(using: &random) ?? 0)
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                guard let index = log.indices.randomElement(using: &random), log[index].givenBackAt == nil else {
                    break
                }
                let reservation = log[index].reservation
                log[index].givenBackAt = now
                counters.giveBack(reservation, under: policy, now: now)
                let entry = model.counted.lastIndex {
                    $0.at == reservation.at.microseconds && Self.callers[$0.caller] == reservation.caller
                        && $0.cost == Int64(reservation.cost ?? 1)
                }
                if let entry { model.counted.remove(at: entry) }
            case 1:
                counters = Self.rebuilt(log, policy)
            default:
                let caller = Self.callers.indices.randomElement(using: &random) ?? 0
                let cost = Int64.random(in: 0...4, using: &random)
                let isFull = limits.indices.contains { model.isOver($0, caller, cost: cost, at: now.microseconds) }
                let one = try call("t", #"{"n":\#(cost)}"#, caller: Self.callers[caller])
                let verdict = policy.decide(one, counters: &counters, now: now)
                try #require(verdict.passes != isFull, "seed \(seed), step \(step): \(limits)")
                guard verdict.passes else { break }
                let usesCost = limits.contains { $0.fromArguments }
                #expect(verdict.cost == (usesCost ? Int(cost) : nil))
                model.counted.append((caller, now.microseconds, usesCost ? cost : 1))
                log.append((Reservation(tool: "t", caller: Self.callers[caller], cost: verdict.cost, at: now), nil))
            }
        }
    }

    /// What a log of calls and of calls given back makes of empty counters.
    private static func rebuilt(
        _ log: [(reservation: Reservation, givenBackAt: Timestamp?)], _ policy: CompiledPolicy
    ) -> LimitCounters {
        var counters = LimitCounters()
        var events: [(at: Timestamp, isReturn: Bool, reservation: Reservation)] = []
        for (reservation, givenBackAt) in log {
            events.append((reservation.at, false, reservation))
            if let givenBackAt { events.append((givenBackAt, true, reservation)) }
        }
        let ordered = events.enumerated().sorted { left, right in
            (left.element.at, left.element.isReturn ? 1 : 0, left.offset)
                < (right.element.at, right.element.isReturn ? 1 : 0, right.offset)
        }
        for (_, event) in ordered {
            if event.isReturn {
                counters.giveBack(event.reservation, under: policy, now: event.at)
            } else {
                counters.restore(event.reservation, under: policy)
            }
        }
        return counters
    }

    /// Above 32 live entries: no window ever holds more than the maximum, and what is refused would have passed at
    /// most one 64th of the window later.
    @Test(arguments: seeds(8)) func largeLimitsNeverAdmitTooMuchAndHardlyTooLittle(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let limits = Self.limits(&random, exact: false)
        let policy = try Self.makePolicy(limits)
        var counters = LimitCounters()
        var model = Model(limits)
        var now = Timestamp.start
        for step in 0..<1000 {
            now = now.advanced(by: Int64.random(in: 0...30_000, using: &random))
            if Int.random(in: 0..<200, using: &random) == 0 { now = now.advanced(by: 3_000_000) }
            let caller = Self.callers.indices.randomElement(using: &random) ?? 0
            let cost = Int64.random(in: 0...4, using: &random)
            let one = try call("t", #"{"n":\#(cost)}"#, caller: Self.callers[caller])
            let verdict = policy.decide(one, counters: &counters, now: now)
            let over = limits.indices.map { index in
                [0, 1].map { model.isOver(index, caller, cost: cost, at: now.microseconds, slack: $0) }
            }
            if verdict.passes {
                try #require(!over.contains { $0[0] }, "seed \(seed), step \(step)")
                model.counted.append((caller, now.microseconds, cost))
            } else {
                try #require(over.contains { $0[1] }, "seed \(seed), step \(step)")
            }
            model.counted.removeAll { now.microseconds - $0.at > 70_000_000 }
        }
    }

    /// Who waits as long as told is let through, and was not told to wait too long.
    @Test(arguments: seeds(8)) func retryAfterIsNeitherTooShortNorTooLong(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let limits = Self.limits(&random, exact: seed % 2 == 0)
        let policy = try Self.makePolicy(limits)
        var counters = LimitCounters()
        var now = Timestamp.start
        var checked = 0
        for _ in 0..<800 {
            // Fast enough to fill any of the limits, with pauses in which some of them empty.
            now = now.advanced(by: Int64.random(in: 0...1500, using: &random))
            if Int.random(in: 0..<100, using: &random) == 0 { now = now.advanced(by: 400_000) }
            let one = try call("t", #"{"n":1}"#, caller: Self.callers[0])
            let verdict = policy.decide(one, counters: &counters, now: now)
            guard !verdict.passes else { continue }
            checked += 1
            var waited = counters
            guard let milliseconds = verdict.retryAfterMilliseconds else {
                // Told that waiting does not help: it does not.
                let muchLater = now.advanced(by: 100_000_000)
                try #require(!policy.decide(one, counters: &waited, now: muchLater).passes, "seed \(seed)")
                continue
            }
            let later = now.advanced(by: Int64(milliseconds) * 1000)
            try #require(policy.decide(one, counters: &waited, now: later).passes, "seed \(seed)")
            waited = counters
            let sooner = later.advanced(by: -1001)
            if sooner > now {
                try #require(!policy.decide(one, counters: &waited, now: sooner).passes, "seed \(seed)")
            }
        }
        #expect(checked > 0, "seed \(seed)")
    }
}

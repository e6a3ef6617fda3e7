public import Events

/// A small trace written as a story: what one agent does with one tool, step after step.
public struct ExampleTrace: Sendable {
    /// What the calls' arguments are.
    enum Arguments {
        /// One set of arguments for all calls of this name.
        case same(UInt64)
        /// Other arguments each time.
        case distinct
    }

    /// What becomes of the calls.
    enum Fate {
        /// Allowed and successful.
        case succeeds
        /// Allowed, but the tool reports an error.
        case fails
        /// Denied.
        case denied
    }

    /// The events, in order.
    public private(set) var events: [DetectionEvent] = []
    /// What the operator declared.
    public private(set) var settings = DetectionSettings()
    /// When what must be found begins.
    public private(set) var onset: Timestamp

    private var agent: String
    private var tool: String
    private var risk: Risk?
    private var pages = false
    private let limit: Int?
    private var clock: Timestamp
    private var seq: UInt64 = 0
    private var admitted: [Int64] = []
    private var noise: UInt64 = 88_172_645_463_325_252

    init(_ tool: String, agent: String = "agent-1", risk: Risk? = .read, limitPerMinute: Int? = nil) {
        self.tool = tool
        self.agent = agent
        self.risk = risk
        limit = limitPerMinute
        // Monday, 2026-11-02T09:00:00Z.
        clock = Timestamp(microseconds: 1_793_610_000_000_000)
        onset = clock
    }

    /// The same story with what the operator declared about the tool.
    func declaring(
        polling: Bool? = nil, retries: Int? = nil, budget: Int? = nil, expectedLoad: Int? = nil
    ) -> ExampleTrace {
        var copy = self
        copy.settings.declarations.append(
            Declaration(
                tool: tool, polling: polling, retries: retries, budget: budget, expectedLoad: expectedLoad))
        return copy
    }

    /// The same story with another tool from here on.
    func using(_ tool: String, risk: Risk? = .read) -> ExampleTrace {
        var copy = self
        copy.tool = tool
        copy.risk = risk
        return copy
    }

    /// The same story with another agent from here on.
    func by(_ agent: String) -> ExampleTrace {
        var copy = self
        copy.agent = agent
        return copy
    }

    /// The same story with a cursor among the arguments' names from here on.
    func paging() -> ExampleTrace {
        var copy = self
        copy.pages = true
        return copy
    }

    /// Some weeks of short sessions on working days, each with every tool, so that habits are known; ends on a Monday at nine.
    func sessions(weeks: Int, perDay: Int, of tools: [(name: String, risk: Risk)]) -> ExampleTrace {
        var copy = self
        for _ in 0..<weeks {
            for day in 0..<5 {
                for _ in 0..<perDay {
                    for entry in tools {
                        (copy.tool, copy.risk) = (entry.name, entry.risk)
                        copy.add(2, every: 12, jitter: 0.6, .distinct)
                    }
                    let rest = 28_800 / Double(perDay) - 25 * Double(tools.count)
                    copy.clock = copy.clock.advanced(by: Int64(rest * 1_000_000))
                }
                let midnight = copy.clock.microseconds / 86_400_000_000 + (day == 4 ? 3 : 1)
                copy.clock = Timestamp(microseconds: midnight * 86_400_000_000 + 9 * 3_600_000_000)
            }
        }
        return copy.using(tool, risk: risk)
    }

    /// The same story, in which the server offers the tool with another definition from here on.
    func toolChanges() -> ExampleTrace {
        var copy = self
        let record = RecordReference(log: "example", seq: seq)
        copy.seq += 1
        copy.events.append(.toolChanged(ToolChange(record: record, timestamp: clock, server: "tools", tool: tool)))
        return copy
    }

    /// The same story, after which what must be found begins.
    func then() -> ExampleTrace {
        var copy = self
        copy.onset = clock
        return copy
    }

    /// The same story after a pause.
    func pause(seconds: Double) -> ExampleTrace {
        var copy = self
        copy.clock = clock.advanced(by: Int64(seconds * 1_000_000))
        return copy
    }

    /// Calls at equal distances, or jittered by a share of them.
    func calls(
        _ count: Int, every seconds: Double, jitter: Double = 0, _ arguments: Arguments, _ fate: Fate = .succeeds
    ) -> ExampleTrace {
        var copy = self
        copy.add(count, every: seconds, jitter: jitter, arguments, fate)
        return copy
    }

    private mutating func add(
        _ count: Int, every seconds: Double, jitter: Double = 0, _ arguments: Arguments, _ fate: Fate = .succeeds
    ) {
        for _ in 0..<count {
            call(arguments, fate)
            let factor = 1 + jitter * nextNoise()
            clock = clock.advanced(by: Int64(seconds * factor * 1_000_000))
        }
    }

    /// Rounds in which agents call one after the other, then a pause.
    func rounds(
        _ count: Int, of agents: [String], every seconds: Double, jitter: Double = 0, pause: Double = 0
    ) -> ExampleTrace {
        var copy = self
        for _ in 0..<count {
            for agent in agents {
                copy.agent = agent
                copy.add(1, every: seconds, jitter: jitter, .distinct)
            }
            copy.clock = copy.clock.advanced(by: Int64(pause * 1_000_000))
        }
        return copy
    }

    /// One call and its retries, each pause `factor` times the one before, beginning with `first` seconds.
    func backOff(retries: Int, first: Double, factor: Double, _ fate: Fate) -> ExampleTrace {
        var copy = self
        copy.seq += 1
        let arguments = Arguments.same(1_000_000 + copy.seq)
        var wait = first
        copy.call(arguments, fate)
        for _ in 0..<retries {
            copy.clock = copy.clock.advanced(by: Int64(wait * (1 + 0.2 * copy.nextNoise()) * 1_000_000))
            wait *= factor
            copy.call(arguments, fate)
        }
        return copy
    }

    /// An agent with steady work, `perMinute` new calls for `minutes`, that tries a throttled call again when
    /// `retry_after` is over.
    func obedientWork(perMinute: Int, minutes: Int) -> ExampleTrace {
        var copy = self
        let end = clock.advanced(by: Int64(minutes) * 60_000_000)
        var arrival = clock
        while arrival < end {
            copy.clock = max(copy.clock, arrival)
            copy.seq += 1
            let arguments = Arguments.same(2_000_000 + copy.seq)
            while let wait = copy.call(arguments, .succeeds) {
                copy.clock = copy.clock.advanced(by: wait)
            }
            arrival = arrival.advanced(by: Int64(60_000_000 / perMinute))
        }
        return copy
    }

    /// Makes one call; returns the microseconds to wait where it was throttled.
    @discardableResult
    private mutating func call(_ arguments: Arguments, _ fate: Fate) -> Int64? {
        let record = RecordReference(log: "example", seq: seq)
        seq += 1
        var call = CallEvent(record: record, timestamp: clock, agent: agent, server: "tools", tool: tool)
        call.risk = risk
        call.pagesThroughList = pages
        switch arguments {
        case .same(let name): call.arguments = Digest64(name)
        case .distinct: call.arguments = Digest64(seq &* 0x9E37_79B9_7F4A_7C15)
        }
        if case .denied = fate { call.verdict = .deny }
        let wait = throttle(&call)
        events.append(.call(call))
        guard call.verdict == .allow else { return wait }
        clock = clock.advanced(by: 40_000 + Int64(20_000 * (nextNoise() + 1)))
        var ending = CallEnding(
            timestamp: clock, agent: agent, server: "tools", tool: tool, ending: .ok, result: call.arguments)
        if case .fails = fate { ending.ending = .toolError }
        events.append(.ending(ending))
        seq += 1
        return nil
    }

    /// The sliding limit, as the gateway's policy decides it.
    private mutating func throttle(_ call: inout CallEvent) -> Int64? {
        guard let limit, call.verdict == .allow else { return nil }
        call.limitMaximum = limit
        call.limitWindowSeconds = 60
        admitted.removeAll { $0 <= clock.microseconds - 60_000_000 }
        guard let oldest = admitted.first, admitted.count >= limit else {
            admitted.append(clock.microseconds)
            return nil
        }
        let wait = oldest + 60_000_000 - clock.microseconds
        call.verdict = .throttle
        call.retryAfterMilliseconds = Int((wait + 999) / 1000)
        return (wait + 999) / 1000 * 1000
    }

    /// Between −1 and 1, the same each time (xorshift64, Marsaglia 2003).
    private mutating func nextNoise() -> Double {
        noise ^= noise << 13
        noise ^= noise >> 7
        noise ^= noise << 17
        return Double(noise >> 11) / Double(UInt64(1) << 52) - 1
    }
}

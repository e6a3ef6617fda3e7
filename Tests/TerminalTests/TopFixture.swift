import Events

@testable import Terminal

/// A model and a screen over it, for the tests of `top`.
struct TopFixture {
    var model = TopModel()
    var screen = TopScreen(now: Fixture.start)
    var alerts = TopAlerts()
    var now = Fixture.start
    private var seq: UInt64 = 0

    /// A fleet: `ci-builder` calls `build` 30 times a minute and `push` once, `log-reader` reads three times.
    init(busy: Bool = true) {
        screen.logs = ["gw"]
        guard busy else { return }
        for call in 0..<30 { self.call("ci-builder", "build", at: Double(call) / 2, arguments: UInt64(call)) }
        self.call("ci-builder", "push", at: 2, verdict: .deny, reason: .denyIf)
        for call in 0..<3 { self.call("log-reader", "read", at: Double(call)) }
        update(at: 15)
    }

    mutating func call(
        _ agent: String?, _ tool: String?, at seconds: Double, verdict: Verdict = .allow, reason: Reason? = nil,
        arguments: UInt64 = 1, took microseconds: Int? = nil, ending: Ending = .ok,
        change: (inout Decision) -> Void = { _ in }
    ) {
        let of = seq
        observe(
            seconds,
            Fixture.decision(agent, tool, verdict: verdict, reason: reason, arguments: arguments, change: change))
        guard let microseconds, let tool else { return }
        var outcome = Outcome(of: of, ending: ending)
        (outcome.agent, outcome.server, outcome.tool) = (agent, "ecs", tool)
        outcome.upstreamMicroseconds = microseconds
        observe(seconds, .outcome(outcome))
    }

    mutating func observe(_ seconds: Double, _ body: Record.Body) {
        model.observe(Fixture.entry(seq, seconds, body))
        seq += 1
    }

    mutating func update(at seconds: Double) {
        now = Fixture.at(seconds)
        screen.update(model, alerts: alerts, now: now)
    }

    @discardableResult
    mutating func press(_ keys: TopKey...) -> TopAction {
        var action = TopAction.none
        for key in keys { action = screen.press(key, model, now: now) }
        return action
    }

    @discardableResult
    mutating func type(_ text: String) -> TopAction {
        var action = TopAction.none
        for character in text { action = screen.press(.character(character), model, now: now) }
        return action
    }

    mutating func shown(_ columns: Int = 140, _ rows: Int = 30) -> String {
        screen.lines(columns: columns, rows: rows, .none).joined(separator: "\n")
    }

    /// The row that keys act on.
    mutating func chosen() -> String {
        shown().split(separator: "\n").first { $0.hasPrefix("▸") }.map(String.init) ?? ""
    }

    func row(_ agent: String?, _ tool: String) -> TopRow? {
        model.rows(.pairs, at: now, minutes: 5).first { $0.subject.agent == agent && $0.subject.tool?.name == tool }
    }
}

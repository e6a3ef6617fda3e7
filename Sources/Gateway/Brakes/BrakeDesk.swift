import AuditLog
import Events
import Policy

/// The brakes of one gateway: put on by firing pages and by people, lifted by people, over by themselves.
///
/// A brake holds when its record is durable, and no longer than its record says; a gateway that starts rebuilds them from
/// the log. Any thread but the gateway's loop: the methods wait for the disk.
public final class BrakeDesk: Sendable {
    struct State {
        var standing: [BrakeKey: StandingBrake] = [:]
        var liftedAlerts: Set<String> = []
    }

    /// What became of a wish to put a brake on.
    enum Outcome {
        /// It is on.
        case on(StandingBrake)
        /// It is not, for this reason; nobody has made a mistake.
        case off(String)
        /// It cannot be, for this reason.
        case refused(String, hint: String?)
    }

    let log: LogWriter
    private let clock: any LogClock
    private let decider: Decider
    /// The policies that an agent's calls to a server are decided by; nil where it makes none here.
    let policies: @Sendable (_ agent: String, _ server: String) -> [CompiledPolicy]?
    /// Held while a record becomes durable: what is said of one brake is said in order.
    let state = Monitor(State())

    init(
        log: LogWriter, clock: any LogClock, decider: Decider,
        policies: @escaping @Sendable (_ agent: String, _ server: String) -> [CompiledPolicy]?
    ) {
        self.log = log
        self.clock = clock
        self.decider = decider
        self.policies = policies
    }

    /// How many brakes are on; waits while one is being put on or lifted.
    public var count: Int { state.withLock { $0.standing.count } }

    /// Takes over what the log left on; what is over by now is recorded as that.
    func restore(_ history: BrakeHistory) {
        state.withLock { state in
            state.standing = history.standing
            state.liftedAlerts = history.liftedAlerts
            end(&state)
            apply(state)
        }
    }

    /// Records the end of brakes whose cool-down is over; to be called about once a second.
    public func endCooledDown() {
        state.withLock { state in
            guard !state.standing.isEmpty else { return }
            if end(&state) { apply(state) }
        }
    }

    /// Puts a brake on, or on for longer.
    func engage(_ wanted: StandingBrake) -> Outcome {
        state.withLock { state in
            if let alert = wanted.alert, state.liftedAlerts.contains(alert) {
                return .off("a person has lifted the brake of this alert")
            }
            let earlier = state.standing[wanted.key]
            var brake = wanted
            let ticket = log.append(isUrgent: true) { _, now in
                brake = wanted.begun(at: now, after: earlier)
                return .control(brake.control)
            }
            if let refusal = wait(for: ticket) { return refusal }
            if brake.id.isEmpty, let ticket { brake.id = log.name(of: ticket) }
            state.standing[brake.key] = brake
            apply(state)
            return .on(brake)
        }
    }

    /// Lifts the brakes that `isMeant` picks; the record is durable before calls pass again.
    func lift(
        by user: String, because reason: String?, _ isMeant: (StandingBrake) -> Bool
    ) -> (lifted: [StandingBrake], refusal: Outcome?) {
        state.withLock { state in
            var lifted: [StandingBrake] = []
            for brake in state.standing.values.filter(isMeant).sorted(by: { $0.since < $1.since }) {
                let end = brake.end(by: user, because: reason)
                if let refusal = wait(for: log.append(isUrgent: true) { _, _ in .control(end) }) {
                    return (lifted, refusal)
                }
                state.standing[brake.key] = nil
                state.liftedAlerts.formUnion(brake.alerts)
                apply(state)
                lifted.append(brake)
            }
            return (lifted, nil)
        }
    }

    private func wait(for ticket: LogTicket?) -> Outcome? {
        switch ticket.map({ log.waitUntilDurable($0, milliseconds: 5000) }) {
        case .durable: nil
        case .timedOut, .held, .failed, nil:
            .refused("the audit log cannot be written, so nothing was changed", hint: "tollgate doctor")
        }
    }

    /// Ends what is over; whether anything was.
    @discardableResult
    private func end(_ state: inout State) -> Bool {
        let now = clock.now()
        let over = state.standing.values.filter { $0.until <= now }.sorted { $0.until < $1.until }
        for brake in over {
            state.standing[brake.key] = nil
            log.append(brake.end(by: nil, because: "the cool-down is over"))
        }
        return !over.isEmpty
    }

    /// Lets decisions see what is on.
    private func apply(_ state: State) {
        let engaged = state.standing.mapValues(\.engaged)
        log.exclusively { decider.engage(engaged) }
    }
}

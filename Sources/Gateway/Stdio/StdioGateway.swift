public import AuditLog
import Events
import Glibc
import MCP
import Policy

/// A gateway around one server on standard input and output: `tollgate run`.
///
/// Bytes pass both ways unchanged. Only three things differ from a pipe: what the policy denies is answered here, what
/// is no strict message is refused here, and hidden tools are taken out of lists. A call goes on to the server when
/// its record is durable, not earlier.
///
/// Four threads: the client's pump decides, the forwarder waits for commits and writes to the server, the server's pump
/// finds answers, the caller's thread supervises. Each blocks in a system call, so that idling costs nothing.
public final class StdioGateway: Sendable {
    /// What a supervisor waits for.
    private enum Event: Sendable {
        case clientEnded
        case signal
        case serverEnded
        case outputEnded
        case forwarderEnded
    }

    private let context: StdioContext
    private let child: ChildProcess
    private let brakes: BrakeDesk
    private let events = Monitor<[Event]>([])

    /// Starts the server and takes over the log: restores the limits' counters, marks what was never answered.
    ///
    /// - Throws: `GatewayError`, `LogError`.
    public init(_ options: StdioOptions, log: LogWriter, clock: any LogClock) throws {
        let key = try DigestKey.load(stateFolder: options.stateFolder, origin: log.identity.origin)
        let decider = Decider()
        let history = try LogHistory(
            log.log, recovery: log.recovery, now: clock.now(), longestWindow: options.policy?.longestWindow ?? 0,
            longestApproval: options.policy?.longestApproval ?? 0, longestBrake: options.policy?.longestBrake ?? 0)
        decider.restore(history.reservations) { _ in options.policy }
        if let policy = options.policy { try PolicyArchive.keep(policy, in: log) }
        history.markUnanswered(in: log)
        child = try ChildProcess(options.command)
        context = StdioContext(
            options: options, log: log, clock: clock, key: key, decider: decider, client: LineSink(1),
            server: LineSink(child.input))
        brakes = BrakeDesk(log: log, clock: clock, decider: decider) { _, server in
            server == options.server ? [options.policy].compactMap { $0 } : nil
        }
        brakes.restore(history.brakes)
    }

    /// Answers a request about the server, the log or what waits for a person.
    public func handle(_ request: ControlRequest) -> ControlReply {
        guard request.action == .tools else {
            return context.approvals.answer(request) ?? brakes.answer(request)
                ?? LogUpkeep.answer(request, about: context.log)
        }
        let tools = context.catalog.offered(by: context.options.server)
        return .done([("tools", .list(tools.map(\.controlValue)))])
    }

    /// How a wrapped server ended.
    public struct Ending: Sendable {
        /// The status to exit with.
        public let exitCode: Int32
        /// What happened, where the server ended with an error while its client was still there; nil otherwise.
        public let complaint: String?
    }

    /// Pumps until the client or the server ends.
    ///
    /// - Throws: `SystemError` when the system has no threads to give.
    public func run() throws -> Ending {
        signal(SIGPIPE, SIG_IGN)
        try watchSignals()
        let context = context
        let child = child
        _ = try WorkerThread(named: "client-pump") {
            ClientPump(context).run(LineSource(0, maximum: context.options.limits.maximumBytes + 2))
            self.post(.clientEnded)
        }
        _ = try WorkerThread(named: "forwarder") {
            Forwarder(context).run()
            child.closeInput()
            self.post(.forwarderEnded)
        }
        _ = try WorkerThread(named: "server-pump") {
            ServerPump(context).run(LineSource(child.output, maximum: context.options.maximumAnswerBytes))
            self.post(.outputEnded)
        }
        _ = try WorkerThread(named: "waiter") {
            child.waitUntilEnded()
            self.post(.serverEnded)
        }
        let isServersDoing = supervise()
        // Threads are not joined: one may be blocked by a process that escaped the server's group, for good.
        let status = child.reap()
        context.endPending(status: status)
        let code = status?.exitCode ?? 1
        let complaint = status.map { "the server '\(context.options.server)' \($0.description)" }
        return Ending(exitCode: code, complaint: isServersDoing && code != 0 ? complaint : nil)
    }

    private func post(_ event: Event) {
        events.withLock { $0.append(event) }
        events.wakeAll()
    }

    private func next(milliseconds: Int) -> Event? {
        events.wait(milliseconds: milliseconds) { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// Waits for one of these events, for `milliseconds` at the most; what comes meanwhile is passed over.
    private func waitFor(_ wanted: Set<Event>, milliseconds: Int) -> Bool {
        let deadline = context.clock.now().advanced(by: Int64(milliseconds) * 1000)
        while true {
            let left = Int(deadline.since(context.clock.now()) / 1000)
            guard left > 0, let event = next(milliseconds: left) else { return false }
            if wanted.contains(event) { return true }
        }
    }

    /// Lets the server end in its own time once the client has gone, then helps: TERM, and at last KILL.
    ///
    /// Returns whether the server ended first.
    private func supervise() -> Bool {
        let grace = context.options.graceMilliseconds
        let first = firstEvent()
        var outputHasEnded = first == .outputEnded
        // Its client gone, a call that waits for a person goes nowhere.
        context.approvals.close()
        context.queue.close()
        if first == .clientEnded { outputHasEnded = awaitAnswers() }
        if first == .signal { child.signal(SIGTERM) }
        if !child.waitForEnd(milliseconds: grace) { child.signal(SIGTERM) }
        if !child.waitForEnd(milliseconds: grace) { child.signal(SIGKILL) }
        _ = child.waitForEnd(milliseconds: grace)
        // What it said last is still on its way; what it started may hold its output open.
        if !outputHasEnded, !waitFor([.outputEnded], milliseconds: 300) {
            child.signal(SIGKILL)
            _ = waitFor([.outputEnded], milliseconds: 1000)
        }
        context.queue.stop()
        return first == .serverEnded || first == .outputEnded
    }

    private func firstEvent() -> Event {
        while true {
            if let event = next(milliseconds: 1000) {
                if event != .forwarderEnded { return event }
                continue
            }
            brakes.endCooledDown()
            if !context.client.hasReader {
                // Its end may be unseen: the pump waits while the queue is full.
                context.queue.stop()
                return .clientEnded
            }
        }
    }

    /// A client that only closed its end may still want the answers to what it asked.
    ///
    /// Returns whether the server's output has ended.
    private func awaitAnswers() -> Bool {
        while context.pending.isAwaited, context.client.hasReader {
            switch next(milliseconds: 100) {
            case .outputEnded: return true
            case .serverEnded, .signal: return false
            case .clientEnded, .forwarderEnded, nil: continue
            }
        }
        return false
    }

    private func watchSignals() throws(SystemError) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let child = child
        _ = try WorkerThread(named: "signals") { [set] in
            var set = set
            var seen = 0
            while true {
                var number: Int32 = 0
                guard sigwait(&set, &number) == 0 else { return }
                seen += 1
                self.post(.signal)
                guard seen > 1 else { continue }
                child.signal(SIGKILL)
                _exit(128 + number)
            }
        }
    }
}

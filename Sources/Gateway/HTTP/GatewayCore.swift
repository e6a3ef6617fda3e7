import AuditLog
import Events
import MCP
import NIOCore
import NIOSSL
import Policy

/// What all connections of one HTTP gateway share.
///
/// Confined to its event loop, every member: there is no lock on the way of a call but the log's own. That confinement
/// is what makes it safe to hand to channel initializers.
final class GatewayCore: @unchecked Sendable {
    /// The time-outs on the loop's clock.
    struct TimeOuts {
        var head: TimeAmount
        var body: TimeAmount
        var idle: TimeAmount
        /// How long a client may not read while there is something to read.
        var write = TimeAmount.seconds(60)
        /// How long a session may be unused.
        var session = TimeAmount.hours(24)

        init(_ timeouts: ServeConfiguration.TimeOuts) {
            head = TimeAmount(timeouts.head)
            body = TimeAmount(timeouts.body)
            idle = TimeAmount(timeouts.idle)
        }
    }

    let loop: any EventLoop
    let log: LogWriter
    let clock: any LogClock
    let recorder: OutcomeRecorder
    let commits: CommitWaiters
    /// The calls that wait for a person.
    let approvals: ApprovalDesk
    /// What becomes of calls that cannot be recorded.
    let failPolicy: FailPolicy
    let flushes: FlushBatch
    /// This gateway's name in records.
    let name: String
    // What a reload replaces.
    private(set) var limits: ServeConfiguration.Limits
    private(set) var timeouts: TimeOuts
    private(set) var grants: GrantTable
    private(set) var policies: [String: CompiledPolicy]
    private(set) var routes: [String: ServerRoute] = [:]
    private(set) var names: EndpointNames
    private(set) var trustedProxies: Set<String>
    private(set) var throttle: DenialThrottle
    /// For clients over TLS; nil for plain HTTP.
    var tls: NIOSSLContext?
    /// Counts the reloads, so that what was looked up before is looked up again.
    private(set) var edition = 0

    // What lives here.
    var connections: Set<ClientConnection> = []
    /// Those of them that have shown no grant yet.
    var strangers: Set<ClientConnection> = []
    var exchanges = ExchangeList()
    var sessions = SessionTable()
    var refusals = RefusalBook()
    var rounds = RoundBook()
    private(set) var streamCount = 0
    private var streamCounts: [String: Int] = [:]
    /// How many connections there may be: fewer than configured where the system gives fewer descriptors.
    var maximumConnections = Int.max
    /// Every pool of child processes that may still have some.
    private var childPools: [ChildPool] = []
    private(set) var isDraining = false

    // Tools that are used by one message at a time.
    var scanner: EnvelopeScanner
    var fields = CallFields()
    let serverScanner = ServerMessageScanner()
    var lists: ToolListFilter
    var scratch = LineBuffer(capacity: 4096)

    private(set) lazy var gate = Gate(core: self)
    private var sweepCount = 0

    init(
        _ settings: ServeSettings, log: LogWriter, clock: any LogClock, recorder: OutcomeRecorder, name: String,
        loop: any EventLoop
    ) throws {
        let configuration = settings.configuration
        self.loop = loop
        self.log = log
        self.clock = clock
        self.recorder = recorder
        self.name = name
        failPolicy = configuration.auditFailure
        flushes = FlushBatch(loop: loop)
        commits = CommitWaiters(log: log, loop: loop, patience: TimeAmount(configuration.timeouts.commit))
        approvals = ApprovalDesk(log: log, patience: configuration.timeouts.approval)
        limits = configuration.limits
        timeouts = TimeOuts(configuration.timeouts)
        grants = settings.grants
        policies = settings.policies
        names = EndpointNames(configuration)
        trustedProxies = Set(configuration.trustedProxies)
        throttle = DenialThrottle(rate: configuration.flood.denialsPerSecond, burst: configuration.flood.burst)
        scanner = EnvelopeScanner(
            limits: EnvelopeLimits(
                maximumBytes: configuration.limits.messageBytes, maximumDepth: configuration.limits.depth))
        lists = ToolListFilter(log: log, maximumBytes: configuration.limits.answerBytes)
        try makeRoutes(configuration)
    }

    private func makeRoutes(_ configuration: ServeConfiguration) throws {
        routes = try RouteBuilder(loop: loop, flushes: flushes).routes(configuration, keeping: routes)
        for route in routes.values {
            guard case .command(let children) = route.upstream else { continue }
            children.sessionEnded = { [weak self] session in self?.end(session) }
            if !childPools.contains(where: { $0 === children }) { childPools.append(children) }
        }
    }

    // MARK: Changes

    /// Takes over a new configuration: from the next call on, grants, policies and servers are the new ones.
    ///
    /// - Throws: `GatewayError` when a server's certificates cannot be used; nothing has changed then.
    func apply(_ settings: ServeSettings, tls: NIOSSLContext?) throws {
        let configuration = settings.configuration
        let old = routes
        try makeRoutes(configuration)
        self.tls = tls
        for (name, route) in old where routes[name] !== route { route.close() }
        limits = configuration.limits
        timeouts = TimeOuts(configuration.timeouts)
        let oldGrants = grants
        grants = settings.grants
        policies = settings.policies
        names = EndpointNames(configuration)
        trustedProxies = Set(configuration.trustedProxies)
        scanner = EnvelopeScanner(
            limits: EnvelopeLimits(maximumBytes: limits.messageBytes, maximumDepth: limits.depth))
        edition += 1
        for grant in oldGrants.grants {
            if case .grant = grants.look(up: grant.tokenSHA256, now: clock.now()) { continue }
            cut(grant: grant.id)
        }
        for session in sessions.all(where: { !isServed($0) }) { end(session) }
        lists = ToolListFilter(log: log, maximumBytes: limits.answerBytes)
    }

    /// Whether a session's grant still opens its server.
    private func isServed(_ session: Session) -> Bool {
        routes[session.server] != nil && grants.grant(id: session.grant)?.opens(server: session.server) ?? false
    }

    /// Makes room for one more session of a grant by ending its longest unused one; false where none is unused.
    func makeRoom(for grant: String) -> Bool {
        if sessions.count >= limits.sessions { return false }
        guard sessions.count(of: grant) >= limits.sessionsPerGrant else { return true }
        let unused = sessions.all { $0.grant == grant && $0.streams.isEmpty && $0.pending.isEmpty }
        guard let oldest = unused.min(by: { $0.lastUsed < $1.lastUsed }) else { return false }
        end(oldest)
        return true
    }

    /// Makes room for one more connection by closing a stranger's; false where all are callers'.
    ///
    /// Whoever has to go is counted, the newcomer from `peer` included.
    func makeRoomForConnection(from peer: String) -> Bool {
        guard connections.count >= min(limits.connections, maximumConnections) else { return true }
        let stranger = strangers.first
        gate.noteTooManyConnections(peer: stranger?.peer ?? peer)
        stranger?.close()
        return stranger != nil
    }

    /// Takes a place among the open streams; false where there is none.
    func takeStream(of grant: String) -> Bool {
        guard streamCount < limits.streams, streamCounts[grant, default: 0] < limits.sessionsPerGrant else {
            return false
        }
        streamCount += 1
        streamCounts[grant, default: 0] += 1
        return true
    }

    /// Gives a place among the open streams back.
    func giveStreamBack(of grant: String) {
        streamCount -= 1
        let left = streamCounts[grant, default: 1] - 1
        streamCounts[grant] = left > 0 ? left : nil
    }

    /// Whether an admission still holds: nothing has been reloaded since, and its grant has not expired.
    func isCurrent(_ admission: Admission) -> Bool {
        admission.edition == edition && admission.grant.expires.map { clock.now() < $0 } ?? true
    }

    /// Looks a held call's caller up again; nil where its grant, or its server, is no more.
    func admitAgain(_ admission: Admission) -> Admission? {
        if isCurrent(admission) { return admission }
        guard let grant = grants.grant(id: admission.grant.id), grant.opens(server: admission.route.name),
            case .grant = grants.look(up: grant.tokenSHA256, now: clock.now()),
            let route = routes[admission.route.name]
        else { return nil }
        let caller = KnownCaller(
            authorization: "", edition: edition, grant: grant, policy: grant.policy.flatMap { policies[$0] })
        return Admission(caller, route: route, peer: admission.peer, head: admission.head, facts: admission.facts)
    }

    /// The policies that an agent's grants for a server have; nil where none of them opens it.
    func policies(of agent: String, at server: String) -> [CompiledPolicy]? {
        let own = grants.grants.filter { $0.agent == agent && $0.opens(server: server) }
        guard !own.isEmpty, routes[server] != nil else { return nil }
        return Set(own.compactMap(\.policy)).sorted().compactMap { policies[$0] }
    }

    /// Ends what a grant has open: it has been revoked, has expired, or has a new token.
    private func cut(grant: String) {
        approvals.end(owner: grant)
        for connection in connections where connection.grant == grant { connection.close() }
        for session in sessions.all(where: { $0.grant == grant }) { end(session) }
    }

    /// Forgets a session and ends what serves it alone.
    func end(_ session: Session) {
        sessions.remove(session)
        for exchange in Array(session.pending.values) where exchange.stage == .held { exchange.cancelHeld() }
        for stream in session.streams { stream.end() }
        session.child?.stop()
    }

    // MARK: Records

    /// Records that a known caller's request goes no further; gives the record's name.
    func note(
        _ reason: Reason, _ admission: Admission, method: String = "-", rule: String? = nil,
        _ more: (inout Decision) -> Void = { _ in }
    ) -> String? {
        _ = throttle.delay(of: admission.grant.id, now: .now())
        var decision = draft(admission, method: method, verdict: .deny, reason: reason)
        decision.rule = rule
        more(&decision)
        let ticket = log.append(isUrgent: false) { _, _ in .decision(decision) }
        return ticket.map { log.name(of: $0) }
    }

    /// What records of a known caller's requests have in common.
    func draft(_ admission: Admission, method: String, verdict: Verdict, reason: Reason) -> Decision {
        var decision = Decision(
            gateway: name, identity: .grant, server: admission.route.name, transport: .http, method: method,
            verdict: verdict, mode: .enforce, reason: reason)
        decision.agent = admission.grant.agent
        decision.grant = admission.grant.id
        decision.peer = admission.peer
        if case .once(let version) = admission.facts.routing.protocolVersion { decision.protocolRevision = version }
        return decision
    }

    /// Charges a denial, and tells how late its answer has to be.
    func delay(of grant: String) -> TimeAmount {
        throttle.delay(of: grant, now: .now())
    }

    // MARK: Time

    /// To be called about four times a second.
    func sweep() {
        let now = NIODeadline.now()
        commits.giveUp(now: now)
        sweepCount += 1
        guard sweepCount % 4 == 0 else { return }
        for connection in connections { connection.sweep(now: now) }
        for exchange in exchanges { exchange.sweep(now: now) }
        for route in routes.values { route.sweep(now: now) }
        noteRefusals()
        if sweepCount % 240 == 0 {
            throttle.forgetFull(now: now)
            for session in sessions.all(where: { $0.streams.isEmpty && now - $0.lastUsed > timeouts.session }) {
                end(session)
            }
        }
        cutExpired()
    }

    /// Records the last second's refusals as numbers.
    func noteRefusals() {
        for (sum, count) in refusals.takeSums() {
            log.append(
                Control(.refused).with(.grant, sum.grant).with(.peer, sum.source).with(.n, count)
                    .with(.reason, sum.reason.rawValue))
        }
    }

    private func cutExpired() {
        let now = clock.now()
        for grant in grants.grants {
            guard let expires = grant.expires, expires <= now, now.since(expires) < 5_000_000 else { continue }
            cut(grant: grant.id)
        }
    }

    // MARK: The end

    /// Takes no further requests; what is under way goes on.
    func drain() {
        isDraining = true
        approvals.close()
        for connection in connections { connection.sweep(now: .now()) }
        for session in sessions.all(where: { _ in true }) {
            for stream in session.streams { stream.end() }
        }
        for exchange in exchanges where exchange.open?.method == .subscriptionsListen { exchange.cut() }
    }

    /// Lines of child processes that were no message and were dropped.
    var unreadableLines: Int { childPools.reduce(0) { $0 + $1.unreadable } }

    /// Whether child processes are still ending.
    var hasChildren: Bool {
        childPools.removeAll { $0.isEmpty }
        return !childPools.isEmpty
    }

    /// Whether nothing is under way any more.
    var isIdle: Bool { exchanges.isEmpty }

    /// Ends what is left, and records it.
    func stop() {
        approvals.close()
        for exchange in exchanges { exchange.cut() }
        for session in sessions.all(where: { _ in true }) { end(session) }
        for route in routes.values { route.close() }
        for connection in connections { connection.close() }
        noteRefusals()
        commits.close()
    }
}

extension TimeAmount {
    /// The same length of time.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

public import AuditLog
import Events

/// Does what an operator asks of a running gateway: reload, make and end grants, say how it is doing.
///
/// Its methods block and belong on threads of their own, never on the gateway's loop.
public final class GatewayOperator: Sendable {
    private let gateway: HTTPGateway
    private let log: LogWriter
    private let clock: any LogClock
    private let path: String
    private let environment: [String: String]
    private let report: @Sendable (String) -> Void
    private let requestStop: @Sendable () -> Void

    struct State {
        var settings: ServeSettings
        /// What was looked at when loading failed, so that the same mistake is told once.
        var failed: [FileStamp] = []
        /// Why; nil while the files are what the gateway works by.
        var refusal: String?
        /// The certificate files, as they were when they were read last.
        var certificates: [FileStamp]
    }

    let state: Monitor<State>

    /// - Parameters:
    ///   - path: the configuration's file.
    ///   - environment: where `env:NAME` is looked up.
    ///   - report: is told, in one line or more, what a reload did.
    ///   - requestStop: ends the process gracefully.
    public init(
        gateway: HTTPGateway, settings: ServeSettings, path: String, environment: [String: String], log: LogWriter,
        clock: any LogClock, report: @escaping @Sendable (String) -> Void, requestStop: @escaping @Sendable () -> Void
    ) {
        self.gateway = gateway
        self.log = log
        self.clock = clock
        self.path = path
        self.environment = environment
        self.report = report
        self.requestStop = requestStop
        state = Monitor(State(settings: settings, certificates: settings.configuration.certificateFiles))
    }

    // MARK: Reloading

    /// Reloads if a file has changed since it was read.
    public func reloadIfChanged() {
        let isDue = state.withLock { state in
            state.failed.isEmpty
                ? state.settings.haveFilesChanged || state.certificates.contains { $0.hasChanged }
                : state.failed.contains { $0.hasChanged }
        }
        if isDue { _ = reload() }
    }

    /// Reads everything again and takes it over; what is wrong leaves everything as it was.
    ///
    /// - Parameter user: who asked for it, for the record; nil where a file was found changed.
    /// - Returns: why it was refused, and what helps; nil when it was taken over.
    @discardableResult
    public func reload(by user: String? = nil) -> (error: String, hint: String?)? {
        state.withLock { reload(&$0, by: user) }
    }

    func reload(_ state: inout State, by user: String?) -> (error: String, hint: String?)? {
        do throws(ConfigurationError) {
            let settings = try ServeSettings.load(path, environment: environment)
            return take(settings, &state, by: user)
        } catch {
            state.failed = error.files
            state.refusal = error.message
            refuse(error.message, problems: max(1, error.problems.count))
            return (error.message, error.hint)
        }
    }

    private func take(
        _ settings: ServeSettings, _ state: inout State, by user: String?
    ) -> (error: String, hint: String?)? {
        do {
            try gateway.apply(settings, by: user)
        } catch {
            let hint = (error as? GatewayError)?.hint ?? (error as? LogError)?.hint
            state.failed = settings.files
            state.refusal = "\(error)"
            refuse("\(error)", problems: 1)
            return ("\(error)", hint)
        }
        state.certificates = settings.configuration.certificateFiles
        let fixed = settings.configuration.whatNeedsRestart(before: state.settings.configuration)
        log.keep(for: settings.configuration.retention)
        state.settings = settings
        state.failed = []
        state.refusal = nil
        let more = fixed.isEmpty ? "" : "; a restart is needed for \(fixed.joined(separator: ", "))"
        report(
            "configuration reloaded: \(settings.configuration.servers.count) servers, \(settings.policies.count) "
                + "policies, \(settings.grants.grants.count) grants\(more)")
        return nil
    }

    private func refuse(_ message: String, problems: Int) {
        log.append(
            Control(.policyRejected).with(.policy, "(configuration)").with(.n, problems)
                .with(.reason, "configuration refused"))
        report("\(message)\nhint: the gateway goes on as it was; tollgate serve --config \(path) --check")
    }

    // MARK: Requests

    /// Answers a request on the control socket.
    public func handle(_ request: ControlRequest) -> ControlReply {
        switch request.action {
        case .status: return status()
        case .reload: return reload(by: request.user).map { .refused($0.error, hint: $0.hint) } ?? .done()
        case .grants: return list()
        case .tools: return tools()
        case .policies: return policies()
        case .policySave: return savePolicy(request)
        case .grantCreate, .grantRevoke, .grantRotate: return change(request)
        case .seal, .retain: return LogUpkeep.answer(request, about: log)
        case .stop:
            requestStop()
            return .done()
        case .approvals, .approve, .deny:
            return gateway.approvals.answer(request) ?? .refused("the gateway is ending")
        case .brakes, .brake, .brakeLift:
            return gateway.brakes.answer(request) ?? .refused("the gateway is ending")
        default: return .refused("this process does not know how to \(request.action.rawValue)")
        }
    }

    private func status() -> ControlReply {
        guard let status = try? gateway.status() else { return .refused("the gateway is ending") }
        return .done([
            ("connections", .integer(status.connections)), ("sessions", .integer(status.sessions)),
            ("streams", .integer(status.streams)), ("requests", .integer(status.requests)),
            ("log", .text(log.log.path)), ("next_seq", .integer(Int(status.nextSeq))),
            ("unreadable_lines", .integer(status.unreadableLines)), ("well", .flag(log.isWell)),
        ])
    }

    private func tools() -> ControlReply {
        guard let tools = try? gateway.tools() else { return .refused("the gateway is ending") }
        return .done([("tools", .list(tools.map(\.controlValue)))])
    }

    private func list() -> ControlReply {
        .done([("grants", GrantBook(state.withLock { $0.settings }).list())])
    }

    private func change(_ request: ControlRequest) -> ControlReply {
        let book = GrantBook(state.withLock { $0.settings })
        do throws(GrantError) {
            let (reply, records) = try book.change(request, now: clock.now())
            for record in records { log.append(record) }
            if let refusal = reload() { return .refused(refusal.error, hint: refusal.hint) }
            return reply
        } catch {
            return .refused(error.message, hint: error.hint)
        }
    }
}

extension ServeConfiguration {
    /// The files of certificates, keys and authorities, as they are now.
    var certificateFiles: [FileStamp] {
        var paths: [String] = []
        if let tls { paths += [tls.certificate, tls.key] }
        for server in servers.values {
            if case .http(let upstream) = server.upstream, let authorities = upstream.authorities {
                paths.append(authorities)
            }
        }
        return paths.sorted().map { FileStamp($0) }
    }

    /// The parts that only a restart can change and that differ from `old`.
    func whatNeedsRestart(before old: ServeConfiguration) -> [String] {
        let parts: [(String, Bool)] = [
            ("listen", listen != old.listen), ("log", log != old.log), ("durability", durability != old.durability),
            ("warehouse", warehouse != old.warehouse || warehouseKeep != old.warehouseKeep),
            ("tls", (tls == nil) != (old.tls == nil)),
            ("timeouts.shutdown", timeouts.shutdown != old.timeouts.shutdown),
            ("name", name != old.name),
            ("audit_failure", auditFailure != old.auditFailure),
            ("flood", flood != old.flood), ("watch", watch != old.watch),
            ("timeouts.commit", timeouts.commit != old.timeouts.commit),
            ("timeouts.approval", timeouts.approval != old.timeouts.approval),
            ("limits.head_bytes", limits.headBytes != old.limits.headBytes),
        ]
        return parts.filter(\.1).map(\.0)
    }
}

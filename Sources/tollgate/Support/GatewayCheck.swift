import Alerts
import AuditLog
import Foundation
import Gateway

/// What `doctor --config` looks at beyond the configuration itself.
struct GatewayCheck {
    private let settings: ServeSettings
    private var configuration: ServeConfiguration { settings.configuration }

    init(_ settings: ServeSettings) {
        self.settings = settings
    }

    /// Looks at everything, and says each thing once.
    func run(_ say: (Bool, String, String?) -> Void) {
        checkProcess(say)
        for (name, server) in configuration.servers.sorted(by: { $0.key < $1.key }) { check(name, server, say) }
        checkGrants(say)
        checkSinks(say)
        checkDescriptors(say)
    }

    /// Nothing is sent: an address that may not be used, a file that cannot be written, a rules file's mistakes.
    private func checkSinks(_ say: (Bool, String, String?) -> Void) {
        let plan: WatchPlan
        do {
            plan = try WatchPlan(configuration)
        } catch let error as SinkError {
            return say(false, error.message, error.hint)
        } catch let error as ConfigurationError {
            return say(false, error.message, error.hint)
        } catch {
            return say(false, "\(error)", nil)
        }
        for sink in plan.sinks + plan.heartbeatSinks {
            do throws(SinkError) {
                try sink.check()
                say(true, "sink \(sink.name)", nil)
            } catch {
                let isFirst = (try? LogIdentity.read(LogDirectory(path: configuration.log))) == nil
                let isUnmade = error.code == .disk && isFirst
                let words = isUnmade ? ", whose folder is not there yet" : ": \(error.message)"
                say(isUnmade, "sink \(sink.name)\(words)", error.hint)
            }
        }
    }

    private func checkProcess(_ say: (Bool, String, String?) -> Void) {
        let listen = configuration.listen
        do throws(ControlError) {
            let reply = try ControlClient.send(ControlRequest(.status), log: configuration.log)
            let connections = reply["connections"]?.integer ?? 0
            let sessions = reply["sessions"]?.integer ?? 0
            say(true, "gateway: running, \(connections) connections, \(sessions) sessions", nil)
            say(reply["well"]?.flag ?? false, "gateway: its log can be written", "df -h \(configuration.log)")
        } catch {
            guard error.code == .notRunning else { return say(false, error.message, error.hint) }
            let isTaken = Self.accepts(listen.host, listen.port)
            say(
                !isTaken, "gateway: not running\(isTaken ? ", but something listens on \(listen)" : "")",
                "ss -ltnp 'sport = :\(listen.port)'")
        }
    }

    private func check(_ name: String, _ server: ServeConfiguration.Server, _ say: (Bool, String, String?) -> Void) {
        switch server.upstream {
        case .http(let upstream):
            let trouble = UpstreamProbe.trouble(with: upstream)
            say(
                trouble == nil, "server \(name): \(upstream.url)\(trouble.map { " \($0)" } ?? "")",
                "curl -sS -o /dev/null -w '%{http_code}' \(upstream.url)")
        case .command(let upstream):
            let program = upstream.command.first ?? ""
            let isThere = Self.isExecutable(program, in: upstream.folder)
            say(isThere, "server \(name): \(program)\(isThere ? "" : " cannot be found")", "command -v \(program)")
        }
    }

    private func checkGrants(_ say: (Bool, String, String?) -> Void) {
        let grants = settings.grants.grants
        say(!grants.isEmpty, "grants: \(grants.count)", "tollgate grant create --help")
        for grant in grants where grant.policy == nil {
            say(false, "grant \(grant.id) has no policy, so its calls are denied", "tollgate grant create --help")
        }
        let now = Console.now
        for grant in grants where grant.expires.map({ $0 <= now }) ?? false {
            say(false, "grant \(grant.id) has expired", "tollgate grant list --help")
        }
    }

    /// Each session with a stream takes two descriptors: one towards the client, one towards the server.
    private func checkDescriptors(_ say: (Bool, String, String?) -> Void) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let needed = 2 * configuration.limits.connections + 64
        say(
            limit.rlim_max >= needed,
            "file descriptors: \(limit.rlim_max) at the most, \(needed) for \(configuration.limits.connections) connections",
            "ulimit -Hn   (LimitNOFILE= in the unit, or lower limits.connections)")
    }

    private static func isExecutable(_ program: String, in folder: String?) -> Bool {
        let files = FileManager.default
        if program.hasPrefix("/") { return files.isExecutableFile(atPath: program) }
        if program.contains("/") { return files.isExecutableFile(atPath: (folder ?? ".") + "/" + program) }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").contains { files.isExecutableFile(atPath: "\($0)/\(program)") }
    }

    /// Whether something accepts connections there within two seconds.
    private static func accepts(_ host: String, _ port: Int) -> Bool {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0 else { return false }
        defer { freeaddrinfo(found) }
        var next = found
        while let address = next?.pointee {
            next = address.ai_next
            let descriptor = socket(address.ai_family, address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue), 0)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            if connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return true }
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard errno == EINPROGRESS, poll(&ready, 1, 2000) == 1 else { continue }
            var status: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &size)
            if status == 0 { return true }
        }
        return false
    }
}

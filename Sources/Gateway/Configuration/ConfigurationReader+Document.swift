import AuditLog
import StrictJSON

extension ConfigurationReader {
    /// Reads the configuration; what is wrong keeps its default, and is told.
    mutating func readConfiguration() -> ServeConfiguration {
        var result = ServeConfiguration(folder: surroundings.folder)
        let fields = fields(root, known: ConfigurationFields.document, required: ["servers"])
        guard let fields else { return result }
        readPlaces(fields, into: &result)
        if let place = fields["retention"] { result.retention = retention(place) }
        readListener(fields, into: &result)
        if let place = fields["limits"] { readLimits(place, into: &result.limits) }
        if let place = fields["timeouts"] { readTimeOuts(place, into: &result.timeouts) }
        if let place = fields["watch"] { readWatch(place, into: &result.watch) }
        if let place = fields["servers"] { result.servers = servers(place) }
        if let place = fields["policies"] { result.policies = policies(place) }
        let servers = names(of: fields["servers"])
        let policies = names(of: fields["policies"])
        if let place = fields["grants"] { result.grants = grants(place, servers: servers, policies: policies) }
        if let place = fields["dashboard"] { result.dashboard = readDashboard(place) }
        if result.watch.log == result.log {
            refuse(
                .contradiction, fields["watch"] ?? root, found: "one folder for \"log\" and \"watch\"",
                expected: "a folder of its own for each log")
        }
        return result
    }

    /// The names of an object's members, those with errors too, so that a grant is not refused for its server's fault.
    private func names(of place: Place?) -> [String] {
        guard let place else { return [] }
        return tree.members(place.node).compactMap { tree.string($0.key) }
    }

    private mutating func readPlaces(_ fields: Fields, into result: inout ServeConfiguration) {
        if let place = fields["log"], let path = path(place) { result.log = path }
        if let place = fields["warehouse"] { readWarehouse(place, into: &result) }
        if let place = fields["grants_file"] { result.grantsFile = path(place) }
        if let place = fields["name"] { result.name = string(place, "a name") }
        if let place = fields["durability"] {
            let what = "\"strict\", \"interval:100ms\" (1 to 60000 ms) or \"none\""
            let words = ["strict", "interval:100ms", "none"]
            if let text = string(place, what) {
                if let durability = Durability(text) {
                    result.durability = durability
                } else {
                    refuse(
                        .unknownValue, place, expected: what, suggestion: NearestName.nearest(to: text, among: words))
                }
            }
        }
        if let place = fields["audit_failure"] { readAuditFailure(place, into: &result.auditFailure) }
        if let place = fields["flood"], let flood = self.fields(place, known: ConfigurationFields.flood) {
            let bounds = ConfigurationFields.floodRange
            result.flood.denialsPerSecond =
                flood["denials_per_second"].flatMap { integer($0, bounds) } ?? result.flood.denialsPerSecond
            result.flood.burst = flood["burst"].flatMap { integer($0, bounds) } ?? result.flood.burst
        }
    }

    /// How long records are kept; one bound at least.
    private mutating func retention(_ place: Place) -> Retention? {
        let before = problems.count
        guard let fields = fields(place, known: ConfigurationFields.retention) else { return nil }
        var rule = Retention()
        if let days = fields["days"].flatMap({ integer($0, ConfigurationFields.days) }) {
            rule.ageSeconds = Int64(days) * 86_400
        }
        rule.bytes = fields["bytes"].flatMap { integer($0, ConfigurationFields.retainedBytes) }
        if let days = fields["keep_days"].flatMap({ integer($0, ConfigurationFields.keepDays) }) {
            rule.keepSeconds = Int64(days) * 86_400
        }
        if fields["days"] == nil, fields["bytes"] == nil, problems.count == before {
            refuse(.missingField, place, expected: "\"days\" or \"bytes\": what is kept for ever needs no retention")
        }
        return rule
    }

    private mutating func readListener(_ fields: Fields, into result: inout ServeConfiguration) {
        if let place = fields["listen"], let text = string(place, "an address such as \"127.0.0.1:8700\"") {
            if let address = ListenAddress(text) {
                result.listen = address
            } else {
                let port = Int(text).flatMap { (0...65_535).contains($0) ? "\"127.0.0.1:\($0)\"" : nil }
                refuse(
                    .outOfRange, place, expected: "an address such as \"127.0.0.1:8700\" or \"[::1]:8700\"",
                    suggestion: port)
            }
        }
        if let place = fields["tls"] { result.tls = certificate(place) }
        result.hosts = list(fields["hosts"], "a host's name without port, such as \"gateway.example\"") { text in
            let name = text.lowercased()
            if name.hasPrefix("["), name.hasSuffix("]") {
                return IPAddress.canonical(String(name.dropFirst().dropLast())).map { "[\($0)]" }
            }
            return HostName.isValid(name) ? name : nil
        }
        result.origins = list(fields["origins"], "an origin such as \"https://app.example\"", Origin.canonical(_:))
        result.trustedProxies = list(
            fields["trusted_proxies"], "an IP address such as \"10.0.0.7\"", IPAddress.canonical(_:))
        if let place = fields["allow_remote"] { result.allowsRemote = boolean(place) ?? true }
        if let place = fields["listen"], fields["tls"] == nil, !result.allowsRemote, !result.listen.isLoopback {
            refuse(
                .contradiction, place, found: "an address beyond this machine, without \"tls\"",
                expected: "\"tls\" as well, or \"allow_remote\": true where something in front encrypts")
        }
    }

    private mutating func certificate(_ place: Place) -> ServeConfiguration.TLSFiles? {
        let known = ConfigurationFields.tls
        guard let fields = fields(place, known: known, required: known) else { return nil }
        let certificate = fields["certificate"].flatMap { pemFile($0) }
        let key = fields["key"].flatMap { place -> String? in
            // The key itself may stand here by mistake.
            if tree.string(place.node)?.contains("-----BEGIN") == true {
                refuse(.wrongType, place, found: "a key", expected: "the path of a PEM file, mode 0600")
                return nil
            }
            guard let path = path(place) else { return nil }
            return secretFile(path, place).map { _ in path }
        }
        guard let certificate, let key else { return nil }
        return ServeConfiguration.TLSFiles(certificate: certificate, key: key)
    }

    private mutating func readLimits(_ place: Place, into limits: inout ServeConfiguration.Limits) {
        typealias Field = (
            name: String, path: WritableKeyPath<ServeConfiguration.Limits, Int>, bounds: ClosedRange<Int>
        )
        let counts = ConfigurationFields.counts
        let known: [Field] = [
            ("message_bytes", \.messageBytes, ConfigurationFields.messageBytes),
            ("depth", \.depth, ConfigurationFields.depth),
            ("head_bytes", \.headBytes, ConfigurationFields.headBytes),
            ("answer_bytes", \.answerBytes, ConfigurationFields.messageBytes),
            ("connections", \.connections, counts), ("sessions", \.sessions, counts),
            ("sessions_per_grant", \.sessionsPerGrant, counts), ("streams", \.streams, counts),
        ]
        guard let fields = fields(place, known: ConfigurationFields.limits) else { return }
        for field in known {
            guard let place = fields[field.name], let value = integer(place, field.bounds) else { continue }
            limits[keyPath: field.path] = value
        }
    }

    private mutating func readTimeOuts(_ place: Place, into timeouts: inout ServeConfiguration.TimeOuts) {
        let known: [(name: String, path: WritableKeyPath<ServeConfiguration.TimeOuts, Duration>)] = [
            ("head", \.head), ("body", \.body), ("idle", \.idle), ("connect", \.connect), ("answer", \.answer),
            ("queue", \.queue), ("commit", \.commit), ("approval", \.approval), ("shutdown", \.shutdown),
            ("child_idle", \.childIdle),
        ]
        guard let fields = fields(place, known: ConfigurationFields.timeouts) else { return }
        for field in known {
            guard let place = fields[field.name], let value = duration(place) else { continue }
            timeouts[keyPath: field.path] = value
        }
    }

    private mutating func policies(_ place: Place) -> [String: String] {
        var policies: [String: String] = [:]
        for (name, key, value) in members(place, "an object with a policy's file for each name") ?? [] {
            guard check(name, key, "a policy's name"), let path = path(value) else { continue }
            policies[name] = path
        }
        return policies
    }

    /// Whether a member's key can name something.
    mutating func check(_ name: String, _ key: Place, _ what: String) -> Bool {
        guard !ConfigurationFields.isName(name) else { return true }
        refuse(.outOfRange, key, expected: "\(what) of 1 to 64 letters, digits, '.', '_' or '-'")
        return false
    }
}

/// Which `Host` and `Origin` headers are accepted: the guard against pages that have the user's browser call a gateway
/// on loopback (DNS rebinding).
struct EndpointNames {
    private let hosts: Set<String>
    private let origins: Set<String>
    private let allowsLoopbackOrigins: Bool
    private static let loopback: Set<String> = ["localhost", "127.0.0.1", "::1"]

    init(_ configuration: ServeConfiguration) {
        var hosts = EndpointNames.loopback.union(configuration.hosts.map { $0.lowercased() })
        hosts.insert(configuration.listen.host.lowercased())
        self.hosts = hosts
        origins = Set(configuration.origins.map { $0.lowercased() })
        allowsLoopbackOrigins = configuration.listen.isLoopback
    }

    /// Whether a `Host` header names this gateway, whatever the port.
    func accepts(host: String) -> Bool {
        hosts.contains(EndpointNames.name(of: host))
    }

    /// Whether pages of an origin may call.
    func accepts(origin: String) -> Bool {
        let origin = origin.lowercased()
        if origins.contains(origin) { return true }
        guard allowsLoopbackOrigins else { return false }
        for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
            return EndpointNames.loopback.contains(EndpointNames.name(of: String(origin.dropFirst(scheme.count))))
        }
        return false
    }

    /// The name in `name:port`, without the brackets of an IPv6 address; empty where the port is no number.
    private static func name(of authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return "" }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || isPort(rest) else { return "" }
            return String(text[text.index(after: text.startIndex)..<end])
        }
        guard let colon = text.firstIndex(of: ":") else { return text }
        return isPort(text[colon...]) ? String(text[..<colon]) : ""
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && text.utf8.count > 1 && text.dropFirst().utf8.allSatisfy { $0 &- 0x30 < 10 }
    }
}

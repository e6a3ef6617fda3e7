/// A host and port to listen on.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// An IP address without brackets, or a name.
    public var host: String
    /// The port; 0 lets the system choose one.
    public var port: Int

    /// Makes an address from its parts, which are not checked.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; an IPv6 address stands in brackets, as in `[::1]:8700`.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { return nil }
        let name = String(text[..<colon])
        if name.hasPrefix("["), name.hasSuffix("]") {
            let inside = String(name.dropFirst().dropLast())
            guard IPAddress.isIPv6(inside) else { return nil }
            self.init(host: inside, port: port)
        } else {
            guard HostName.isValid(name) else { return nil }
            self.init(host: name, port: port)
        }
    }

    /// The text that is read back.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool {
        let name = host.lowercased()
        return name == "localhost" || name == "::1" || (IPAddress.isIPv4(name) && name.hasPrefix("127."))
    }
}

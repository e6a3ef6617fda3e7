/// Where a server over HTTP is: an absolute `http` or `https` URL without user information or fragment.
public struct UpstreamURL: Sendable, Equatable, CustomStringConvertible {
    /// Whether it is `https`.
    public let isSecure: Bool
    /// A name or an IP address, without brackets, in lower case.
    public let host: String
    /// The port, the scheme's own where the URL names none.
    public let port: Int
    /// Path and query as they go into a request line; never empty.
    public let target: String

    /// What is wrong with a URL, without any of its text, which may hold a password.
    struct Defect: Error {
        let found: String
        let expected: String
    }

    /// Names in a query that announce a secret: a query ends up in other people's logs.
    private static let secretNames = [
        "token", "key", "apikey", "api_key", "api-key", "secret", "password", "passwd", "pwd", "auth", "authorization",
        "access_token", "credential", "credentials", "sig", "signature", "code", "session",
    ]

    /// Reads a URL.
    ///
    /// - Parameter mayHoldSecret: whether a secret may stand in its query, because nobody is shown it.
    init(parsing text: String, mayHoldSecret: Bool = false) throws(Defect) {
        let expected = "an http or https URL such as \"http://127.0.0.1:9101/mcp\""
        guard let mark = text.firstRange(of: "://") else {
            throw Defect(found: "a text that is no absolute URL", expected: expected)
        }
        let scheme = text[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw Defect(found: "a URL of another scheme", expected: expected)
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C && $0 != 0x22 }), text.utf8.count <= 2048
        else {
            throw Defect(
                found: "a URL with characters that must be percent-encoded, or over 2048 bytes", expected: expected)
        }
        guard !text.contains("#") else { throw Defect(found: "a URL with a fragment", expected: "a URL without '#'") }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else {
            throw Defect(
                found: "a URL with user information",
                expected: mayHoldSecret
                    ? "a URL without; sign instead" : "credentials under \"headers\" as env: or file:")
        }
        let standard = scheme == "https" ? 443 : 80
        let tail = authority.hasPrefix("[") ? authority.drop { $0 != "]" }.dropFirst() : authority.drop { $0 != ":" }
        let named = tail.isEmpty ? "\(authority):\(standard)" : String(authority)
        guard let address = ListenAddress(named), address.port > 0 else {
            throw Defect(found: "a URL whose host or port cannot be used", expected: expected)
        }
        let target = String(rest[end...])
        guard mayHoldSecret || !UpstreamURL.announcesSecret(target) else {
            throw Defect(
                found: "a URL with a secret in its query", expected: "credentials under \"headers\" as env: or file:")
        }
        isSecure = scheme == "https"
        host = address.host.lowercased()
        port = address.port
        self.target = target.hasPrefix("/") ? target : "/" + target
    }

    private static func announcesSecret(_ target: String) -> Bool {
        guard let mark = target.firstIndex(of: "?") else { return false }
        return target[target.index(after: mark)...].split(separator: "&").contains { part in
            secretNames.contains(part.prefix { $0 != "=" }.lowercased())
        }
    }

    /// The value of the `Host` header: without the scheme's own port.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// The URL as it is read back.
    public var description: String {
        "\(isSecure ? "https" : "http")://\(authority)\(target)"
    }
}

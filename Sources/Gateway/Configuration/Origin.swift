/// Values of the `Origin` header (RFC 6454 §6.1).
enum Origin {
    /// The spelling that browsers send: lower case, without a path; nil when it is no origin.
    static func canonical(_ text: String) -> String? {
        guard let mark = text.firstRange(of: "://") else { return nil }
        let scheme = text[..<mark.lowerBound].lowercased()
        let host = text[mark.upperBound...].lowercased()
        guard let first = scheme.utf8.first, (0x61...0x7A).contains(first),
            scheme.utf8.allSatisfy({ $0.isASCIIAlphanumeric || [0x2B, 0x2D, 0x2E].contains($0) }),
            HostName.isValid(host) || ListenAddress(host) != nil || ListenAddress(host + ":0") != nil
        else { return nil }
        return "\(scheme)://\(host)"
    }
}

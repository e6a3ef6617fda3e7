import Foundation
import Glibc
import NIOCore

/// Where a sink over HTTP sends: an absolute URL, checked.
public struct SinkAddress: Sendable, Equatable {
    /// `http` or `https`.
    public let isSecure: Bool
    /// The host's name or address, without brackets.
    public let host: String
    /// The port.
    public let port: Int
    /// Path and query, as they stand in the request's line; they may hold a secret.
    let target: String
    /// Whom to believe that the receiver is the one it says; nil for the system's authorities.
    let authorities: SinkAuthorities?
    /// The whole text, to tell apart sinks of one host.
    private let digest: String

    /// Reads a URL.
    ///
    /// - Throws: `SinkError` with code `usage`, which does not repeat the URL.
    public init(_ text: String, authorities: SinkAuthorities? = nil) throws(SinkError) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", var host = parts.host, !host.isEmpty, parts.fragment == nil,
            parts.port.map({ (1...65_535).contains($0) }) ?? true
        else {
            throw SinkError(
                .usage, "a sink's URL cannot be read: expected http://HOST[:PORT]/PATH or https://…",
                hint: "tollgate watch --sink webhook:https://alerts.example.com/hook")
        }
        guard parts.user == nil, parts.password == nil else {
            throw SinkError(
                .usage, "a sink's URL may not hold a user or a password",
                hint: "sign instead: webhook:URL#hmac-env=NAME or #hmac-file=PATH")
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        isSecure = scheme == "https"
        guard isSecure || authorities == nil else {
            throw SinkError(
                .usage, "authorities are for https, and the sink's URL is http",
                hint: "tollgate watch --sink webhook:https://HOST/PATH#ca-file=PATH")
        }
        self.authorities = authorities
        self.host = host
        port = parts.port ?? (isSecure ? 443 : 80)
        let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        target = path + (parts.percentEncodedQuery.map { "?" + $0 } ?? "")
        digest = String(AlertNotice.digest([text]).prefix(8))
    }

    /// `host:port#digest`: which receiver it is, without what may be secret.
    var name: String { "\(authority)#\(digest)" }

    /// The value of the header Host.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// The address with a path behind its own.
    func appending(_ path: String) throws(SinkError) -> SinkAddress {
        let base = target.hasSuffix("/") ? String(target.dropLast()) : target
        return try SinkAddress(
            "\(isSecure ? "https" : "http")://\(authority)\(base)\(path)", authorities: authorities)
    }

    /// The host's addresses now, each of which may be connected to.
    ///
    /// What is connected to is what was checked: a name cannot become another address in between.
    ///
    /// - Parameter lookUp: gives the addresses of a host and a port.
    /// - Throws: `SinkError` with code `forbidden` where one of them is a link-local or metadata address, `network`
    ///   where there is none.
    func resolve(
        by lookUp: (String, Int) throws(SinkError) -> [SocketAddress] = SinkAddress.systemAddresses
    ) throws(SinkError) -> [SocketAddress] {
        let found = try lookUp(host, port)
        guard !found.isEmpty else { throw SinkError(.network, "\(host): no address") }
        for address in found where ForbiddenAddress.covers(address.bytes) {
            var error = SinkError(
                .forbidden, "\(host) is a link-local or metadata address, which no sink may have",
                hint: "name a receiver of your own")
            error.isFinal = true
            throw error
        }
        return found
    }

    /// What the system's resolver says: files, DNS, or whatever else it asks.
    static func systemAddresses(_ host: String, _ port: Int) throws(SinkError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            throw SinkError(.network, "\(host): no address: \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let address = entry.pointee.ai_addr else { continue }
            switch entry.pointee.ai_family {
            case AF_INET:
                found.append(SocketAddress(address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee }))
            case AF_INET6:
                found.append(
                    SocketAddress(address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { $0.pointee }))
            default: break
            }
        }
        return found
    }
}

extension SocketAddress {
    /// The 4 or 16 bytes of an IP address; none of any other.
    fileprivate var bytes: [UInt8] {
        switch self {
        case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: []
        }
    }
}

/// Addresses at which a cloud answers whoever asks with credentials, and networks without a router.
enum ForbiddenAddress {
    /// Whether an address of 4 or 16 bytes is one.
    static func covers(_ address: [UInt8]) -> Bool {
        if address.count == 4 {
            // RFC 3927; Alibaba's and Azure's servers of metadata; "this network" (RFC 1122), multicast and above.
            return address.starts(with: [169, 254]) || address == [100, 100, 100, 200] || address == [168, 63, 129, 16]
                || address[0] == 0 || address[0] >= 224
        }
        guard address.count == 16 else { return true }
        // fe80::/10, multicast, and Amazon's fd00:ec2::254.
        if address[0] == 0xFE, address[1] & 0xC0 == 0x80 { return true }
        if address[0] == 0xFF || address == [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54] {
            return true
        }
        let zeros = [UInt8](repeating: 0, count: 10)
        let last = Array(address[12...])
        // ::ffff:a.b.c.d (RFC 4291) and 64:ff9b::/96 (RFC 6052) lead to the address that they hold, 2002::/16 too.
        if address.starts(with: zeros + [0xFF, 0xFF]) { return covers(last) }
        if address.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) { return covers(last) }
        if address.starts(with: [0x20, 0x02]) { return covers(Array(address[2..<6])) }
        // The unspecified address is this machine, ::1 as well, which is allowed by name; a.b.c.d behind zeros is not.
        if address.starts(with: zeros + [0, 0]) { return last != [0, 0, 0, 1] }
        return false
    }
}

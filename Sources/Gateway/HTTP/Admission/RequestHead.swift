import MCP
import NIOHTTP1

/// What the gateway reads of a request's headers, in one pass.
///
/// A class because it is handed on: a copy would count a dozen references.
final class RequestHead {
    private(set) var authorization: String?
    private(set) var host: String?
    private(set) var origin: String?
    private(set) var contentType: String?
    private(set) var contentLength: Int?
    private(set) var session: String?
    private(set) var forwardedFor: String?
    private(set) var forwardedProto: String?
    /// `Transfer-Encoding`, the last of several.
    private(set) var transferCoding: String?
    /// Whether the body is said to be compressed, or otherwise no plain bytes.
    private(set) var isEncoded = false
    private(set) var routing = RoutingHeaders()
    /// What `Connection` names as its own, in lower case.
    private(set) var connection: [String] = []
    /// A header that decides was sent twice: readers disagree about which one counts.
    private(set) var repeats = false

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            switch name.utf8.count {
            case 4 where RequestHead.matches(name, "host"): host = keep(value, over: host)
            case 6 where RequestHead.matches(name, "origin"): origin = keep(value, over: origin)
            case 10 where RequestHead.matches(name, "connection"): noteConnection(value)
            case 8, 10, 20:
                if let header = RoutingHeader(named: name) { routing.add(header, RequestHead.trimmed(value)) }
            case 12 where RequestHead.matches(name, "content-type"): contentType = keep(value, over: contentType)
            case 13 where RequestHead.matches(name, "authorization"): authorization = keep(value, over: authorization)
            case 14 where RequestHead.matches(name, "content-length"): contentLength = Int(value)
            case 14 where RequestHead.matches(name, "mcp-session-id"): session = keep(value, over: session)
            case 15 where RequestHead.matches(name, "x-forwarded-for"): forwardedFor = value
            case 16 where RequestHead.matches(name, "content-encoding"):
                isEncoded = isEncoded || !RequestHead.matches(value, "identity")
            case 17 where RequestHead.matches(name, "x-forwarded-proto"): forwardedProto = value
            case 17 where RequestHead.matches(name, "transfer-encoding"):
                transferCoding = keep(value, over: transferCoding)
            default: continue
            }
        }
    }

    private func keep(_ value: String, over line: String?) -> String {
        if line != nil { repeats = true }
        return RequestHead.trimmed(value)
    }

    private func noteConnection(_ value: String) {
        for name in value.split(separator: ",") {
            let name = RequestHead.trimmed(String(name)).lowercased()
            // `keep-alive` is no header that a client's message could need: nothing is to be taken out for it.
            if !name.isEmpty, name != "keep-alive" { connection.append(name) }
        }
    }

    /// White space around a header's value is no part of it (RFC 9110 §5.5).
    private static func trimmed(_ value: String) -> String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        // NIO's parser has trimmed nearly all.
        let isTrimmed = value.utf8.withContiguousStorageIfAvailable { bytes in
            bytes.isEmpty || !(isBlank(bytes[0]) || isBlank(bytes[bytes.count - 1]))
        }
        if isTrimmed ?? false { return value }
        var text = Substring(value)
        while let byte = text.utf8.last, isBlank(byte) { text = Substring(text.utf8.dropLast()) }
        while let byte = text.utf8.first, isBlank(byte) { text = Substring(text.utf8.dropFirst()) }
        return String(text)
    }

    /// Whether a name is the other, whatever its case; `other` in lower case.
    static func matches(_ name: String, _ other: StaticString) -> Bool {
        let found = name.utf8.withContiguousStorageIfAvailable { matches($0, other) }
        return found ?? ContiguousArray(name.utf8).withUnsafeBufferPointer { matches($0, other) }
    }

    private static func matches(_ name: UnsafeBufferPointer<UInt8>, _ other: StaticString) -> Bool {
        guard name.count == other.utf8CodeUnitCount else { return false }
        for index in name.indices {
            let (own, wanted) = (name[index], other.utf8Start[index])
            if own != wanted, own | 0x20 != wanted || wanted &- 0x61 > 25 { return false }
        }
        return true
    }
}

/// What a request's target asks for.
enum RequestTarget: Equatable {
    /// `/<server>/mcp`.
    case server(String)
    /// `/healthz`.
    case health
    /// `/.well-known/oauth-protected-resource…`: which server's.
    case metadata(String)
    case other

    init(path: Substring) {
        if path == "/healthz" {
            self = .health
            return
        }
        let wellKnown = "/.well-known/oauth-protected-resource"
        if path.hasPrefix(wellKnown) {
            self = .metadata(String(path.dropFirst(wellKnown.count)))
            return
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isEndpoint = parts.count == 3 || (parts.count == 4 && parts[3].isEmpty)
        if isEndpoint, parts[0].isEmpty, !parts[1].isEmpty, parts[2] == "mcp" {
            self = .server(String(parts[1]))
        } else {
            self = .other
        }
    }

    /// Whether a query carries what looks like a credential: it would end up in everybody's logs.
    static func carriesCredential(_ query: Substring) -> Bool {
        let names = [
            "access_token", "token", "api_key", "apikey", "api-key", "key", "auth", "authorization", "bearer", "secret",
            "password", "grant",
        ]
        return query.split(separator: "&").contains { part in
            let name = part.prefix { $0 != "=" }.lowercased()
            return names.contains(name) || part.contains("tg_")
        }
    }
}

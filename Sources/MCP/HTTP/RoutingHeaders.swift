/// A header that repeats what the body says, so that intermediaries can route without reading it (2026-07-28).
public enum RoutingHeader: String, Sendable, CaseIterable {
    /// The revision: `params._meta["io.modelcontextprotocol/protocolVersion"]`.
    case protocolVersion = "MCP-Protocol-Version"
    /// The body's `method`.
    case method = "Mcp-Method"
    /// What is asked for: `params.name` of a tool call or a prompt, `params.uri` of a resource.
    case name = "Mcp-Name"

    /// Finds the header of this name, whatever its case (RFC 9110 §5.1), without allocating.
    public init?(named name: String) {
        // Most headers differ in length.
        guard let header = RoutingHeader(length: name.utf8.count) else { return nil }
        var own = header.rawValue
        var other = name
        let isSame = own.withUTF8 { own in
            other.withUTF8 { other in
                zip(own, other).allSatisfy { $0 == $1 || (isLetter($0) && $0 ^ $1 == 0x20) }
            }
        }
        guard isSame else { return nil }
        self = header
    }

    private init?(length: Int) {
        switch length {
        case 8: self = .name
        case 10: self = .method
        case 20: self = .protocolVersion
        default: return nil
        }
    }
}

private func isLetter(_ byte: UInt8) -> Bool {
    (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
}

/// The routing headers of one HTTP request, as they were sent.
public struct RoutingHeaders: Sendable, Equatable {
    /// What was sent of one header.
    public enum Line: Sendable, Equatable {
        /// No such line.
        case absent
        /// One line; its value without the white space around it.
        case once(String)
        /// More than one line. Which one counts, readers disagree about: none does here.
        case repeated
    }

    /// `MCP-Protocol-Version`.
    public private(set) var protocolVersion = Line.absent
    /// `Mcp-Method`.
    public private(set) var method = Line.absent
    /// `Mcp-Name`, in the form that ``HeaderValue`` decodes.
    public private(set) var name = Line.absent

    /// Makes headers of a request that has none of them.
    public init() {}

    /// Picks the routing headers out of all of a request's, in any order.
    ///
    /// - Parameter lines: every line that was sent, none joined with another.
    @inlinable public init(of lines: some Sequence<(name: String, value: String)>) {
        self.init()
        for (name, value) in lines {
            if let header = RoutingHeader(named: name) { add(header, value) }
        }
    }

    /// Adds a line.
    public mutating func add(_ header: RoutingHeader, _ value: String) {
        switch header {
        case .protocolVersion: RoutingHeaders.add(value, to: &protocolVersion)
        case .method: RoutingHeaders.add(value, to: &method)
        case .name: RoutingHeaders.add(value, to: &name)
        }
    }

    /// A header that was sent more than once.
    var repeated: RoutingHeader? {
        if case .repeated = protocolVersion { return .protocolVersion }
        if case .repeated = method { return .method }
        if case .repeated = name { return .name }
        return nil
    }

    private static func add(_ value: String, to line: inout Line) {
        if case .absent = line { line = .once(value) } else { line = .repeated }
    }
}

import StrictJSON

extension ConfigurationReader {
    /// The servers by name.
    mutating func servers(_ place: Place) -> [String: ServeConfiguration.Server] {
        var servers: [String: ServeConfiguration.Server] = [:]
        let members = members(place, "an object with a member for each server") ?? []
        if members.isEmpty, tree.kind(place.node) == .object {
            refuse(.outOfRange, place, found: "no servers", expected: "at least one server")
        }
        for (name, key, value) in members {
            guard check(name, key, "a server's name"), let server = server(value) else { continue }
            servers[name] = server
        }
        return servers
    }

    private mutating func server(_ place: Place) -> ServeConfiguration.Server? {
        let isHTTP = tree.member(place.node, "url") != nil
        let isCommand = tree.member(place.node, "command") != nil
        if isHTTP && isCommand {
            refuse(
                .contradiction, place, found: "both \"url\" and \"command\"",
                expected: "\"url\" for a server over HTTP, or \"command\" for a child process")
            return nil
        }
        let http = ConfigurationFields.httpServer + ConfigurationFields.serverShared
        let command = ConfigurationFields.commandServer + ConfigurationFields.serverShared
        let known = isHTTP ? http : isCommand ? command : ConfigurationFields.httpServer + command
        let other = isHTTP ? ConfigurationFields.commandServer : isCommand ? ConfigurationFields.httpServer : []
        let fields = fields(place, known: known) { name in
            guard other.contains(name) else { return nil }
            return (
                .contradiction,
                isHTTP
                    ? "no \"\(name)\" beside \"url\": it belongs to a child process"
                    : "no \"\(name)\" beside \"command\": it belongs to a server over HTTP"
            )
        }
        guard let fields else { return nil }
        guard let upstream = isHTTP ? httpUpstream(fields) : isCommand ? commandUpstream(fields) : nil else {
            let isMisspelt = tree.members(place.node).contains { key, _ in
                let nearest = NearestName.nearest(to: tree.string(key) ?? "", among: known)
                return nearest == "url" || nearest == "command"
            }
            if !isHTTP, !isCommand, !isMisspelt {
                refuse(.missingField, place, found: "neither", expected: "\"url\" or \"command\"")
            }
            return nil
        }
        var server = ServeConfiguration.Server(upstream)
        if let place = fields["concurrency"], let value = integer(place, ConfigurationFields.counts) {
            server.concurrency = value
        }
        if let place = fields["queue"], let value = integer(place, ConfigurationFields.floodRange) {
            server.queue = value
        }
        server.timeout = fields["timeout"].flatMap { duration($0) }
        return server
    }

    // MARK: Over HTTP

    private mutating func httpUpstream(_ fields: Fields) -> ServeConfiguration.Upstream? {
        let url = fields["url"].flatMap { self.url($0) }
        let headers = fields["headers"].map { self.headers($0) } ?? []
        let authorities = fields["ca"].flatMap { pemFile($0) }
        guard let url else { return nil }
        if let place = fields["ca"], !url.isSecure {
            refuse(.contradiction, place, found: "\"ca\" for an http URL", expected: "an https URL, or no \"ca\"")
        }
        return .http(ServeConfiguration.HTTPUpstream(url: url, headers: headers, authorities: authorities))
    }

    private mutating func url(_ place: Place) -> UpstreamURL? {
        guard let text = tree.string(place.node) else {
            refuse(.wrongType, place, found: describeKind(place.node), expected: "a URL")
            return nil
        }
        do {
            return try UpstreamURL(parsing: text)
        } catch {
            refuse(.outOfRange, place, found: error.found, expected: error.expected)
            return nil
        }
    }

    private mutating func headers(_ place: Place) -> [ServeConfiguration.Header] {
        var headers: [ServeConfiguration.Header] = []
        var seen: Set<String> = []
        for (name, key, value) in members(place, "an object with a value for each header") ?? [] {
            let lowered = name.lowercased()
            guard ConfigurationFields.isToken(name), name.utf8.count <= ConfigurationFields.maximumTextBytes else {
                refuse(.outOfRange, key, expected: "a header's name (RFC 9110 §5.6.2)")
                continue
            }
            guard !ConfigurationFields.refusedHeaders.contains(lowered),
                !lowered.hasPrefix(ConfigurationFields.refusedHeaderPrefix)
            else {
                refuse(
                    .contradiction, key, expected: "a header that is not the connection's, the message's or MCP's own")
                continue
            }
            guard seen.insert(lowered).inserted else {
                refuse(.duplicate, key, expected: "each header once, whatever its case")
                continue
            }
            guard let secret = secret(value, "a header's value") else { continue }
            headers.append(ServeConfiguration.Header(name: name, value: secret))
        }
        if headers.count > ConfigurationFields.maximumEntries {
            refuse(
                .outOfRange, place, found: "\(headers.count) headers",
                expected: "at most \(ConfigurationFields.maximumEntries)")
        }
        return headers
    }

    // MARK: Child processes

    private mutating func commandUpstream(_ fields: Fields) -> ServeConfiguration.Upstream? {
        guard let place = fields["command"] else { return nil }
        let command = self.command(place)
        var upstream = ServeConfiguration.CommandUpstream(command: command ?? [])
        if let place = fields["env"] { upstream.environment = environment(place) }
        if let place = fields["cwd"] { upstream.folder = path(place) }
        return command == nil ? nil : .command(upstream)
    }

    mutating func command(_ place: Place) -> [String]? {
        guard tree.kind(place.node) == .array else {
            refuse(
                .wrongType, place, found: describeKind(place.node),
                expected: "a list of the program and its arguments, such as [\"uvx\", \"mcp-server-time\"]")
            return nil
        }
        let before = problemCount
        let words = elements(place, "a list of the program and its arguments").compactMap { place -> String? in
            guard let word = tree.string(place.node) else {
                refuse(.wrongType, place, found: describeKind(place.node), expected: "a text")
                return nil
            }
            guard !word.contains("\0"), word.utf8.count <= ConfigurationFields.maximumValueBytes else {
                refuse(.outOfRange, place, found: "a text with NUL, or too long", expected: "an argument")
                return nil
            }
            return word
        }
        guard let program = words.first, !program.isEmpty else {
            if before == problemCount {
                refuse(.outOfRange, place, found: "no program", expected: "the program and its arguments")
            }
            return nil
        }
        return words
    }

    private mutating func environment(_ place: Place) -> [String: Secret] {
        var environment: [String: Secret] = [:]
        for (name, key, value) in members(place, "an object with a value for each variable") ?? [] {
            guard !name.isEmpty, !name.contains("="), !name.contains("\0"), name.utf8.count <= 256 else {
                refuse(.outOfRange, key, expected: "a variable's name")
                continue
            }
            environment[name] = secret(value, "a variable's value")
        }
        return environment
    }
}

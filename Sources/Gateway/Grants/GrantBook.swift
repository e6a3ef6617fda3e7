public import Events

/// Makes, ends and lists grants by request: the same whether a running gateway does it or a command alone.
public struct GrantBook: Sendable {
    private let settings: ServeSettings

    /// Takes the settings whose grants are meant.
    public init(_ settings: ServeSettings) {
        self.settings = settings
    }

    /// All grants, without their tokens' digests.
    public func list() -> ControlValue {
        let grants: [ControlValue] = settings.grants.grants.map { grant in
            var members: [(name: String, value: ControlValue)] = [
                ("id", .text(grant.id)), ("agent", .text(grant.agent)),
                ("servers", .list(grant.servers.map { .text($0) })),
            ]
            if let policy = grant.policy { members.append(("policy", .text(policy))) }
            if let expires = grant.expires { members.append(("expires", .text(expires.description))) }
            if let note = grant.note { members.append(("note", .text(note))) }
            let isFixed = settings.configuration.grants.contains { $0.id == grant.id }
            members.append(("source", .text(isFixed ? "configuration" : "grants_file")))
            return .object(members)
        }
        let revoked: [ControlValue] = settings.grants.revoked.map { entry in
            .object([("id", .text(entry.id)), ("revoked", .text(entry.at.description))])
        }
        return .list(grants + revoked)
    }

    /// Carries out a `grant_create`, `grant_revoke` or `grant_rotate`.
    ///
    /// - Returns: the reply, with tokens to be shown once, and what is to be recorded.
    /// - Throws: ``GrantError``.
    public func change(
        _ request: ControlRequest, now: Timestamp
    ) throws(GrantError) -> (reply: ControlReply, records: [Control]) {
        let file = try grantsFile()
        let known = GrantRequest.Known(
            servers: Array(settings.configuration.servers.keys), policies: Array(settings.configuration.policies.keys),
            takenIDs: Set(settings.configuration.grants.map(\.id)))
        var random = SystemRandomNumberGenerator()
        switch request.action {
        case .grantCreate:
            if let sheet = request["csv"]?.text {
                return GrantBook.issued(try file.createMany(Array(sheet.utf8), known: known, using: &random))
            }
            return GrantBook.issued([try file.create(try grant(request), known: known, using: &random)])
        case .grantRevoke:
            let id = try id(of: request)
            let configured = settings.configuration.grants.first { $0.id == id }
            _ = try file.revoke(id: id, configured: configured, at: now)
            return (.done([("id", .text(id))]), [Control(.grantRevoked).with(.grant, id)])
        case .grantRotate:
            let id = try id(of: request)
            guard !known.takenIDs.contains(id) else {
                throw GrantError(
                    .usage,
                    "the grant \"\(id)\" stands in the configuration itself; give it another token_sha256 there",
                    hint: "tollgate grant list --config FILE")
            }
            let issued = try file.rotate(id: id, at: now, using: &random)
            let (reply, records) = GrantBook.issued([issued])
            return (reply, [Control(.grantRevoked).with(.grant, id).with(.reason, "rotated")] + records)
        default: throw GrantError(.usage, "no such request about grants", hint: "tollgate grant --help")
        }
    }

    private func grantsFile() throws(GrantError) -> GrantsFile {
        guard let path = settings.configuration.grantsFile else {
            throw GrantError(
                .usage, "the configuration names no file to keep grants in; add \"grants_file\": \"grants.json\"",
                hint: "tollgate serve --config FILE --check")
        }
        return GrantsFile(path: path)
    }

    private func id(of request: ControlRequest) throws(GrantError) -> String {
        guard let id = request["id"]?.text else {
            throw GrantError(.usage, "which grant? there is no id", hint: "tollgate grant list --help")
        }
        return id
    }

    private func grant(_ request: ControlRequest) throws(GrantError) -> GrantRequest {
        guard let agent = request["agent"]?.text else {
            throw GrantError(.usage, "for which agent? there is none", hint: "tollgate grant create --help")
        }
        let servers = request["servers"]?.list?.compactMap(\.text) ?? []
        var expires: Timestamp?
        if let text = request["expires"]?.text {
            expires = Timestamp(text: text)
            guard expires != nil else {
                throw GrantError(
                    .usage, "'\(text)' is no moment such as 2027-01-31T00:00:00.000000Z",
                    hint: "tollgate grant create --help")
            }
        }
        return GrantRequest(
            id: try id(of: request), agent: agent, servers: servers, policy: request["policy"]?.text,
            expires: expires, note: request["note"]?.text)
    }

    private static func issued(_ all: [GrantsFile.Issued]) -> (reply: ControlReply, records: [Control]) {
        let tokens: [ControlValue] = all.map { issued in
            .object([
                ("id", .text(issued.grant.id)), ("agent", .text(issued.grant.agent)),
                ("token", .text(issued.token.revealed)),
            ])
        }
        let records = all.map { issued in
            Control(.grantCreated).with(.agent, issued.grant.agent).with(.grant, issued.grant.id)
                .with(.server, issued.grant.servers.joined(separator: ",")).with(.policy, issued.grant.policy)
        }
        return (.done([("grants", .list(tokens))]), records)
    }
}

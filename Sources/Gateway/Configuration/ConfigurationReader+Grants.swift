import Events
import StrictJSON

extension ConfigurationReader {
    /// The grants of a list.
    ///
    /// - Parameters:
    ///   - servers: the servers there are; nil to take any name.
    ///   - policies: the policies there are; nil to take any name.
    mutating func grants(_ place: Place, servers: [String]?, policies: [String]?) -> [Grant] {
        var grants: [Grant] = []
        var ids: [String: String] = [:]
        var tokens: [[UInt8]: String] = [:]
        for place in elements(place, "a list of grants", maximum: .max) {
            guard let grant = grant(place, servers: servers, policies: policies) else { continue }
            if let first = ids.updateValue(place.pointer, forKey: grant.id) {
                refuse(.duplicate, at("id", place), expected: "an id of its own: \(first) has this one")
            }
            if let first = tokens.updateValue(place.pointer, forKey: grant.tokenSHA256) {
                refuse(
                    .duplicate, at("token_sha256", place), found: "the token of \(first)",
                    expected: "a token of its own for each grant")
            }
            grants.append(grant)
        }
        return grants
    }

    private func at(_ field: String, _ place: Place) -> Place {
        Place(tree.member(place.node, named: field) ?? place.node, "\(place.pointer)/\(field)")
    }

    private mutating func grant(_ place: Place, servers: [String]?, policies: [String]?) -> Grant? {
        let fields = fields(place, known: ConfigurationFields.grant, required: ["id", "agent", "token_sha256"])
        guard let fields else { return nil }
        let id = fields["id"].flatMap { name($0, "a grant's id") }
        let agent = fields["agent"].flatMap { string($0, "an agent's name") }
        let covered = self.servers(of: place, fields, known: servers)
        let policy = fields["policy"].flatMap { place in
            policies.map { name(place, among: $0, "a policy's name") } ?? name(place, "a policy's name")
        }
        let token = fields["token_sha256"].flatMap { digest($0) }
        let expires = fields["expires"].flatMap { moment($0) }
        let note = fields["note"].flatMap { string($0, "a note", maximum: 1024) }
        guard let id, let agent, let covered, let token else { return nil }
        return Grant(
            id: id, agent: agent, servers: covered, policy: policy, tokenSHA256: token, expires: expires, note: note)
    }

    private mutating func servers(of place: Place, _ fields: Fields, known: [String]?) -> [String]? {
        let what = "a server's name, or \"*\" for all"
        switch (fields["server"], fields["servers"]) {
        case (.some, .some):
            refuse(
                .contradiction, place, found: "both \"server\" and \"servers\"",
                expected: "\"server\" for one or all, \"servers\" for several")
            return nil
        case (nil, nil):
            let isMisspelt = tree.members(place.node).contains { key, _ in
                let name = tree.string(key) ?? ""
                return !ConfigurationFields.grant.contains(name)
                    && NearestName.nearest(to: name, among: ConfigurationFields.grant)?.hasPrefix("server") == true
            }
            if !isMisspelt {
                refuse(
                    .missingField, Place(place.node, "\(place.pointer)/server"), found: "nothing",
                    expected: "\"server\" or \"servers\"")
            }
            return nil
        case (let single?, nil):
            if let node = tree.string(single.node), node == "*" { return [Grant.everyServer] }
            return serverName(single, known, what).map { [$0] }
        case (nil, let several?):
            var names: [String] = []
            for place in elements(several, "a list of servers' names") {
                guard let name = serverName(place, known, "a server's name") else { continue }
                if names.contains(name) { refuse(.duplicate, place, expected: "each server once") }
                names.append(name)
            }
            if tree.kind(several.node) == .array, tree.count(several.node) == 0 {
                refuse(.outOfRange, several, found: "an empty list", expected: "at least one server")
            }
            return names.isEmpty ? nil : names
        }
    }

    private mutating func serverName(_ place: Place, _ known: [String]?, _ what: String) -> String? {
        known.map { name(place, among: $0, what) } ?? name(place, what)
    }

    /// The name of something.
    mutating func name(_ place: Place, _ what: String) -> String? {
        string(place, "\(what) of 1 to 64 letters, digits, '.', '_' or '-'") {
            ConfigurationFields.isName($0) ? $0 : nil
        }
    }

    /// The SHA-256 of a token; the value is never shown, since a token itself may stand there by mistake.
    mutating func digest(_ place: Place) -> [UInt8]? {
        let expected = "64 hexadecimal digits: the SHA-256 of a token (tollgate grant create)"
        guard let text = tree.string(place.node) else {
            refuse(.wrongType, place, found: describeKind(place.node), expected: expected)
            return nil
        }
        guard let digest = TokenDigest.bytes(hexadecimal: text) else {
            refuse(.outOfRange, place, found: "a text that is none", expected: expected)
            return nil
        }
        return digest
    }

    /// A moment.
    mutating func moment(_ place: Place) -> Timestamp? {
        string(place, "a moment in UTC such as \"2026-12-31T23:59:59Z\"") { Timestamp(text: $0) }
    }

    // MARK: The file of grants

    /// Reads a file of grants: `{"v": 1, "grants": […], "revoked": […]}`.
    mutating func readGrantsFile(servers: [String]?, policies: [String]?) -> (grants: [Grant], revoked: [RevokedGrant])
    {
        refuseDuplicateKeys()
        guard let fields = fields(root, known: ConfigurationFields.grantsFile, required: ["v", "grants"]) else {
            return ([], [])
        }
        if let place = fields["v"] { _ = integer(place, 1...1) }
        let grants = fields["grants"].map { self.grants($0, servers: servers, policies: policies) } ?? []
        var revoked: [RevokedGrant] = []
        for place in fields["revoked"].map({ elements($0, "a list of revoked grants", maximum: .max) }) ?? [] {
            let known = ConfigurationFields.revoked
            guard let fields = self.fields(place, known: known, required: known) else { continue }
            let id = fields["id"].flatMap { name($0, "a grant's id") }
            let token = fields["token_sha256"].flatMap { digest($0) }
            let at = fields["at"].flatMap { moment($0) }
            guard let id, let token, let at else { continue }
            revoked.append(RevokedGrant(id: id, tokenSHA256: token, at: at))
        }
        return (grants, revoked)
    }
}

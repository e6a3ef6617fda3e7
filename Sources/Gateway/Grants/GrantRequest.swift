public import Events

/// A grant that somebody asks for: everything but its token.
public struct GrantRequest: Sendable, Equatable {
    /// The grant's id.
    public var id: String
    /// Who will call with it.
    public var agent: String
    /// The servers it opens; `["*"]` for all.
    public var servers: [String]
    /// The policy's name.
    public var policy: String?
    /// When it ends; nil for never.
    public var expires: Timestamp?
    /// What a person wrote about it.
    public var note: String?

    /// Makes a request, which is checked when it is granted.
    public init(
        id: String, agent: String, servers: [String], policy: String? = nil, expires: Timestamp? = nil,
        note: String? = nil
    ) {
        self.id = id
        self.agent = agent
        self.servers = servers
        self.policy = policy
        self.expires = expires
        self.note = note
    }

    /// The names that a grant may use, where they are known; nil takes any.
    public struct Known: Sendable {
        /// The servers there are.
        public var servers: [String]?
        /// The policies there are.
        public var policies: [String]?
        /// Ids that are taken elsewhere, such as in the configuration itself.
        public var takenIDs: Set<String>

        /// Takes the names of a configuration, or any.
        public init(servers: [String]? = nil, policies: [String]? = nil, takenIDs: Set<String> = []) {
            self.servers = servers
            self.policies = policies
            self.takenIDs = takenIDs
        }
    }

    /// Everything that is wrong with the request, each in one line.
    func defects(_ known: Known) -> [String] {
        var defects: [String] = []
        let named = "1 to 64 letters, digits, '.', '_' or '-'"
        if !ConfigurationFields.isName(id) { defects.append("id: found \(quoted(id)); expected \(named)") }
        if !GrantRequest.isText(agent, maximum: ConfigurationFields.maximumTextBytes) {
            defects.append("agent: found \(quoted(agent)); expected 1 to 256 bytes without control characters")
        }
        if servers.isEmpty { defects.append("server: found nothing; expected a server's name, or * for all") }
        if Set(servers).count != servers.count { defects.append("server: found a name twice; expected each once") }
        if servers.count > 1, servers.contains(Grant.everyServer) {
            defects.append("server: found * beside names; expected * alone, or names")
        }
        for server in servers where server != Grant.everyServer {
            defects += defect("server", server, among: known.servers)
        }
        if let policy { defects += defect("policy", policy, among: known.policies) }
        if let note, !GrantRequest.isText(note, maximum: 1024) {
            defects.append("note: found \(quoted(note)); expected 1 to 1024 bytes without control characters")
        }
        return defects
    }

    private func defect(_ field: String, _ name: String, among names: [String]?) -> [String] {
        guard let names else {
            let isName = ConfigurationFields.isName(name)
            return isName ? [] : ["\(field): found \(quoted(name)); expected 1 to 64 letters, digits, '.', '_' or '-'"]
        }
        guard !names.contains(name) else { return [] }
        let nearest = NearestName.nearest(to: name, among: names).map { "; nearest: \($0)" } ?? ""
        let expected = names.isEmpty ? "a name, of which there are none" : ConfigurationReader.list(names.sorted())
        return ["\(field): found \(quoted(name)); expected \(expected)\(nearest)"]
    }

    private func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONText.append(String(text.prefix(60)), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func isText(_ text: String, maximum: Int) -> Bool {
        (1...maximum).contains(text.utf8.count)
            && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}

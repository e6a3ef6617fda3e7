public import Events
import Policy

/// A policy of `serve` as people look at it: its file, its digest in force, and the grants that name it.
public struct ServedPolicy: Sendable {
    /// A grant that names it.
    public struct User: Sendable {
        /// The grant's id.
        public var grant: String
        /// Who calls with it.
        public var agent: String
        /// The servers it opens; `["*"]` for all.
        public var servers: [String]
    }

    /// The name that grants give.
    public var name: String
    /// Its file, absolute.
    public var file: String
    /// The digest of its normal form.
    public var digest: Digest64
    /// Whether its verdicts are carried out.
    public var mode: Mode
    /// The grants that name it.
    public var users: [User]

    /// All of a configuration, by name.
    public static func all(of settings: ServeSettings) -> [ServedPolicy] {
        settings.policies.sorted { $0.key < $1.key }.map { name, policy in
            ServedPolicy(
                name: name, file: settings.configuration.policies[name] ?? "", digest: policy.digest,
                mode: policy.document.mode,
                users: settings.grants.grants.filter { $0.policy == name }.map {
                    User(grant: $0.id, agent: $0.agent, servers: $0.servers)
                })
        }
    }

    var controlValue: ControlValue {
        .object([
            ("name", .text(name)), ("file", .text(file)), ("digest", .text(digest.description)),
            ("mode", .text(mode.rawValue)),
            (
                "grants",
                .list(
                    users.map { user in
                        .object([
                            ("id", .text(user.grant)), ("agent", .text(user.agent)),
                            ("servers", .list(user.servers.map { .text($0) })),
                        ])
                    })
            ),
        ])
    }

    /// Reads a policy from a reply; nil where it is none.
    public init?(_ value: ControlValue) {
        guard let name = value["name"]?.text, let file = value["file"]?.text,
            let digest = value["digest"]?.text.flatMap({ Digest64(hex: $0.utf8) }),
            let mode = value["mode"]?.text.flatMap({ Mode(rawValue: $0) })
        else { return nil }
        let users = (value["grants"]?.list ?? []).map { grant in
            User(
                grant: grant["id"]?.text ?? "", agent: grant["agent"]?.text ?? "",
                servers: (grant["servers"]?.list ?? []).compactMap(\.text))
        }
        self.init(name: name, file: file, digest: digest, mode: mode, users: users)
    }

    private init(name: String, file: String, digest: Digest64, mode: Mode, users: [User]) {
        self.name = name
        self.file = file
        self.digest = digest
        self.mode = mode
        self.users = users
    }
}

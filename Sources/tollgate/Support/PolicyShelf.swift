import AuditLog
import Events
import Gateway
import Policy

/// The policies that a log keeps beside itself, by digest; each is read once.
struct PolicyShelf {
    private let log: LogDirectory
    private var read: [Digest64: CompiledPolicy] = [:]

    /// The shelf of one log.
    init(log: LogDirectory) {
        self.log = log
    }

    /// Some policies, sorted by name; those that the log does not keep are left out.
    ///
    /// - Parameter digests: by the policy's name.
    mutating func policies(_ digests: [String: Digest64]) -> [CompiledPolicy] {
        digests.sorted { $0.key < $1.key }.compactMap { name, digest in
            if let known = read[digest] { return known }
            let policy = try? PolicyLoader.load("\(log.policiesPath)/\(digest).json", named: name)
            read[digest] = policy
            return policy
        }
    }
}

extension ServeSettings {
    /// The policies that the grants of a server name, sorted by name.
    func policies(atServer server: String) -> [CompiledPolicy] {
        let names = Set(grants.grants.filter { $0.opens(server: server) }.compactMap(\.policy))
        return names.sorted().compactMap { policies[$0] }
    }
}

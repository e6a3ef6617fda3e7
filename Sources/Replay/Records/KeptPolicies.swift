public import AuditLog
import Crypto
public import Events
public import Policy

/// The policies that are kept beside a log by their digests.
public final class KeptPolicies {
    private struct Key: Hashable {
        let digest: Digest64
        let name: String
    }

    private let log: LogDirectory
    private let files: any LogFileSystem
    private var documents: [Digest64: PolicyDocument?] = [:]
    private var policies: [Key: CompiledPolicy] = [:]
    private var last: (key: Key, policy: CompiledPolicy?)?

    /// Looks into a log's folder of policies.
    public init(_ log: LogDirectory, files: any LogFileSystem = PosixFileSystem()) {
        self.log = log
        self.files = files
    }

    /// The policy of a digest under the name that it had; nil where none is kept, or another one lies in its place.
    ///
    /// Policies of one name share their counters, so the name is part of it.
    public func policy(_ digest: Digest64, named name: String) -> CompiledPolicy? {
        let key = Key(digest: digest, name: name)
        if let last, last.key == key { return last.policy }
        let found = policies[key] ?? document(digest).map { CompiledPolicy($0, name: name, digest: digest) }
        if let found { policies[key] = found }
        last = (key, found)
        return found
    }

    /// The policy that a decision names.
    public func policy(of decision: Decision) -> CompiledPolicy? {
        decision.policyDigest.flatMap { policy($0, named: decision.policy ?? "") }
    }

    private func document(_ digest: Digest64) -> PolicyDocument? {
        if let known = documents[digest] { return known }
        let path = "\(log.policiesPath)/\(digest).json"
        let document = (try? files.contents(of: path)).flatMap { try? PolicyDocument(parsing: $0) }
            .flatMap { KeptPolicies.digest(of: $0) == digest ? $0 : nil }
        documents[digest] = .some(document)
        return document
    }

    /// The digest by which records name a policy: the first eight bytes of SHA-256 over its normal form.
    public static func digest(of document: PolicyDocument) -> Digest64 {
        Digest64(prefixOf: SHA256.hash(data: document.normalForm)) ?? Digest64(0)
    }
}

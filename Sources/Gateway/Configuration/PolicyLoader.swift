import AuditLog
import Crypto
import Events
public import Policy

/// Policies from files.
public enum PolicyLoader {
    /// Reads and checks a policy; every error is told at once, each with its place.
    ///
    /// - Throws: `GatewayError.policy`.
    public static func load(_ path: String, named name: String? = nil) throws(GatewayError) -> CompiledPolicy {
        let reading = try read(path)
        guard let document = reading.document else {
            let lines = reading.errors.map { "  \($0)" }.joined(separator: "\n")
            throw GatewayError(
                .policy, "the policy \(path) is refused:\n\(lines)", hint: "tollgate policy check \(path)")
        }
        return compile(document, name: name ?? ConfigurationPath.stem(path))
    }

    /// Reads a policy's file, whatever is in it.
    ///
    /// - Throws: `GatewayError.policy` when there is no such file or it cannot be read.
    public static func read(_ path: String) throws(GatewayError) -> PolicyReading {
        do {
            return PolicyDocument.read(try ConfigurationSurroundings.read(path).bytes)
        } catch {
            throw GatewayError(.policy, "cannot read the policy \(path): \(error.words)", hint: "ls -l \(path)")
        }
    }

    /// A policy that decides, named and digested as records name it.
    public static func compile(_ document: PolicyDocument, name: String) -> CompiledPolicy {
        let digest = Digest64(prefixOf: SHA256.hash(data: document.normalForm)) ?? Digest64(0)
        return CompiledPolicy(document, name: name, digest: digest)
    }
}

import AuditLog
public import Events
import StrictJSON

/// Proves or disproves that given arguments were a recorded call's: by the log's digest key, which only its owner has.
public enum ArgumentMatch {
    /// The digest that a record of this log keeps of arguments.
    ///
    /// - Parameters:
    ///   - arguments: one JSON value, as the call had it; key order, white space and spelling of numbers do not matter.
    ///   - origin: the log's.
    ///   - stateFolder: where the log's digest key is.
    /// - Throws: `GatewayError` where the text is no strict JSON, or the key is not here.
    public static func digest(
        of arguments: [UInt8], logOf origin: String, stateFolder: String
    ) throws(GatewayError) -> Digest64 {
        let tree: JSONTree
        do {
            tree = try JSONTree(parsing: arguments)
        } catch {
            throw GatewayError(.usage, "the arguments are no strict JSON: \(error)", hint: "tollgate log match --help")
        }
        guard KeyFile.exists("digest", of: origin, in: stateFolder) else {
            throw GatewayError(
                .key, "the digest key of this log is not on this machine",
                hint: "run this where the gateway runs, as its user")
        }
        let key = try DigestKey.load(stateFolder: stateFolder, origin: origin)
        var canonicalizer = JSONCanonicalizer()
        var canonical: [UInt8] = []
        canonicalizer.append(tree.root, of: tree, to: &canonical)
        return canonical.withUnsafeBytes { key.digest($0) }
    }
}

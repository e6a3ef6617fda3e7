import AuditLog
import Events
import Policy

/// Keeps every policy beside the log by its digest, so that a verdict can be recomputed from the log alone.
enum PolicyArchive {
    /// Writes the policy's normal form to `policies/<digest>.json`, durable before the first decision that names it.
    ///
    /// - Parameter user: who asked for it; nil where its file was found changed.
    /// - Throws: `LogError.disk`.
    static func keep(
        _ policy: CompiledPolicy, in log: LogWriter, by user: String? = nil,
        files: any LogFileSystem = PosixFileSystem()
    ) throws(LogError) {
        let path = "\(log.log.policiesPath)/\(policy.digest).json"
        do throws(SystemError) {
            try files.makeDirectory(log.log.policiesPath)
            if !files.exists(path) { try files.replace(path, with: policy.document.normalForm) }
        } catch {
            throw LogError(.disk, error.description, path: path, hint: "tollgate doctor")
        }
        log.append(
            Control(.policyLoaded).with(.policy, policy.name).with(.policyDigest, policy.digest.description)
                .with(.by, user))
    }
}

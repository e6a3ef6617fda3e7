/// Who a log is: `identity.json`.
public struct LogIdentity: Sendable, Equatable {
    /// What a log holds.
    public enum Purpose: String, Sendable {
        /// What one gateway decided.
        case gateway
        /// Records that came from elsewhere.
        case imported = "import"
        /// Alerts of a `watch` that runs by itself.
        case watch
    }

    /// A name no other log has: `<host>/<log>/<16 hexadecimal digits>`.
    public var origin: String
    /// Counts the log's lives; raised when signed data was given up.
    public var epoch: Int
    /// What it holds.
    public var purpose: Purpose
    /// The key that its heads are signed with, as C2SP publishes one; nil for a log whose heads nobody signs.
    public var key: String?

    /// The format version that this code reads and writes.
    static let version = 1

    /// Makes an identity.
    public init(origin: String, epoch: Int, purpose: Purpose, key: String? = nil) {
        self.origin = origin
        self.epoch = epoch
        self.purpose = purpose
        self.key = key
    }

    /// Reads a log's identity.
    ///
    /// - Throws: `LogError.notFound`, `.format`.
    public static func read(
        _ log: LogDirectory, on files: some LogFileSystem = PosixFileSystem()
    ) throws(LogError) -> LogIdentity {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try files.contents(of: log.identityPath)
        } catch {
            guard error.number == 2 else { throw LogError(error) }
            throw LogError(.notFound, "no log here", path: log.path, hint: "tollgate doctor")
        }
        guard let identity = LogIdentity(json: bytes) else {
            throw LogError(
                .format, "not a log's identity, or one of a newer tollgate", path: log.identityPath,
                hint: "tollgate log verify --log \(log.path)")
        }
        return identity
    }

    var json: [UInt8] {
        let signed = key.map { ",\"key\":\"\($0)\"" } ?? ""
        return Array(
            """
            {"version":\(LogIdentity.version),"origin":"\(origin)","epoch":\(epoch),"kind":"\(purpose.rawValue)"\(signed)}\n
            """.utf8)
    }

    /// Our own one line; anything else is refused.
    init?(json bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 13 || parts.count == 17, parts[1] == "version", parts[2] == ":\(LogIdentity.version),",
            parts[3] == "origin", parts[7] == "epoch", let epoch = Int(parts[8].dropFirst().dropLast()),
            parts[9] == "kind", let purpose = Purpose(rawValue: parts[11])
        else { return nil }
        // It names a folder of keys.
        let names = parts[5].split(separator: "/", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        var key: String?
        if parts.count == 17 {
            guard parts[13] == "key", NoteVerifier(parts[15])?.name == parts[5] else { return nil }
            key = parts[15]
        }
        self.init(origin: parts[5], epoch: epoch, purpose: purpose, key: key)
    }

    /// The key that checks the log's heads.
    public var verifier: NoteVerifier? { key.flatMap { NoteVerifier($0) } }
}

import AuditLog
import Glibc

/// What a configuration may look at outside its own text.
///
/// A value rather than calls, so that tests can read documents without a disk or an environment.
struct ConfigurationSurroundings: Sendable {
    /// A file's bytes, and whether users other than the owner can read it.
    struct Contents: Sendable {
        var bytes: [UInt8]
        var isExposed: Bool
    }

    /// The folder in which relative paths begin.
    var folder: String
    /// An environment variable's value.
    var variable: @Sendable (String) -> String?
    /// A file's contents, or in words why it cannot be read.
    var contents: @Sendable (String) -> Result<Contents, Unreadable>

    /// Why a file cannot be read.
    struct Unreadable: Error {
        let words: String
    }

    /// The process's own environment and disk.
    static func process(folder: String, environment: [String: String]) -> ConfigurationSurroundings {
        ConfigurationSurroundings(
            folder: folder, variable: { environment[$0] },
            contents: { path in Result { () throws(Unreadable) in try read(path) } })
    }

    /// The most bytes of any file that a configuration names.
    static let maximumFileBytes = 16 << 20

    /// Reads a file through one descriptor, so that what is judged is what is read.
    static func read(_ path: String) throws(Unreadable) -> Contents {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Unreadable(words: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Unreadable(words: String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Unreadable(words: "not a file") }
        guard status.st_size <= maximumFileBytes else { throw Unreadable(words: "larger than 16 MiB") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { raw in
                Glibc.read(descriptor, raw.baseAddress.map { $0 + count }, raw.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw Unreadable(words: String(cString: strerror(errno))) }
            if got == 0 { break }
            count += got
        }
        // A file that grows while it is read is not yet what its author means.
        guard count < bytes.count else { throw Unreadable(words: "it is being written") }
        bytes.removeLast(bytes.count - count)
        return Contents(bytes: bytes, isExposed: status.st_mode & 0o077 != 0)
    }
}

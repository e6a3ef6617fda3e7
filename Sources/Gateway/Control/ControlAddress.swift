import AuditLog
import Glibc

/// Where the control socket of a log is.
///
/// `<log>/control.sock`; where that is too long for a socket's name, `$XDG_RUNTIME_DIR/tollgate/<digest>.sock` or
/// `/tmp/tollgate-<uid>/<digest>.sock`, and `<log>/control.path` says so.
struct ControlAddress: Equatable {
    /// The socket.
    let socketPath: String
    /// The folder to be made for it, nil where it lies in the log.
    let folder: String?

    /// Chooses the place.
    ///
    /// - Parameter runtimeFolder: `$XDG_RUNTIME_DIR`.
    init(log: String, runtimeFolder: String?) {
        let inside = LogDirectory(path: log).path + "/control.sock"
        guard inside.utf8.count > UnixSocket.maximumPathBytes else {
            (socketPath, folder) = (inside, nil)
            return
        }
        let name = "/" + TokenDigest.hexadecimal(Array(TokenDigest.hash(inside.utf8).prefix(16))) + ".sock"
        let own = "/tmp/tollgate-\(geteuid())"
        let runtime = runtimeFolder.flatMap { $0.hasPrefix("/") ? $0 + "/tollgate" : nil }
        let chosen = runtime.flatMap { ($0 + name).utf8.count <= UnixSocket.maximumPathBytes ? $0 : nil } ?? own
        (socketPath, folder) = (chosen + name, chosen)
    }

    /// The file that names a socket outside the log.
    static func pointerPath(log: String) -> String { LogDirectory(path: log).path + "/control.path" }

    /// Where the socket of a log is, by what lies in the log.
    static func find(log: String) -> String {
        let pointer = ControlAddress.pointerPath(log: log)
        guard let bytes = try? PosixFileSystem().contents(of: pointer), !bytes.isEmpty, bytes.count < 200 else {
            return LogDirectory(path: log).path + "/control.sock"
        }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Makes the folder, which nobody else may be able to enter: in `/tmp` another user could have been first.
    func prepareFolder() throws(ControlError) {
        guard let folder else { return }
        do throws(SystemError) {
            try PosixFileSystem().makeDirectory(folder)
        } catch {
            throw ControlError(error)
        }
        var status = stat()
        guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
            status.st_mode & 0o077 == 0
        else {
            throw ControlError(
                .foreign, "\(folder) is not a folder that only this user can enter", hint: "ls -ld \(folder)")
        }
    }
}

import Glibc

/// The lock that makes a log one process's: held from opening to closing, freed by the kernel when the process dies.
///
/// An open-file-description lock rather than `flock`: a reader can then ask whether it is held (`F_OFD_GETLK`) without
/// taking it for a moment, which would make a starting writer fail (docs/decisions/0002).
final class LogLock: Sendable {
    // <fcntl.h> hides these two from Swift.
    private static let getLock: Int32 = 36
    private static let setLock: Int32 = 37
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Throws: `LogError.locked` with the holder's process id.
    init(_ log: LogDirectory) throws(LogError) {
        let path = log.lockPath
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LogError(SystemError("open", path)) }
        var request = LogLock.request(F_WRLCK)
        guard fcntl(descriptor, LogLock.setLock, &request) == 0 else {
            let number = errno
            let holder = LogLock.holder(descriptor)
            guard number == EAGAIN || number == EACCES else { throw LogError(SystemError("fcntl", path, number)) }
            throw LogError(
                .locked, "another process\(holder.map { " (pid \($0))" } ?? "") writes this log", path: log.path,
                hint: "tollgate tail -f --log \(log.path)")
        }
        sign(epoch: nil)
    }

    /// Writes who holds the lock, for people and for the message to the next who tries.
    func sign(epoch: Int?) {
        let text = "pid \(getpid())\nboot \(BootID.text)\n" + (epoch.map { "epoch \($0)\n" } ?? "")
        ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    deinit {
        close(descriptor)
    }

    /// Whether a living process writes this log.
    static func isHeld(_ log: LogDirectory) -> Bool {
        let descriptor = open(log.lockPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var request = LogLock.request(F_RDLCK)
        return fcntl(descriptor, LogLock.getLock, &request) == 0 && request.l_type != Int16(F_UNLCK)
    }

    private static func request(_ type: Int32) -> flock {
        var request = flock()
        request.l_type = Int16(type)
        request.l_whence = Int16(SEEK_SET)
        return request
    }

    private static func holder(_ descriptor: Int32) -> Int? {
        var text = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &text, text.count, 0)
        guard count > 4 else { return nil }
        return Int(String(decoding: text[4..<count].prefix { $0 != 0x0A }, as: UTF8.self))
    }
}

/// Names this boot of this machine, so that shared memory of an earlier one is not believed.
enum BootID {
    /// The kernel's text form.
    static let text: String = {
        let bytes = (try? PosixFileSystem().open("/proc/sys/kernel/random/boot_id", .read).bytes(0..<36)) ?? []
        return String(decoding: bytes, as: UTF8.self)
    }()

    /// Its first 16 hexadecimal digits as a number.
    static let number = UInt64(text.filter { $0 != "-" }.prefix(16), radix: 16) ?? 0
}

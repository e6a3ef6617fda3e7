import AuditLog
import Glibc

/// Keeps two processes from changing one file at once: `flock` on `<path>.lock`, freed by the kernel with the process.
///
/// On a file beside, because the file itself is replaced at every change.
struct FileLock {
    private let descriptor: Int32

    /// Waits for the lock.
    init(_ path: String) throws(SystemError) {
        let lockPath = path + ".lock"
        let opened = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else { throw SystemError("open", lockPath, errno) }
        while flock(opened, LOCK_EX) != 0 {
            let number = errno
            guard number == EINTR else {
                close(opened)
                throw SystemError("flock", lockPath, number)
            }
        }
        descriptor = opened
    }

    /// Lets the next one in; to be called once.
    func release() {
        close(descriptor)
    }
}

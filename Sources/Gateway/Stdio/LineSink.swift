import AuditLog
import Glibc

/// Writes whole messages to a descriptor, one writer at a time.
final class LineSink: Sendable {
    private let descriptor: Int32
    private let isOpen = Monitor(true)

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes all of `bytes`, waiting while the reader is slow; false once the reader is gone.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        isOpen.withLock { isOpen in
            guard isOpen else { return false }
            var rest = bytes
            while let base = rest.baseAddress, !rest.isEmpty {
                let count = Glibc.write(descriptor, base, rest.count)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN {
                    var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = Glibc.poll(&poll, 1, -1)
                    continue
                }
                guard count > 0 else {
                    isOpen = false
                    return false
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            return true
        }
    }

    /// Whether somebody still reads at the other end.
    var hasReader: Bool {
        var poll = pollfd(fd: descriptor, events: 0, revents: 0)
        return Glibc.poll(&poll, 1, 0) == 0 || poll.revents & Int16(POLLERR | POLLHUP | POLLNVAL) == 0
    }
}

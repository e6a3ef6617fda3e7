import AuditLog
import Glibc

/// Writes whole messages to a descriptor, one writer at a time.
final class LineSink: Sendable {
    private struct State {
        var isOpen = true
        /// A long line is being written in pieces: nobody else may write until it ends.
        var isWithinLine = false
        /// The last line had no end, because its writer died; what comes next begins a line of its own.
        var lacksLineFeed = false
    }

    private let descriptor: Int32
    private let state = Monitor(State())

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes a message, waiting while the reader is slow; false once the reader is gone.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        write(piece: bytes, isFirst: true, isLast: true)
    }

    /// Writes part of a message; the pieces of one message come from one thread, in order.
    func write(piece bytes: UnsafeRawBufferPointer, isFirst: Bool, isLast: Bool) -> Bool {
        let isWritten = state.wait { state -> Bool? in
            guard state.isOpen else { return false }
            if isFirst, state.isWithinLine { return nil }
            if isFirst, state.lacksLineFeed {
                let feed: [UInt8] = [0x0A]
                state.isOpen = feed.withUnsafeBytes { self.writeAll($0) }
            }
            state.isOpen = state.isOpen && self.writeAll(bytes)
            state.isWithinLine = !isLast
            state.lacksLineFeed = isLast && bytes.last != 0x0A
            return state.isOpen
        }
        if isLast { state.wakeAll() }
        return isWritten ?? false
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = Glibc.write(descriptor, base, rest.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&ready, 1, -1)
                continue
            }
            guard count > 0 else { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }

    /// Whether somebody still reads at the other end.
    var hasReader: Bool {
        var state = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&state, 1, 0) == 0 || state.revents & Int16(POLLERR | POLLHUP | POLLNVAL) == 0
    }
}

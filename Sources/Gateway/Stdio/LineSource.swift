import AuditLog
import Glibc

/// Reads lines from a descriptor: no copy where a line arrives whole, bounded where one never ends.
final class LineSource {
    /// What was read.
    enum Item {
        /// A line with its line feed, which only the last one of a stream may lack. Valid until the next read.
        case line(UnsafeRawBufferPointer)
        /// Part of a line longer than the bound; the rest follows, up to and including the line feed.
        case piece(UnsafeRawBufferPointer, isFirst: Bool, isLast: Bool)
        /// The stream has ended.
        case end
    }

    private let descriptor: Int32
    private let maximum: Int
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var scanned = 0
    private var isWithinLongLine = false

    /// - Parameter maximum: the most bytes of a line, its line feed included.
    init(_ descriptor: Int32, maximum: Int) {
        self.descriptor = descriptor
        self.maximum = maximum
        buffer = .allocate(byteCount: 64 << 10, alignment: 16)
    }

    deinit {
        buffer.deallocate()
    }

    /// The next line, waiting for it.
    func next() -> Item {
        while true {
            if let feed = findFeed() {
                let item = UnsafeRawBufferPointer(rebasing: buffer[start...feed])
                start = feed + 1
                scanned = start
                guard isWithinLongLine else {
                    return item.count > maximum ? .piece(item, isFirst: true, isLast: true) : .line(item)
                }
                isWithinLongLine = false
                return .piece(item, isFirst: false, isLast: true)
            }
            if end - start >= maximum {
                let item = UnsafeRawBufferPointer(rebasing: buffer[start..<end])
                start = end
                scanned = end
                defer { isWithinLongLine = true }
                return .piece(item, isFirst: !isWithinLongLine, isLast: false)
            }
            makeRoom()
            let count = read(descriptor, buffer.baseAddress.map { $0 + end }, buffer.count - end)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                // Somebody else made the shared descriptor non-blocking.
                var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&ready, 1, -1)
                continue
            }
            guard count > 0 else {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[start..<end])
                start = end
                scanned = end
                if rest.isEmpty { return .end }
                return isWithinLongLine ? .piece(rest, isFirst: false, isLast: true) : .line(rest)
            }
            end += count
        }
    }

    private func findFeed() -> Int? {
        guard scanned < end, let base = buffer.baseAddress else { return nil }
        if let found = memchr(base + scanned, 0x0A, end - scanned) {
            return UnsafeMutableRawPointer(found) - base
        }
        scanned = end
        return nil
    }

    private func makeRoom() {
        guard end == buffer.count || start == end else { return }
        if start > 0 {
            if let base = buffer.baseAddress { memmove(base, base + start, end - start) }
            end -= start
            scanned -= start
            start = 0
        } else if end == buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<end]))
            buffer.deallocate()
            buffer = larger
        }
    }
}

import NIOCore

/// Bytes that are written piece by piece and sent as one buffer, again and again.
///
/// A buffer whose last bytes the socket has taken by now is used again, which saves a connection two allocations a
/// message.
struct Outbox {
    private var buffer = ByteBuffer()
    private var isTaken = true
    /// Larger buffers are not kept: thousands of connections are idle.
    private static let keptBytes = 2048

    /// Bytes that wait to be sent.
    var count: Int { isTaken ? 0 : buffer.readableBytes }

    /// Writes more.
    mutating func write(_ body: (inout ByteBuffer) -> Void) {
        if isTaken { buffer.clear(minimumCapacity: 500) }
        isTaken = false
        body(&buffer)
    }

    /// What was written since the last time.
    mutating func take() -> ByteBuffer {
        isTaken = true
        guard buffer.capacity > Outbox.keptBytes else { return buffer }
        defer { buffer = ByteBuffer() }
        return buffer
    }
}

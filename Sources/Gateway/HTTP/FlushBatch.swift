import NIOCore

/// Writes to sockets once for all that one turn of the event loop has produced.
///
/// A write wakes its reader, and wakes are what writes cost: with sixteen busy callers on two cores a quarter of the
/// loop's time went into them, one after each answer; together at the end of a turn, most readers are awake already.
final class FlushBatch: @unchecked Sendable {
    private let loop: any EventLoop
    private var contexts: [ChannelHandlerContext] = []

    init(loop: any EventLoop) {
        self.loop = loop
    }

    /// Flushes a channel at the end of this turn of the loop.
    func add(_ context: ChannelHandlerContext) {
        if contexts.isEmpty { loop.execute { self.run() } }
        contexts.append(context)
    }

    private func run() {
        let batch = contexts
        contexts.removeAll(keepingCapacity: true)
        for context in batch { context.flush() }
    }
}

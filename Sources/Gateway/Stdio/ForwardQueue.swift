import AuditLog
import Events

/// Messages on their way to the server, in the client's order; those that must be durable first carry their ticket.
final class ForwardQueue: Sendable {
    /// One message.
    struct Entry: Sendable {
        /// Its bytes' place in the batch.
        let range: Range<Int>
        /// What must be durable before it goes on.
        let ticket: LogTicket?
        /// When it was decided.
        let decided: Timestamp
        /// The pending request that it is, if it is one.
        let request: PendingRequests.Handle?
    }

    private struct State: ~Copyable {
        var bytes = LineBuffer()
        var entries: [Entry] = []
        var isClosed = false
        var hasStopped = false
    }

    private let state = Monitor(State())
    private let maximumBytes: Int

    /// - Parameter maximumBytes: what may wait; beyond, the client's connection is read no further.
    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// Queues a message, waiting while the queue is full; false once nothing will be forwarded any more.
    func push(
        _ message: UnsafeRawBufferPointer, ticket: LogTicket? = nil, decided: Timestamp = Timestamp(microseconds: 0),
        request: PendingRequests.Handle? = nil
    ) -> Bool {
        let accepted = state.wait { state -> Bool? in
            if state.hasStopped || state.isClosed { return false }
            guard state.bytes.count == 0 || state.bytes.count + message.count <= self.maximumBytes else { return nil }
            let start = state.bytes.count
            state.bytes.append(message)
            state.entries.append(
                Entry(range: start..<state.bytes.count, ticket: ticket, decided: decided, request: request))
            return true
        }
        state.wakeAll()
        return accepted ?? false
    }

    /// No message will come any more.
    func close() {
        state.withLock { $0.isClosed = true }
        state.wakeAll()
    }

    /// Takes no message any more, and gives up those that wait: the server is gone.
    func stop() {
        state.withLock { state in
            state.hasStopped = true
            state.isClosed = true
            state.entries.removeAll()
            state.bytes.truncate(to: 0)
        }
        state.wakeAll()
    }

    /// Waits for messages and takes all that there are; false when none will come any more.
    func take(_ bytes: inout LineBuffer, _ entries: inout [Entry]) -> Bool {
        bytes.truncate(to: 0)
        entries.removeAll(keepingCapacity: true)
        var hasMore = false
        // Captured storage cannot be swapped inside an escaping closure; `wait` does not let its closure escape.
        _ = state.wait { state -> Bool? in
            if !state.entries.isEmpty {
                swap(&state.bytes, &bytes)
                swap(&state.entries, &entries)
                hasMore = true
                return true
            }
            return state.isClosed ? true : nil
        }
        state.wakeAll()
        return hasMore
    }
}

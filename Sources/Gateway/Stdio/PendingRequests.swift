import AuditLog
import Events
import MCP

/// The client's requests that wait for the server's answer, by id.
final class PendingRequests: Sendable {
    /// Names one pending request, so that a reused id is not mistaken for it.
    struct Handle: Hashable, Sendable {
        let key: MessageKey
        let seq: UInt64
    }

    /// What is known of a request.
    struct Request: Sendable {
        /// The decision's seq.
        let seq: UInt64
        /// The decision's time.
        let decided: Timestamp
        /// The id's token as the client sent it.
        let idToken: [UInt8]
        let era: ProtocolEra
        let method: MCPMethod?
        let methodName: String
        let tool: String?
        let agent: String?
        /// What a limit with `increment_from` took.
        let cost: Int?
        /// Whether limits were charged for it.
        let isCharged: Bool
        /// When its last byte was written to the server; nil before.
        var forwarded: Timestamp?
        /// When the client said that it no longer waits; nil while it does.
        var cancelled: Timestamp?
    }

    private let requests = Monitor<[MessageKey: Request]>([:])

    /// Adds a request; false while another of the same id waits, unless that was cancelled, which is then given back.
    func add(_ request: Request, key: MessageKey) -> (added: Bool, replaced: Request?) {
        requests.withLock { requests in
            if let old = requests[key] {
                guard old.cancelled != nil else { return (false, nil) }
                requests[key] = request
                return (true, old)
            }
            requests[key] = request
            return (true, nil)
        }
    }

    /// Whether a request of this id waits, and was not cancelled.
    func isBusy(_ key: MessageKey) -> Bool {
        requests.withLock { $0[key].map { $0.cancelled == nil } ?? false }
    }

    /// Notes that a request was written to the server.
    func markForwarded(_ handle: Handle, at time: Timestamp) {
        requests.withLock { requests in
            if requests[handle.key]?.seq == handle.seq { requests[handle.key]?.forwarded = time }
        }
    }

    /// Notes that the client no longer waits.
    func markCancelled(_ key: MessageKey, at time: Timestamp) {
        requests.withLock { $0[key]?.cancelled = time }
    }

    /// Takes a request out: its answer has come.
    func take(_ key: MessageKey) -> Request? {
        requests.withLock { $0.removeValue(forKey: key) }
    }

    /// Takes a request out by its handle.
    func take(_ handle: Handle) -> Request? {
        requests.withLock { $0[handle.key]?.seq == handle.seq ? $0.removeValue(forKey: handle.key) : nil }
    }

    /// Takes out all that were cancelled before `time`, in the order of their decisions.
    func takeCancelled(before time: Timestamp) -> [Request] {
        requests.withLock { requests in
            let keys = requests.filter { $0.value.cancelled.map { $0 < time } ?? false }.keys
            return keys.compactMap { requests.removeValue(forKey: $0) }.sorted { $0.seq < $1.seq }
        }
    }

    /// Takes out all, in the order of their decisions.
    func takeAll() -> [Request] {
        requests.withLock { requests in
            defer { requests.removeAll() }
            return requests.values.sorted { $0.seq < $1.seq }
        }
    }

    var isEmpty: Bool {
        requests.withLock { $0.isEmpty }
    }
}

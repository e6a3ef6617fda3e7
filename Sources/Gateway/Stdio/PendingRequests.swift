import AuditLog
import Events
import MCP

/// The client's requests that wait for the server's answer, by id.
final class PendingRequests: Sendable {
    /// Names one pending request, so that a later one of the same id is not mistaken for it.
    struct Handle: Hashable, Sendable {
        let key: MessageKey
        let number: Int
    }

    private struct State {
        var requests: [MessageKey: (number: Int, request: OpenRequest)] = [:]
        var nextNumber = 0
    }

    private let state = Monitor(State())

    /// Adds a request of an id that is not busy.
    func add(_ request: OpenRequest, key: MessageKey) -> Handle {
        state.withLock { state in
            state.nextNumber += 1
            state.requests[key] = (state.nextNumber, request)
            return Handle(key: key, number: state.nextNumber)
        }
    }

    /// Whether a request of this id waits; also one that was cancelled, whose answer may still come.
    func isBusy(_ key: MessageKey) -> Bool {
        state.withLock { $0.requests[key] != nil }
    }

    /// Notes when a request was written to the server; nil that it could not be.
    func mark(_ handle: Handle, forwarded time: Timestamp?) {
        state.withLock { state in
            guard state.requests[handle.key]?.number == handle.number else { return }
            state.requests[handle.key]?.request.forwarded = time
        }
    }

    /// Notes that the client no longer waits.
    ///
    /// - Returns: the hold's seq, where it waited for a person.
    func markCancelled(_ key: MessageKey, at time: Timestamp) -> UInt64? {
        state.withLock { state in
            state.requests[key]?.request.cancelled = time
            return state.requests[key]?.request.hold
        }
    }

    /// Whether the client still waits for this request.
    func isAwaited(_ handle: Handle) -> Bool {
        state.withLock { state in
            state.requests[handle.key].map { $0.number == handle.number && $0.request.cancelled == nil } ?? false
        }
    }

    /// Puts a request in the place of one that waited for a person; nil where that one is gone or was cancelled.
    func replace(_ handle: Handle, by request: OpenRequest) -> Handle? {
        state.withLock { state in
            guard let old = state.requests[handle.key], old.number == handle.number, old.request.cancelled == nil else {
                return nil
            }
            state.requests[handle.key] = (handle.number, request)
            return handle
        }
    }

    /// Takes a request out: its answer has come; nil where nothing was sent under this id, whatever the server says.
    func take(_ key: MessageKey) -> OpenRequest? {
        state.withLock { state in
            guard state.requests[key]?.request.hold == nil else { return nil }
            return state.requests.removeValue(forKey: key)?.request
        }
    }

    /// Takes a request out by its handle.
    func take(_ handle: Handle) -> OpenRequest? {
        state.withLock { state in
            guard state.requests[handle.key]?.number == handle.number else { return nil }
            return state.requests.removeValue(forKey: handle.key)?.request
        }
    }

    /// Takes out all that were cancelled before `time`, in the order of their decisions.
    func takeCancelled(before time: Timestamp) -> [OpenRequest] {
        state.withLock { state in
            let old = state.requests.filter { $0.value.request.cancelled.map { $0 < time } ?? false }
            for key in old.keys { state.requests[key] = nil }
            return old.values.sorted { $0.number < $1.number }.map(\.request)
        }
    }

    /// Takes out all, in the order of their decisions.
    func takeAll() -> [OpenRequest] {
        state.withLock { state in
            defer { state.requests.removeAll() }
            return state.requests.values.sorted { $0.number < $1.number }.map(\.request)
        }
    }

    /// Whether the client waits for anything.
    var isAwaited: Bool {
        state.withLock { $0.requests.values.contains { $0.request.cancelled == nil } }
    }
}

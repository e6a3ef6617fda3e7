import Dispatch
public import Events
import Synchronization

/// Keeps a following watch's memory in its outbox, on a thread of its own: what is written can be dozens of megabytes, and no
/// alert waits for it.
public final class MemoryKeeper: Sendable {
    private struct State {
        var isBusy = false
        var kept: [WatchedPlace] = []
        var trouble: String?
    }

    private let outbox: Outbox
    private let clock: @Sendable () -> Timestamp
    private let report: @Sendable (OutboxError) -> Void
    private let queue = DispatchQueue(label: "tollgate.memory", qos: .utility)
    private let state: Mutex<State>

    /// Makes a keeper.
    ///
    /// - Parameters:
    ///   - places: those that the outbox holds already.
    ///   - clock: the present moment.
    ///   - report: told, on the keeper's thread, why nothing could be kept; once for the same reason, until something could.
    public init(
        outbox: Outbox, places: [WatchedPlace] = [], clock: @escaping @Sendable () -> Timestamp,
        report: @escaping @Sendable (OutboxError) -> Void
    ) {
        self.outbox = outbox
        self.clock = clock
        self.report = report
        state = Mutex(State(kept: places))
    }

    /// How far the logs are in what is kept: a watch that is killed now reads from there on.
    public var places: [WatchedPlace] { state.withLock { $0.kept } }

    /// Keeps a memory in place of the last one; false where the last one is still being written.
    public func keep(_ memory: WatchMemory) -> Bool {
        let isFree = state.withLock { state in
            defer { state.isBusy = true }
            return !state.isBusy
        }
        guard isFree else { return false }
        queue.async { [self] in write(memory) }
        return true
    }

    /// Keeps a memory once what is being written is written, and waits for it.
    public func finish(_ memory: WatchMemory) {
        queue.sync { write(memory) }
    }

    private func write(_ memory: WatchMemory) {
        do throws(OutboxError) {
            try outbox.keep(memory, now: clock())
            state.withLock { state in
                state.isBusy = false
                state.kept = memory.places
                state.trouble = nil
            }
        } catch {
            let isNew = state.withLock { state in
                defer { state.trouble = error.message }
                state.isBusy = false
                return state.trouble != error.message
            }
            if isNew { report(error) }
        }
    }
}

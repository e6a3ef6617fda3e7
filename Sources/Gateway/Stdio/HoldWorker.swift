import AuditLog

/// Carries on with held calls, one after the other, on a thread of its own that nobody waits for.
///
/// Whoever decides and whoever keeps the time must not be kept by a client that does not read.
final class HoldWorker: Sendable {
    private struct State {
        var work: [@Sendable () -> Void] = []
        var isRunning = false
    }

    private let state = Monitor(State())

    /// Queues work; starts the thread with the first.
    func add(_ work: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.work.append(work)
            guard !state.isRunning else { return }
            state.isRunning = (try? WorkerThread(named: "holds") { [self] in run() }) != nil
        }
        state.wakeAll()
    }

    private func run() {
        while true {
            let work = state.wait { state -> (@Sendable () -> Void)? in
                state.work.isEmpty ? nil : state.work.removeFirst()
            }
            work?()
        }
    }
}

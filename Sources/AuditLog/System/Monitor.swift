import Glibc

/// A value behind a lock, with waiting for it to become something.
///
/// `Synchronization.Mutex` has no condition variable; the committer and those who wait for it need one.
package final class Monitor<State: ~Copyable>: @unchecked Sendable {
    private var state: State
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let turns = Turns.current

    package init(_ state: consuming State) {
        self.state = state
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A wall clock that is set back must not stretch a bounded wait.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        condition.initialize(to: pthread_cond_t())
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` alone with the value.
    package func withLock<R: ~Copyable, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        lock()
        defer { unlock() }
        return try body(&state)
    }

    /// Wakes everybody who waits, to look again.
    package func wakeAll() {
        if let turns { turns.wake(at: condition) } else { pthread_cond_broadcast(condition) }
    }

    /// Waits until `ready` gives a value, looking again at each wake-up; nil when `milliseconds` pass first (nil: no bound).
    package func wait<R>(milliseconds: Int? = nil, until ready: (inout State) -> R?) -> R? {
        if let turns { return wait(turns, milliseconds: milliseconds, until: ready) }
        var deadline = timespec()
        if let milliseconds {
            clock_gettime(CLOCK_MONOTONIC, &deadline)
            let nanoseconds = deadline.tv_nsec + (milliseconds % 1000) * 1_000_000
            deadline.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
            deadline.tv_nsec = nanoseconds % 1_000_000_000
        }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let value = ready(&state) { return value }
            if milliseconds == nil {
                pthread_cond_wait(condition, mutex)
            } else if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT {
                return ready(&state)
            }
        }
    }

    // MARK: Where threads take turns

    private func lock() {
        guard let turns else {
            pthread_mutex_lock(mutex)
            return
        }
        // Blocking here would keep the turn of whoever holds it.
        while pthread_mutex_trylock(mutex) != 0 { _ = turns.wait(at: mutex, until: nil) }
    }

    private func unlock() {
        pthread_mutex_unlock(mutex)
        turns?.wake(at: mutex)
    }

    private func wait<R>(_ turns: any ThreadTurns, milliseconds: Int?, until ready: (inout State) -> R?) -> R? {
        let deadline = milliseconds.map { turns.time + Int64($0) * 1000 }
        while true {
            if let value = withLock({ ready(&$0) }) { return value }
            if !turns.wait(at: condition, until: deadline) { return withLock { ready(&$0) } }
        }
    }
}

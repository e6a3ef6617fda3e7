import Glibc

/// A value behind a lock, with waiting for it to become something.
///
/// `Synchronization.Mutex` has no condition variable; the committer and those who wait for it need one. Those who wait do so in
/// rooms, of which most monitors have one: a wake-up costs each who is woken, also in vain.
package final class Monitor<State: ~Copyable>: @unchecked Sendable {
    private var state: State
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let conditions: UnsafeMutablePointer<pthread_cond_t>
    private let rooms: Range<Int>
    private let turns = Turns.current

    package init(_ state: consuming State, rooms: Int = 1) {
        self.state = state
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A wall clock that is set back must not stretch a bounded wait.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        self.rooms = 0..<rooms
        conditions = .allocate(capacity: rooms)
        conditions.initialize(repeating: pthread_cond_t(), count: rooms)
        for room in self.rooms { pthread_cond_init(conditions + room, &attributes) }
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        for room in rooms { pthread_cond_destroy(conditions + room) }
        pthread_mutex_destroy(mutex)
        conditions.deallocate()
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
        for room in rooms { wakeAll(in: room) }
    }

    /// Wakes those who wait in one room.
    package func wakeAll(in room: Int) {
        if let turns { turns.wake(at: conditions + room) } else { pthread_cond_broadcast(conditions + room) }
    }

    /// Waits until `ready` gives a value, looking again at each wake-up; nil when `milliseconds` pass first (nil: no bound).
    ///
    /// - Parameter room: where to wait, told each time before waiting.
    package func wait<R>(
        milliseconds: Int? = nil, in room: (borrowing State) -> Int = { _ in 0 }, until ready: (inout State) -> R?
    ) -> R? {
        if let turns { return wait(turns, milliseconds: milliseconds, in: room, until: ready) }
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
            let condition = conditions + room(state)
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

    private func wait<R>(
        _ turns: any ThreadTurns, milliseconds: Int?, in room: (borrowing State) -> Int,
        until ready: (inout State) -> R?
    ) -> R? {
        let deadline = milliseconds.map { turns.time + Int64($0) * 1000 }
        while true {
            // One thread runs at a time: nobody can wake between the look and the wait.
            let (value, place) = withLock { state in (ready(&state), room(state)) }
            if let value { return value }
            if !turns.wait(at: conditions + place, until: deadline) { return withLock { ready(&$0) } }
        }
    }
}

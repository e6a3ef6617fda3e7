import Events
import Glibc

@testable import AuditLog

/// Runs the threads of a simulation one at a time: whose turn comes next is chance, by the seed, and time passes only when all
/// of them wait, or when somebody says so.
///
/// So there is no race, and a seed gives the same run each time, whatever else the machine does. The thread that makes the
/// scheduler is the first one.
final class TurnScheduler: ThreadTurns, @unchecked Sendable {
    private enum Condition {
        case ready
        case waiting(place: UInt, deadline: Int64?)
        case ended
    }

    private final class Thread {
        var condition = Condition.ready
        var isLate = false
        /// Posted when its turn comes.
        let turn = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() {
            turn.initialize(to: sem_t())
            sem_init(turn, 0, 0)
        }

        deinit {
            sem_destroy(turn)
            turn.deallocate()
        }
    }

    /// Chance, for all of the simulation; whoever has the turn may use it.
    var random: SeededRandom
    /// Microseconds since the beginning.
    private(set) var time: Int64 = 0
    private var threads = [Thread()]
    /// Those that have not ended.
    private var living = [0]
    /// For a thread that looks itself up before its first turn.
    private let newcomers = Monitor<Void>(())
    private var current = 0
    private var ready: [Int] = []
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
    }

    /// Runs `body` as the first thread.
    func run<R>(_ body: () throws -> R) rethrows -> R {
        try Turns.$current.withValue(self) { try body() }
    }

    // MARK: What the log's threads call

    func add() -> Int {
        newcomers.withLock { _ in threads.append(Thread()) }
        living.append(threads.count - 1)
        return threads.count - 1
    }

    func begin(_ thread: Int) {
        let turn = newcomers.withLock { _ in threads[thread].turn }
        while sem_wait(turn) != 0 {}
    }

    func end(_ thread: Int) {
        threads[thread].condition = .ended
        living.removeAll { $0 == thread }
        wake(key: joinKey(thread))
        if thread == current { handOver(from: nil) }
    }

    func join(_ thread: Int) {
        while true {
            if case .ended = threads[thread].condition { return }
            _ = wait(key: joinKey(thread), until: nil)
        }
    }

    func wait(at place: UnsafeRawPointer, until deadline: Int64?) -> Bool {
        wait(key: UInt(bitPattern: place), until: deadline)
    }

    func wake(at place: UnsafeRawPointer) {
        wake(key: UInt(bitPattern: place))
    }

    // MARK: What the simulated disk and the driver call

    /// Lets others have a turn, perhaps.
    func pass() {
        handOver(from: current)
    }

    /// Gives turns away for so many microseconds.
    func sleep(_ microseconds: Int64) {
        _ = wait(key: 0, until: time + microseconds)
    }

    /// Lets time pass while one has the turn.
    func spend(_ microseconds: Int64) {
        time += microseconds
    }

    /// Whether any other thread has not ended.
    var hasOthers: Bool { living.count > 1 }

    // MARK: Turns

    private func joinKey(_ thread: Int) -> UInt { UInt(bitPattern: threads[thread].turn) }

    private func wait(key: UInt, until deadline: Int64?) -> Bool {
        let own = threads[current]
        own.condition = .waiting(place: key, deadline: deadline)
        own.isLate = false
        handOver(from: current)
        return !own.isLate
    }

    private func wake(key: UInt) {
        for number in living {
            if case .waiting(key, _) = threads[number].condition { threads[number].condition = .ready }
        }
    }

    /// Chooses who comes next; the present thread sleeps until its next turn, if it has one.
    private func handOver(from own: Int?) {
        let next = choose()
        guard next != own else { return }
        current = next
        let mine = own.map { threads[$0].turn }
        sem_post(threads[next].turn)
        if let mine { while sem_wait(mine) != 0 {} }
    }

    private func choose() -> Int {
        gatherReady()
        if ready.isEmpty {
            let deadlines = living.compactMap { number -> Int64? in
                if case .waiting(_, let deadline) = threads[number].condition { deadline } else { nil }
            }
            guard let earliest = deadlines.min() else { preconditionFailure("deadlock; seed \(seed)") }
            time = max(time, earliest)
            gatherReady()
        }
        return ready.count == 1 ? ready[0] : random.one(of: ready)
    }

    private func gatherReady() {
        ready.removeAll(keepingCapacity: true)
        for number in living {
            let thread = threads[number]
            switch thread.condition {
            case .ready: ready.append(number)
            case .waiting(_, let deadline?) where deadline <= time:
                thread.condition = .ready
                thread.isLate = true
                ready.append(number)
            case .waiting, .ended: continue
            }
        }
    }
}

/// A wall clock that jumps and stands still, over the simulation's time.
final class SimulatedClock: LogClock, @unchecked Sendable {
    private let turns: TurnScheduler
    private var offset: Int64
    private var frozen: Timestamp?

    init(_ turns: TurnScheduler) {
        self.turns = turns
        offset = Timestamp(text: "2026-11-22T12:00:00Z")?.microseconds ?? 0
    }

    func now() -> Timestamp {
        frozen ?? Timestamp(microseconds: offset + turns.time)
    }

    func step(seconds: Int64) {
        offset += seconds * 1_000_000
        frozen = frozen?.advanced(by: seconds * 1_000_000)
    }

    /// Stands still, or goes on from where the time is.
    func toggle() {
        frozen = frozen == nil ? now() : nil
    }
}

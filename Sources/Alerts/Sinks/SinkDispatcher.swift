import Foundation
import Synchronization

/// How often and when a failed delivery is tried again.
public struct RetrySchedule: Sendable {
    /// The pause after the first failure, in milliseconds; it doubles each time.
    public var firstMilliseconds: Int
    /// The longest pause, in milliseconds.
    public var longestMilliseconds: Int
    /// After so many attempts a step is given up.
    public var attempts: Int

    /// Makes a schedule.
    public init(firstMilliseconds: Int, longestMilliseconds: Int, attempts: Int) {
        self.firstMilliseconds = firstMilliseconds
        self.longestMilliseconds = longestMilliseconds
        self.attempts = attempts
    }

    /// One second, two, four and so on up to a minute, ten times.
    public static let standard = RetrySchedule(firstMilliseconds: 1000, longestMilliseconds: 60_000, attempts: 10)

    func pause(after attempt: Int) -> Int {
        min(longestMilliseconds, firstMilliseconds << min(attempt - 1, 20))
    }
}

/// What a sink did not do.
public struct SinkReport: Sendable, CustomStringConvertible {
    /// The sink's name.
    public var sink: String
    /// The alert's id.
    public var alert: String
    /// Which attempt this was, from 1; 0 where none was made.
    public var attempt: Int
    /// Why it failed.
    public var error: SinkError
    /// Milliseconds until it is tried again; nil where it was given up.
    public var retryMilliseconds: Int?

    /// One line, and the error's hint.
    public var description: String {
        let next = retryMilliseconds.map { "again in \($0) ms" } ?? "given up"
        return "alert \(alert) not delivered to \(sink) (attempt \(attempt), \(next)): \(error)"
    }
}

/// Delivers steps to sinks: each sink has its own queue and thread, so that a slow or broken one delays no other.
///
/// A sink gets steps in order. What is queued is in memory: a step is in the log before it is queued here, and one that
/// a killed process had not delivered is not delivered later.
public final class SinkDispatcher: Sendable {
    private let workers: [SinkWorker]
    private let pending = DispatchGroup()

    /// Starts a thread for each sink.
    ///
    /// - Parameter report: told, on the sink's thread, of every failed attempt.
    public init(
        sinks: [any AlertSink], retry: RetrySchedule = .standard, report: @escaping @Sendable (SinkReport) -> Void
    ) {
        let pending = pending
        workers = sinks.map { sink in
            SinkWorker(sink: sink, retry: retry, report: report, finished: { pending.leave() })
        }
        for worker in workers { worker.start() }
    }

    /// Queues a step for every sink and returns at once.
    public func enqueue(_ transition: AlertTransition) {
        for worker in workers {
            pending.enter()
            worker.enqueue(transition)
        }
    }

    /// Waits until everything queued was delivered or given up; false where it takes longer.
    public func drain(timeoutMilliseconds: Int) -> Bool {
        pending.wait(timeout: .now() + .milliseconds(timeoutMilliseconds)) == .success
    }

    /// Ends the threads; what is being tried is finished, what waits is given up.
    public func close() {
        for worker in workers { worker.close() }
    }
}

/// One sink's queue and thread.
private final class SinkWorker: Sendable {
    private struct State {
        var queue: [AlertTransition] = []
        var isClosed = false
    }

    /// The most steps that wait for a sink.
    private static let capacity = 10_000

    private let sink: any AlertSink
    private let retry: RetrySchedule
    private let report: @Sendable (SinkReport) -> Void
    private let finished: @Sendable () -> Void
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    init(
        sink: any AlertSink, retry: RetrySchedule, report: @escaping @Sendable (SinkReport) -> Void,
        finished: @escaping @Sendable () -> Void
    ) {
        self.sink = sink
        self.retry = retry
        self.report = report
        self.finished = finished
    }

    func start() {
        Thread.detachNewThread { self.run() }
    }

    func enqueue(_ transition: AlertTransition) {
        let accepted = state.withLock { state in
            guard !state.isClosed, state.queue.count < Self.capacity else { return false }
            state.queue.append(transition)
            return true
        }
        guard accepted else {
            return giveUp(transition, attempt: 0, SinkError(.disk, "\(sink.name): its queue is full"))
        }
        wake.signal()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }

    private func run() {
        while true {
            wake.wait()
            while let transition = state.withLock({ $0.queue.isEmpty ? nil : $0.queue.removeFirst() }) {
                deliver(transition)
            }
            if state.withLock({ $0.isClosed && $0.queue.isEmpty }) { return }
        }
    }

    private func deliver(_ transition: AlertTransition) {
        var attempt = 1
        while true {
            do throws(SinkError) {
                try sink.deliver(transition)
                return finished()
            } catch {
                let isLast = attempt >= retry.attempts || state.withLock(\.isClosed)
                if isLast { return giveUp(transition, attempt: attempt, error) }
                let pause = retry.pause(after: attempt)
                report(
                    SinkReport(
                        sink: sink.name, alert: transition.alert.id, attempt: attempt, error: error,
                        retryMilliseconds: pause))
                rest(milliseconds: pause)
                attempt += 1
            }
        }
    }

    /// Waits, but not for a new step in the queue: only closing cuts it short.
    private func rest(milliseconds: Int) {
        let end = DispatchTime.now() + .milliseconds(milliseconds)
        var taken = 0
        while !state.withLock(\.isClosed), wake.wait(timeout: end) == .success { taken += 1 }
        // What was taken from the semaphore stands for steps that are still queued.
        for _ in 0..<taken { wake.signal() }
    }

    private func giveUp(_ transition: AlertTransition, attempt: Int, _ error: SinkError) {
        report(
            SinkReport(
                sink: sink.name, alert: transition.alert.id, attempt: attempt, error: error, retryMilliseconds: nil))
        finished()
    }
}

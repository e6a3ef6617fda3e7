import Dispatch
public import Events
import Foundation
import Synchronization

/// Delivers what the outbox holds: each sink has its own thread, so that a slow or broken one delays no other.
///
/// Messages of one alert, or of one group, arrive in order; those of others overtake one that has to wait.
public final class DeliveryDesk: Sendable {
    private let workers: [DeliveryWorker]
    private let outbox: Outbox
    private let sinks: [any AlertSink]
    private let lastPass: LastPass

    /// Starts a thread for each sink.
    ///
    /// - Parameters:
    ///   - clock: the present moment.
    ///   - jitter: a random number from 0 to 1.
    ///   - report: told, on the sink's thread, of every failed attempt; an error of the outbox itself comes as `disk`.
    public init(
        outbox: Outbox, sinks: [any AlertSink], retry: RetrySchedule = .standard, times: GroupTimes = GroupTimes(),
        clock: @escaping @Sendable () -> Timestamp, jitter: @escaping @Sendable () -> Double,
        report: @escaping @Sendable (SinkReport) -> Void
    ) {
        self.outbox = outbox
        self.sinks = sinks
        let lastPass = LastPass(clock())
        self.lastPass = lastPass
        workers = sinks.map { sink in
            DeliveryWorker(
                sink: sink, outbox: outbox, lastPass: lastPass, retry: retry, times: times, clock: clock,
                jitter: jitter, report: report)
        }
        for worker in workers { worker.start() }
    }

    /// Says that the watch's loop has come round: sinks that are told of it again and again hear of a living watch only.
    public func pass(_ now: Timestamp) { lastPass.set(now) }

    /// Says that there is something new in the outbox.
    public func wake() {
        for worker in workers { worker.wake() }
    }

    /// Lets groups wait no longer, and waits until nothing waits; false where it takes longer.
    ///
    /// What is left is delivered by the next watch.
    public func drain(timeoutMilliseconds: Int) -> Bool {
        for worker in workers { worker.hurry() }
        let deadline = ContinuousClock().now + .milliseconds(timeoutMilliseconds)
        while true {
            if (try? outbox.waiting(for: sinks.map(\.name))) == 0 { return true }
            guard ContinuousClock().now < deadline else { return false }
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    /// Ends the threads; what is being tried is finished.
    public func close() {
        for worker in workers { worker.close() }
    }
}

/// When the watch's loop came round last.
private final class LastPass: Sendable {
    private let moment: Mutex<Timestamp>

    init(_ start: Timestamp) { moment = Mutex(start) }

    func set(_ now: Timestamp) { moment.withLock { $0 = now } }

    func isRecent(_ now: Timestamp) -> Bool {
        moment.withLock { now.since($0) } <= Heartbeat.patienceMicroseconds
    }
}

/// One sink's thread.
private final class DeliveryWorker: Sendable {
    private struct State {
        var isClosed = false
        var isHurried = false
        /// Until when the receiver asked to be left alone.
        var heldUntil: Timestamp?
    }

    private let sink: any AlertSink
    private let outbox: Outbox
    private let lastPass: LastPass
    private let retry: RetrySchedule
    private let times: GroupTimes
    private let clock: @Sendable () -> Timestamp
    private let jitter: @Sendable () -> Double
    private let report: @Sendable (SinkReport) -> Void
    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    init(
        sink: any AlertSink, outbox: Outbox, lastPass: LastPass, retry: RetrySchedule, times: GroupTimes,
        clock: @escaping @Sendable () -> Timestamp, jitter: @escaping @Sendable () -> Double,
        report: @escaping @Sendable (SinkReport) -> Void
    ) {
        self.sink = sink
        self.outbox = outbox
        self.lastPass = lastPass
        self.retry = retry
        self.times = times
        self.clock = clock
        self.jitter = jitter
        self.report = report
    }

    func start() {
        let thread = Thread { self.run() }
        thread.name = "sink"
        thread.start()
    }

    func wake() { bell.signal() }

    func hurry() {
        state.withLock { $0.isHurried = true }
        bell.signal()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        bell.signal()
    }

    private func run() {
        var refreshed: Timestamp?
        var forgot: Timestamp?
        while !state.withLock(\.isClosed) {
            do throws(OutboxError) {
                let now = clock()
                if sink.gathers {
                    try outbox.gatherGroups(
                        for: sink.name, times: times, now: now, isForced: state.withLock(\.isHurried))
                }
                let isHeld = state.withLock { $0.heldUntil.map { now < $0 } ?? false }
                if !isHeld, let next = try outbox.next(for: sink.name, now: now) {
                    try deliver(next)
                    continue
                }
                if let every = sink.refreshMilliseconds,
                    refreshed.map({ now.since($0) >= Int64(every) * 1000 }) ?? true, !isHeld
                {
                    refreshed = now
                    refresh(try outbox.firing(), every: every)
                }
                if forgot.map({ now.since($0) >= 3_600_000_000 }) ?? true {
                    forgot = now
                    try outbox.forget(now: now)
                }
            } catch {
                report(
                    SinkReport(
                        sink: sink.name, alerts: [], attempt: 0, error: SinkError(.disk, error.message),
                        retryMilliseconds: 1000))
                Thread.sleep(forTimeInterval: 1)
            }
            _ = bell.wait(timeout: .now() + .milliseconds(250))
        }
    }

    private func deliver(_ queued: QueuedDelivery) throws(OutboxError) {
        do throws(SinkError) {
            try sink.deliver(queued.delivery)
        } catch {
            let now = clock()
            let pause = retry.pause(
                after: queued.attempts + 1, retryAfterMilliseconds: error.retryAfterMilliseconds, jitter: jitter())
            let isOver = now.since(queued.queued) >= Int64(retry.patienceMilliseconds) * 1000
            let isDead = error.isFinal || isOver
            if let asked = error.retryAfterMilliseconds {
                state.withLock { $0.heldUntil = now.advanced(by: Int64(asked) * 1000) }
            }
            report(
                SinkReport(
                    sink: sink.name, alerts: queued.delivery.notices.map(\.id), attempt: queued.attempts + 1,
                    error: error, retryMilliseconds: isDead ? nil : pause))
            return try outbox.end(
                queued.number, error: error.message, retry: isDead ? nil : now.advanced(by: Int64(pause) * 1000),
                now: now)
        }
        try outbox.end(queued.number, error: nil, retry: nil, now: clock())
    }

    private func refresh(_ firing: [AlertNotice], every: Int) {
        do throws(SinkError) {
            try sink.refresh(firing, isWatching: lastPass.isRecent(clock()))
        } catch {
            report(SinkReport(sink: sink.name, alerts: [], attempt: 0, error: error, retryMilliseconds: every))
        }
    }
}

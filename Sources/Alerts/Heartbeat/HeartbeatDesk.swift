import Dispatch
public import Events
import Foundation
import Synchronization

/// Sends heartbeats to sinks, each on a thread of its own: a receiver that hangs delays nobody else's.
public final class HeartbeatDesk: Sendable {
    private let heartbeat: Mutex<Heartbeat>
    private let workers: [HeartbeatWorker]

    /// Starts a thread for each sink.
    ///
    /// - Parameter report: told, on a sink's thread, which sink did not take a heartbeat, and why.
    public init(
        _ heartbeat: Heartbeat, sinks: [any AlertSink], report: @escaping @Sendable (String, SinkError) -> Void
    ) {
        self.heartbeat = Mutex(heartbeat)
        workers = sinks.map { HeartbeatWorker($0, report) }
        for worker in workers { worker.start() }
    }

    /// Says that the watch's loop has come round; does not block.
    ///
    /// Called by the loop itself: of one that stands still nothing is heard.
    public func pass(_ now: Timestamp) {
        guard let notice = heartbeat.withLock({ $0.pass(now) }) else { return }
        for worker in workers { worker.send(notice) }
    }

    /// Ends the threads; what is under way is finished.
    public func close() {
        for worker in workers { worker.close() }
    }
}

/// One sink's thread.
private final class HeartbeatWorker: Sendable {
    private struct State {
        var isClosed = false
        /// The newest that was not sent; one that was not sent before it never is.
        var next: AlertNotice?
    }

    private let sink: any AlertSink
    private let report: @Sendable (String, SinkError) -> Void
    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    init(_ sink: any AlertSink, _ report: @escaping @Sendable (String, SinkError) -> Void) {
        self.sink = sink
        self.report = report
    }

    func start() {
        let thread = Thread { self.run() }
        thread.name = "heartbeat"
        thread.start()
    }

    func send(_ notice: AlertNotice) {
        state.withLock { $0.next = notice }
        bell.signal()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        bell.signal()
    }

    private func run() {
        while !state.withLock(\.isClosed) {
            let notice = state.withLock { state in
                defer { state.next = nil }
                return state.next
            }
            guard let notice else {
                bell.wait()
                continue
            }
            do throws(SinkError) {
                try sink.deliver(AlertDelivery(key: notice.key, lane: AlertGroup.key(notice), notices: [notice]))
            } catch {
                report(sink.name, error)
            }
        }
    }
}

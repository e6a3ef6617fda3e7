import AuditLog
import NIOCore
import Synchronization

/// Something that goes on when its record is durable, or does not.
protocol CommitWaiter: AnyObject {
    /// The record that is waited for.
    var ticket: LogTicket? { get }
    /// When it was decided, on the loop's clock.
    var decidedAt: NIODeadline { get }
    /// Whether it waits no longer.
    var hasGivenUp: Bool { get }
    func committed()
    func notCommitted(recordMayCome: Bool)
}

/// The calls whose records are being made durable, in the order of the log; the event loop never waits for the disk.
final class CommitWaiters: @unchecked Sendable {
    private let log: LogWriter
    private let loop: any EventLoop
    private let patience: TimeAmount
    private var waiting = CircularBuffer<any CommitWaiter>()
    /// Whether the loop wants to hear of the next commit.
    private let isArmed = Atomic(false)
    /// What goes on when the log's backlog has shrunk.
    private var stalled = CircularBuffer<() -> Void>()

    /// - Parameter patience: how long a commit may take before its call is denied.
    init(log: LogWriter, loop: any EventLoop, patience: TimeAmount) {
        self.log = log
        self.loop = loop
        self.patience = patience
        log.observeCommits { [self] in
            // One hop to the loop for all commits that come before it runs.
            if isArmed.exchange(false, ordering: .acquiringAndReleasing) { loop.execute { self.settle() } }
        }
    }

    /// To be called before a record is queued that will be waited for, so that its commit is not missed.
    func arm() {
        isArmed.store(true, ordering: .releasing)
    }

    func add(_ waiter: any CommitWaiter) {
        waiting.append(waiter)
    }

    /// Whether what is new has to wait for room in the log.
    var mustWait: Bool { isCrowded || !stalled.isEmpty }

    /// Lets `resume` run once the log has room; at once where it has.
    ///
    /// Half of the queue is kept for the records of what is already under way, because a full one blocks.
    func whenRoom(_ resume: @escaping () -> Void) {
        guard mustWait else { return resume() }
        stalled.append(resume)
        arm()
        if !isCrowded { settle() }
    }

    /// Whether the committer is so far behind that nothing new should be begun.
    var isCrowded: Bool { log.isCrowded(beyond: CommitWaiters.crowdedBytes) }
    private static let crowdedBytes = 4 << 20

    /// Lets go on what is durable by now, and gives up what waited too long.
    func settle() {
        if !waiting.isEmpty || !stalled.isEmpty { arm() }
        let progress = log.progress
        while let waiter = waiting.first {
            guard !waiter.hasGivenUp, let ticket = waiter.ticket else {
                waiting.removeFirst()
                continue
            }
            guard let result = progress.result(of: ticket) else { break }
            waiting.removeFirst()
            end(waiter, result == .timedOut ? log.endWait(for: ticket) : result)
        }
        while !isCrowded, let resume = stalled.popFirst() { resume() }
    }

    /// Gives up what has waited too long: a disk that hangs is no error, but blocks like one.
    func giveUp(now: NIODeadline) {
        while let waiter = waiting.first, waiter.hasGivenUp || now - waiter.decidedAt > patience {
            waiting.removeFirst()
            if !waiter.hasGivenUp, let ticket = waiter.ticket { end(waiter, log.endWait(for: ticket)) }
        }
        if isCrowded { return }
        settle()
    }

    private func end(_ waiter: any CommitWaiter, _ result: CommitResult) {
        switch result {
        case .durable, .held: waiter.committed()
        case .failed: waiter.notCommitted(recordMayCome: false)
        case .timedOut: waiter.notCommitted(recordMayCome: true)
        }
    }

    func close() {
        log.observeCommits(nil)
    }
}

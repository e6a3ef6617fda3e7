import Dispatch
import NIOPosix
import Synchronization

/// Threads for what blocks, such as questions to SQLite and reading logs.
///
/// The event loop and the tasks' own threads wait for nothing.
struct BlockingWork: Sendable {
    private let pool: NIOThreadPool

    init(threads: Int) {
        pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
    }

    /// Runs work on one of the threads.
    func callAsFunction<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await pool.runIfActive(work)
    }

    /// Begins work on one of the threads, which nobody's going away ends.
    ///
    /// - Parameter work: told whether there are threads still; where there are none it can only say so.
    func begin(_ work: @escaping @Sendable (_ isActive: Bool) -> Void) {
        pool.submit { work($0 == .active) }
    }

    /// Begins nothing more, and waits for what runs.
    func end() async {
        try? await pool.shutdownGracefully()
    }

    /// Begins nothing more, and waits so long at most for what runs.
    func end(within patience: Duration) async {
        let queue = DispatchQueue.global()
        await withCheckedContinuation { continuation in
            let waiter = Waiter(continuation)
            pool.shutdownGracefully(queue: queue) { _ in waiter.goOn() }
            let (seconds, attoseconds) = patience.components
            let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
            queue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { waiter.goOn() }
        }
    }

    /// Goes on once, whoever says so first.
    private final class Waiter: Sendable {
        private let continuation: Mutex<CheckedContinuation<Void, Never>?>

        init(_ continuation: CheckedContinuation<Void, Never>) {
            self.continuation = Mutex(continuation)
        }

        func goOn() {
            continuation.withLock { $0.take() }?.resume()
        }
    }
}

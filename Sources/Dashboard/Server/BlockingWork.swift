import NIOPosix

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

    func end() async {
        try? await pool.shutdownGracefully()
    }
}

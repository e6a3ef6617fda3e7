import Foundation
import Synchronization

/// Work on a thread of its own: following blocks, and the concurrency pool has few threads.
final class Background: Sendable {
    private let result = Mutex<Result<Void, any Error>?>(nil)

    init(_ work: @escaping @Sendable () throws -> Void) {
        Thread.detachNewThread { [self] in
            let outcome = Result { try work() }
            result.withLock { $0 = outcome }
        }
    }

    /// Whether the work has ended, by itself or by an error.
    var hasEnded: Bool { result.withLock { $0 != nil } }

    /// Waits for the end.
    func value() async throws {
        while !hasEnded { try await Task.sleep(for: .milliseconds(1)) }
        try result.withLock { $0 }?.get()
    }
}

import Dispatch
import Synchronization

/// Work on another thread beside the one that began it and needs its value later.
final class Beside<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, ReportError>?>(nil)
    private let group = DispatchGroup()

    /// Begins the work.
    init(_ work: @escaping @Sendable () throws(ReportError) -> Value) {
        DispatchQueue.global(qos: .userInitiated).async(group: group) { [self] in
            let made = Result { () throws(ReportError) in try work() }
            result.withLock { $0 = made }
        }
    }

    /// Waits for it.
    ///
    /// - Throws: `ReportError`, where the work did.
    func value() throws(ReportError) -> Value {
        group.wait()
        guard let result = result.withLock({ $0 }) else { preconditionFailure("work that ended has a result") }
        return try result.get()
    }
}

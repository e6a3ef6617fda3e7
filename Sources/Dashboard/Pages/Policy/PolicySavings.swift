import Events
import Synchronization

/// What was saved here last, by policy: an address alone makes no page say that something was.
final class PolicySavings: Sendable {
    struct Saving: Sendable {
        var at: Timestamp
        /// The digest of the document that was saved.
        var digest: Digest64
        /// By which the gateway decides since; nil where none runs.
        var inForce: Digest64?
        /// Why the gateway does not take its files over.
        var refusal: String?
    }

    private let newest = Mutex<[String: Saving]>([:])

    func newest(_ policy: String) -> Saving? {
        newest.withLock { $0[policy] }
    }

    func add(_ saving: Saving, of policy: String) {
        newest.withLock { $0[policy] = saving }
    }
}

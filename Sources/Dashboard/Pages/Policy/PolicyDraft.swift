import Events
import Hummingbird
import Policy
import Synchronization

/// A policy's text on its way to being saved: what somebody made of it, and what has been found out about that.
struct PolicyDraft: Sendable {
    /// Names it in addresses; nobody can guess it.
    var id: String
    /// The policy.
    var policy: String
    /// The digest of the file that it was made of.
    var base: String
    /// What is to be saved.
    var bytes: [UInt8]
    /// When it was made.
    var made: Timestamp
    /// How its backtest stands; nil before one was asked for.
    var trial: PolicyTrial?
}

/// The drafts of all browsers; they live as long as the process, and the newest stay.
final class PolicyDrafts: Sendable {
    private static let most = 64
    private let drafts = Mutex<[String: PolicyDraft]>([:])

    /// Keeps a new draft.
    func add(_ policy: String, base: String, _ bytes: [UInt8], now: Timestamp) -> String {
        let id = String(Secrets.number().prefix(32))
        drafts.withLock { drafts in
            if drafts.count >= Self.most, let oldest = drafts.values.min(by: { $0.made < $1.made }) {
                drafts[oldest.id] = nil
            }
            drafts[id] = PolicyDraft(id: id, policy: policy, base: base, bytes: bytes, made: now)
        }
        return id
    }

    /// - Throws: `PageError` where it is not there, or of another policy.
    func draft(_ id: String, of policy: String) throws -> PolicyDraft {
        guard let draft = drafts.withLock({ $0[id] }), draft.policy == policy else {
            throw PageError(
                .notFound, "This draft is not kept any more: the newest \(Self.most) are, until the dashboard ends.")
        }
        return draft
    }

    /// Looks at the draft against another file from here on.
    func rebase(_ id: String, on base: String) {
        drafts.withLock { $0[id]?.base = base }
    }

    /// Sets how its backtest stands; false where the draft is gone.
    @discardableResult
    func set(_ trial: PolicyTrial, of id: String) -> Bool {
        drafts.withLock { drafts in
            guard drafts[id] != nil else { return false }
            drafts[id]?.trial = trial
            return true
        }
    }

    func remove(_ id: String) {
        drafts.withLock { $0[id] = nil }
    }
}

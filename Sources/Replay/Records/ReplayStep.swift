package import Events

/// What one record means for a replay: the one place that tells decisions apart.
package enum ReplayStep: Sendable {
    /// A policy decided about a call, from its facts and counters alone: also that it is held for a person, and again once
    /// a person has approved it.
    case call(Decision)
    /// A call that no policy decided about, because there was none.
    case unruled(Decision)
    /// A decision that is not a policy's: about no tool, refused before a policy was asked, or a person's.
    case other(Decision)
    /// How a request ended.
    case outcome(of: UInt64, isRolledBack: Bool)
    /// A writer opened the log: counters are rebuilt before its first decision.
    case opened
    /// A policy that is in force from here on.
    case policyLoaded(name: String, Digest64)
    /// Records that were decided are not here.
    case lost
    /// Nothing that matters to a replay.
    case nothing

    /// Reads what a record means.
    package init(_ body: Record.Body) {
        switch body {
        case .decision(let decision): self = ReplayStep(of: decision)
        case .outcome(let outcome): self = .outcome(of: outcome.of, isRolledBack: outcome.reservation == .rolledBack)
        case .control(let control):
            switch control.event {
            case .logOpen: self = .opened
            case .policyLoaded:
                guard let name = control.text(.policy),
                    let digest = control.text(.policyDigest).flatMap({ Digest64(hex: $0.utf8) })
                else {
                    self = .nothing
                    return
                }
                self = .policyLoaded(name: name, digest)
            case .gap: self = .lost
            default: self = .nothing
            }
        }
    }

    /// Reads what a decision means.
    package init(of decision: Decision) {
        guard decision.tool != nil else {
            self = .other(decision)
            return
        }
        switch decision.reason {
        case .allowed, .hidden, .defaultDeny, .require, .denyIf, .typeMismatch, .limit, .identityUnresolved, .brake,
            .approval, .approved:
            self = decision.policyDigest == nil ? .other(decision) : .call(decision)
        case .noPolicy: self = .unruled(decision)
        // A person, or nobody in time, ended what the policy held.
        case .approvalDenied, .approvalExpired: self = .other(decision)
        // What a full memory or a message's form decides cannot be told from facts and counters.
        case .grantRevoked, .credentialInQuery, .unknownServer, .session, .protocol, .origin, .host, .headerMismatch,
            .malformed, .batch, .tooLarge, .overloaded, .auditUnavailable, .internal:
            self = .other(decision)
        }
    }
}

package import Events

/// What one record means for a replay: the one place that tells decisions apart.
package enum ReplayStep: Sendable {
    /// A policy decided about a call, from its facts and counters alone.
    case call(Decision)
    /// A call that no policy decided about, because there was none.
    case unruled(Decision)
    /// A call that waits for a person: what the policy's rules say of it, without its limits.
    case hold(Decision)
    /// How a held call ended; where it is allowed, its limits are reserved now.
    case release(Decision)
    /// A decision that is not a policy's: about no tool, or refused before a policy was asked.
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
        case .allowed, .hidden, .defaultDeny, .require, .denyIf, .typeMismatch, .limit, .identityUnresolved, .brake:
            guard decision.policyDigest != nil else {
                self = .other(decision)
                return
            }
            self = decision.of == nil ? .call(decision) : .release(decision)
        case .noPolicy: self = .unruled(decision)
        case .approval: self = .hold(decision)
        case .approved, .approvalDenied, .approvalExpired: self = .release(decision)
        // What a full memory or a message's form decides cannot be told from facts and counters.
        case .grantRevoked, .credentialInQuery, .unknownServer, .session, .protocol, .origin, .host, .headerMismatch,
            .malformed, .batch, .tooLarge, .overloaded, .auditUnavailable, .internal:
            self = .other(decision)
        }
    }
}

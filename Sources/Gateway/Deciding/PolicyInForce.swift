import Policy

/// A policy as the call path hands it on: by reference, because a compiled policy is a large value.
final class PolicyInForce: Sendable {
    let policy: CompiledPolicy

    init(_ policy: CompiledPolicy) {
        self.policy = policy
    }
}

/// Tells the counters of one limit from those of all others, also across reloads of a policy.
///
/// Two 64-bit fingerprints of policy, tool or all, counter, window, algorithm, scope and increment: a reload that
/// changes only `max` keeps the counters.
struct LimitIdentity: Sendable, Equatable {
    let high: UInt64
    let low: UInt64
    let windowSeconds: UInt32

    /// - Parameter tool: nil for the limits of all tools.
    init(policy: String, tool: String?, limit: LimitRule) {
        let increment =
            switch limit.increment {
            case .constant(let count): "\(count)"
            case .from(let path): path.text
            }
        let parts = [
            policy, tool == nil ? "all" : "tool", tool ?? "", limit.counter, "\(limit.windowSeconds)",
            limit.algorithm.rawValue, limit.scope.rawValue, increment,
        ]
        // A document's author chooses these texts, no caller does, so a plain hash is enough; 128 bits rule chance out.
        high = LimitIdentity.fingerprint(parts, 0x6C62_272E_07BB_0142)
        low = LimitIdentity.fingerprint(parts, 0xCBF2_9CE4_8422_2325)
        windowSeconds = UInt32(limit.windowSeconds)
    }

    /// FNV-1a over the parts and their lengths, then the finisher of MurmurHash3.
    private static func fingerprint(_ parts: [String], _ basis: UInt64) -> UInt64 {
        var hash = basis
        for part in parts {
            for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ UInt64(part.utf8.count)) &* 0xFF51_AFD7_ED55_8CCD
        }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}

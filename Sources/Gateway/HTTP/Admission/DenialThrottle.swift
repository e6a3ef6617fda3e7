import NIOCore

/// Bounds how fast one grant's denials are answered, so that a flood of them buys no disk with speed.
///
/// A token bucket: `rate` denials a second, `burst` at once. Beyond, answers come late; a grant whose answers would be
/// more than five seconds late is refused before anything is decided.
struct DenialThrottle {
    /// How late answers may become before requests are refused outright, in seconds.
    static let longestDelay = 5.0

    private let rate: Double
    private let burst: Double
    private var balances: [String: (tokens: Double, at: NIODeadline)] = [:]

    /// - Parameters:
    ///   - rate: denials a second; 0 answers all at once.
    ///   - burst: denials that are answered at once after a quiet time.
    init(rate: Int, burst: Int) {
        self.rate = Double(rate)
        self.burst = Double(max(1, burst))
    }

    /// Charges a denial, and tells how late its answer has to be.
    mutating func delay(of grant: String, now: @autoclosure () -> NIODeadline) -> TimeAmount {
        guard rate > 0 else { return .zero }
        let now = now()
        let tokens = balance(grant, now) - 1
        balances[grant] = (tokens, now)
        return tokens >= 0 ? .zero : .nanoseconds(Int64(-tokens / rate * 1e9))
    }

    /// Whether a grant has so many late answers that its requests are refused.
    func isOverdrawn(_ grant: String, now: @autoclosure () -> NIODeadline) -> Bool {
        guard rate > 0, !balances.isEmpty else { return false }
        return balance(grant, now()) < -rate * DenialThrottle.longestDelay
    }

    /// Forgets grants whose buckets are full again.
    mutating func forgetFull(now: NIODeadline) {
        balances = balances.filter { balance($0.key, now) < burst }
    }

    private func balance(_ grant: String, _ now: NIODeadline) -> Double {
        guard let (tokens, at) = balances[grant] else { return burst }
        return min(burst, tokens + Double((now - at).nanoseconds) / 1e9 * rate)
    }
}

/// How a forwarded request ended.
public struct Outcome: Sendable, Equatable {
    /// The decision's `seq`.
    public var of: UInt64
    /// The decision's agent, repeated so that one line is useful alone.
    public var agent: String?
    /// The decision's server.
    public var server: String?
    /// The decision's tool.
    public var tool: String?
    /// The decision's method.
    public var method: String?
    /// How it ended.
    public var ending: Ending
    /// The JSON-RPC code or HTTP status.
    public var code: Int?
    /// What became of the limits' reservation.
    public var reservation: ReservationState?
    /// Microseconds held or queued.
    public var waitMicroseconds: Int?
    /// Microseconds the upstream took.
    public var upstreamMicroseconds: Int?
    /// Microseconds the gateway itself took.
    public var gatewayMicroseconds: Int?
    /// Bytes of the result as received.
    public var resultBytes: Int?
    /// Keyed digest of the result's bytes.
    public var resultDigest: Digest64?

    /// Makes an outcome from the fields every outcome has.
    public init(of: UInt64, ending: Ending) {
        self.of = of
        self.ending = ending
    }
}

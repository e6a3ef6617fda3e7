import Events

/// The rows of `outcome`, which the schema fills.
enum OutcomeCode {
    private static let endings: [Ending] = [
        .ok, .toolError, .rpcError, .httpError, .timeout, .cancelled, .disconnected, .upstreamDown, .overloaded,
        .notForwarded, .unanswered,
    ]

    /// The row of an ending; 0 is no outcome.
    static func of(_ ending: Ending) -> Int64 {
        Int64((endings.firstIndex(of: ending) ?? -1) + 1)
    }

    /// The ending of a row, nil for 0.
    static func ending(_ code: Int64) -> Ending? {
        code >= 1 && code <= endings.count ? endings[Int(code) - 1] : nil
    }

    /// Whether the call failed, for which nobody but upstream or network answers.
    static func isError(_ code: Int64) -> Bool {
        switch ending(code) {
        case .toolError, .rpcError, .httpError, .timeout, .upstreamDown, .overloaded: true
        case .ok, .cancelled, .disconnected, .notForwarded, .unanswered, nil: false
        }
    }
}

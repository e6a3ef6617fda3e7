import Events

/// What changed against last week, by agent and tool.
struct MoversFigures: Sendable, Equatable, Encodable {
    /// More calls than chance explains, the surest first.
    var rose: [MoverFigures]
    /// Fewer, the surest first.
    var fell: [MoverFigures]
    /// Used this week and in none of the four weeks before, most calls first.
    var appeared: [MoverFigures]
    /// Used last week and not this week, most calls first.
    var vanished: [MoverFigures]
}

/// One agent's use of one tool beside last week's.
struct MoverFigures: Sendable, Equatable, Encodable {
    var agent: String?
    var server: String
    var tool: String
    var calls: Int
    var previousCalls: Int
    /// The median of the four weeks before, where the log reaches back two of them or more.
    var medianCalls: Int?
    /// Dunning's log-likelihood ratio, negative where calls fell.
    var signedLogLikelihood: Double
}

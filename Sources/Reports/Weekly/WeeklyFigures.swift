import Events

// The figures of the weekly report, as they stand in its JSON. Times are UTC, durations microseconds, shares 0–1.

/// Which time a report covers.
struct PeriodFigures: Sendable, Equatable, Encodable {
    /// `2026-W47`; absent for other periods.
    var week: String?
    var from: Moment
    /// The first moment that does not belong to it.
    var to: Moment
    var timeZone = "UTC"
    /// Whether the week goes on after `to`.
    var isPartial = false
}

/// What a count of calls says.
struct CountFigures: Sendable, Equatable, Encodable {
    var calls = 0
    var allowed = 0
    var denied = 0
    var throttled = 0
    var held = 0
    var wouldHaveStopped = 0
    var errors = 0

    var stopped: Int { denied + throttled }

    static func += (a: inout CountFigures, b: CountFigures) {
        a.calls += b.calls
        a.allowed += b.allowed
        a.denied += b.denied
        a.throttled += b.throttled
        a.held += b.held
        a.wouldHaveStopped += b.wouldHaveStopped
        a.errors += b.errors
    }
}

/// The most calls within a clock minute, or an hour.
struct PeakFigures: Sendable, Equatable, Encodable {
    var calls: Int
    var at: Moment
}

/// Upstream durations.
struct LatencyFigures: Sendable, Equatable, Encodable {
    var calls: Int
    var p50Microseconds: Int
    var p95Microseconds: Int
    var p99Microseconds: Int
}

/// The week as a whole.
struct TotalFigures: Sendable, Equatable, Encodable {
    var counts: CountFigures
    var agents: Int
    var tools: Int
    var otherRequests: Int
    var refusedRequests: Int
    /// Denied and throttled, with its 95 % interval.
    var stoppedShare: ShareInterval?
    var peakMinute: PeakFigures?
    var latency: LatencyFigures?
    /// Alerts of severity `page` raised in the period.
    var pages: Int
    /// The same span a week before; absent where the log does not reach back.
    var previous: PreviousFigures?
    /// The median of the four weeks before, of those that have calls.
    var medianCallsOfFourWeeks: Int?
    /// What limits and denials kept from the upstreams: stopped calls of each tool times its median duration.
    var spared: SparedFigures?
}

/// A week before.
struct PreviousFigures: Sendable, Equatable, Encodable {
    var counts: CountFigures
    var agents: Int
}

/// Upstream time that stopped calls would have taken.
struct SparedFigures: Sendable, Equatable, Encodable {
    var calls: Int
    var upstreamMicroseconds: Int
}

/// One day.
struct DayFigures: Sendable, Equatable, Encodable {
    /// `2026-11-16`.
    var day: String
    var counts: CountFigures
    /// Whether the report's period ends before the day begins.
    var isAhead: Bool
}

/// What is known about the log's wholeness.
struct CoverageFigures: Sendable, Equatable, Encodable {
    var share: Double
    var records: Int
    var rejected: Int
    var missing: Int
    var lost: Int
    /// Forwarded, and nothing has come back yet.
    var withoutOutcome: Int
    var recoveries: Int
    var clockSteps: Int
    var fullDictionaries: [String]
    var logs: [LogFigures]
    var gaps: [GapFigures]
    /// What the warehouse has deleted of the report's time.
    var deleted: [DeletedFigures] = []
    /// Records that came for a row that was deleted.
    var late = 0
    var unknownFields: [UnknownFieldFigures] = []

    /// Until when the calls of the report's time were deleted, so that only sums tell of them.
    var callsDeletedBefore: Moment? { deleted.first { $0.what == "calls" }?.before }

    /// Whether nothing is known to be absent.
    var isWhole: Bool { gaps.isEmpty && rejected == 0 && missing == 0 && lost == 0 }
}

/// One log.
struct LogFigures: Sendable, Equatable, Encodable {
    var log: String
    var kind: String
    var durability: String?
    var firstSeq: UInt64
    var lastSeq: UInt64?
    var records: Int
    var rejected: Int
    var gaps: Int
    var verifiedTo: UInt64?
}

/// What retention has deleted from the warehouse.
struct DeletedFigures: Sendable, Equatable, Encodable {
    /// `calls`, `requests`, `events`, `alerts`, `rejects`, `hours`, `days`.
    var what: String
    var before: Moment
}

/// A field that this tollgate does not know.
struct UnknownFieldFigures: Sendable, Equatable, Encodable {
    var log: String
    var kind: String
    var field: String
    var records: Int
    var firstSeq: UInt64
    var lastSeq: UInt64
}

/// One hole.
struct GapFigures: Sendable, Equatable, Encodable {
    var log: String
    var kind: String
    var records: Int
    var firstSeq: UInt64?
    var lastSeq: UInt64?
    var from: Moment?
    var to: Moment?
    var reason: String
}

/// One agent's week.
struct AgentFigures: Sendable, Equatable, Encodable {
    /// Absent where the caller was not known.
    var agent: String?
    var counts: CountFigures
    var previousCalls: Int?
    var activeHours: Int
    var callsPerActiveHour: Double
    var peakMinute: PeakFigures?
    var tools: [String]
    var p95Microseconds: Int?
    var callsByDay: [Int]
    /// How many incidents it has in this report.
    var incidents: Int

    var name: String { agent ?? "(unresolved)" }
}

/// One row of the high-risk table.
struct HighRiskFigures: Sendable, Equatable, Encodable {
    var server: String
    var tool: String
    var risk: String
    var agent: String?
    var callsByDay: [Int]
    var stopped: Int
    var peakMinute: PeakFigures?
    /// First used by this agent within the period.
    var isNew: Bool
}

/// Calls by hour of the week, Monday 00 first.
struct HourFigures: Sendable, Equatable, Encodable {
    var calls: [Int]
    var stopped: [Int]
    /// Share of calls outside Monday to Friday, 07–19.
    var offHoursShare: Double?
}

/// Alerts of one rule.
struct AlertRuleFigures: Sendable, Equatable, Encodable {
    var rule: String
    var severity: String
    var raised: Int
    var stillFiring: Int
    var acknowledged: Int
    var silenced: Int
    /// From an alert's start to its first record.
    var medianDetectionMicroseconds: Int?
}

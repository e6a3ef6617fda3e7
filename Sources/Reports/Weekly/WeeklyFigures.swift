import Events

// The figures of the weekly report, as they stand in its JSON. Moments are UTC, days and hours of the week are of the
// report's time zone, durations microseconds, shares 0–1.

/// Which time a report covers.
struct PeriodFigures: Sendable, Equatable, Encodable {
    /// `2026-W47`; absent for other periods.
    var week: String?
    var from: Moment
    /// The first moment that does not belong to it.
    var to: Moment
    /// In which days begin and people read times.
    var zone = ReportZone.utc
    /// Whether the week goes on after `to`.
    var isPartial = false

    private enum CodingKeys: String, CodingKey {
        case week, from, to, timeZone, isPartial
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(week, forKey: .week)
        try container.encode(from, forKey: .from)
        try container.encode(to, forKey: .to)
        try container.encode(zone.name, forKey: .timeZone)
        try container.encode(isPartial, forKey: .isPartial)
    }
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
    /// The medians of the four weeks before, where the log reaches back two of them or more.
    var median: MedianFigures?
    /// What limits and denials kept from the upstreams: stopped calls of each tool times its median duration.
    var spared: SparedFigures?
}

/// A week before.
struct PreviousFigures: Sendable, Equatable, Encodable {
    var counts: CountFigures
    var agents: Int
}

/// The middle of the same span of the four weeks before, of those that the log reaches.
struct MedianFigures: Sendable, Equatable, Encodable {
    /// How many weeks.
    var weeks: Int
    var calls: Int
    var stopped: Int
    var errors: Int
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
    /// The last seq under the signed head that the report carries; absent where it carries none.
    var signedTo: UInt64?
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

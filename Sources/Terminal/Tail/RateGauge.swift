import Events

/// How often an agent calls a tool: in the last minute, and usually while it is at work.
///
/// "Usually" is its own decayed rate over active time: gaps count for at most 300 s and the past fades with a half-life of
/// ten active hours, as in the `surge` detector, so that both speak of the same "8×".
struct RateGauge {
    /// What the gauge shows at one call.
    struct Reading: Equatable {
        /// Calls in the 60 s up to this one.
        var lastMinute: Int
        /// Calls per minute that are usual for it; nil while it is hardly known.
        var usual: Double?
    }

    private struct Pair: Hashable {
        let agent: String?
        let server: String
        let tool: String
    }

    private struct Track {
        var seconds = [UInt16](repeating: 0, count: 60)
        var second: Int64
        var total = 0
        var calls = 0.0
        var activeSeconds = 0.0
        var last: Timestamp
    }

    private static let gapCap = 300.0
    private static let halfLife = 36_000.0
    /// Calls after which a rate counts as known.
    private static let known = 20.0
    /// Pairs that are followed; names are the callers' to invent, memory is ours.
    private static let maximumPairs = 4_096

    private var tracks: [Pair: Track] = [:]

    mutating func observe(agent: String?, server: String, tool: String, at moment: Timestamp) -> Reading {
        let pair = Pair(agent: agent, server: server, tool: tool)
        let second = moment.microseconds.quotientAndRemainderFloored(1_000_000).quotient
        if tracks[pair] == nil, tracks.count >= RateGauge.maximumPairs { evict(now: moment) }
        var track = tracks.removeValue(forKey: pair) ?? Track(second: second, last: moment)
        let usual = track.calls >= RateGauge.known ? track.calls / max(track.activeSeconds, 1) * 60 : nil
        RateGauge.learn(&track, moment)
        RateGauge.count(&track, second)
        let reading = Reading(lastMinute: track.total, usual: usual)
        tracks[pair] = track
        return reading
    }

    private static func learn(_ track: inout Track, _ moment: Timestamp) {
        let gap = min(max(Double(moment.since(track.last)) / 1e6, 0), gapCap)
        // First term of 2^(−gap/halfLife): at most 300 s of 36,000, so the error is below 2e-5.
        let fade = 1 - gap / halfLife * 0.693_147_180_559_945_3
        track.calls = track.calls * fade + 1
        track.activeSeconds = track.activeSeconds * fade + gap
        track.last = max(track.last, moment)
    }

    private static func count(_ track: inout Track, _ second: Int64) {
        let ahead = second - track.second
        if ahead >= 60 {
            for index in track.seconds.indices { track.seconds[index] = 0 }
            track.total = 0
        } else if ahead > 0 {
            for passed in 1...ahead {
                let index = slot(track.second + passed)
                track.total -= Int(track.seconds[index])
                track.seconds[index] = 0
            }
        }
        track.second = max(track.second, second)
        guard track.second - second < 60, track.seconds[slot(second)] < .max else { return }
        track.seconds[slot(second)] += 1
        track.total += 1
    }

    private static func slot(_ second: Int64) -> Int {
        Int(second.quotientAndRemainderFloored(60).remainder)
    }

    /// Forgets whoever has been silent for longest, an eighth at a time so that it is rarely done.
    private mutating func evict(now: Timestamp) {
        let oldest = tracks.sorted { $0.value.last < $1.value.last }.prefix(RateGauge.maximumPairs / 8)
        for (pair, _) in oldest { tracks[pair] = nil }
    }
}

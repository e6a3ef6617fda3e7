import Events

/// How often an agent calls a tool: in the last minute, and usually while it is at work.
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

    /// Pairs that are followed; names are the callers' to invent, memory is ours.
    private static let maximumPairs = 4_096

    private var tracks: [Pair: RateTrack] = [:]

    mutating func observe(agent: String?, server: String, tool: String, at moment: Timestamp) -> Reading {
        let pair = Pair(agent: agent, server: server, tool: tool)
        if tracks[pair] == nil, tracks.count >= RateGauge.maximumPairs { evict() }
        // Taken out, so that its seconds are changed in place.
        var track = tracks.removeValue(forKey: pair) ?? RateTrack(at: moment)
        let usual = track.usual
        track.observe(at: moment)
        tracks[pair] = track
        return Reading(lastMinute: track.lastMinute(at: moment), usual: usual)
    }

    /// Forgets whoever has been silent for longest, an eighth at a time so that it is rarely done.
    private mutating func evict() {
        let last = tracks.mapValues { $0.last.microseconds }
        for (pair, _) in last.sorted(by: { $0.value < $1.value }).prefix(RateGauge.maximumPairs / 8) {
            tracks[pair] = nil
        }
    }
}

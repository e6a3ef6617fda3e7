import Events

/// How long each tool usually takes, to tell a slow call from one that builds an image for two minutes every time.
///
/// Slow is four times the tool's own decayed mean and at least 2 s; before eight calls are known, 30 s.
struct ToolPace {
    private struct Track {
        var mean: Double
        var count: Int
    }

    private static let maximumTools = 4_096

    private var tracks: [String: Track] = [:]

    /// Learns one outcome and says whether it was slow.
    mutating func observe(_ outcome: Outcome) -> Bool {
        guard let microseconds = TailFormatter.duration(outcome), let tool = outcome.tool else { return false }
        let name = (outcome.server ?? "") + "\0" + tool
        let seconds = Double(microseconds) / 1e6
        guard var track = tracks[name] else {
            if tracks.count < ToolPace.maximumTools { tracks[name] = Track(mean: seconds, count: 1) }
            return seconds >= 30
        }
        let isSlow = track.count < 8 ? seconds >= 30 : seconds >= 2 && seconds >= 4 * track.mean
        track.mean += (seconds - track.mean) / Double(min(track.count + 1, 64))
        track.count += 1
        tracks[name] = track
        return isSlow
    }
}

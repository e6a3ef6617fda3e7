import Events

extension Finding {
    /// The finding in one sentence, every number in it counted from records:
    /// `47 calls in 6 min; began 14:02:11; same arguments 44 times, 37 denied`.
    public var summary: String {
        var text = "\(attempts) call\(attempts == 1 ? "" : "s") in \(duration)"
        if rule == .cap {
            text += ", up to \(peakPerMinute) within 60 s (threshold \(threshold))"
        }
        text += "; began \(timeOfDay)"
        var proofs: [String] = []
        if same > 1 {
            proofs.append("same arguments \(same) times")
            if resultUnchanged { proofs.append("result unchanged") }
        }
        if denied > 0 { proofs.append("\(denied) denied") }
        if !proofs.isEmpty { text += "; " + proofs.joined(separator: ", ") }
        return text
    }

    /// From the start to the last call, in the largest fitting unit, never zero.
    private var duration: String {
        let seconds = max(1, (lastSeen.since(start) + 500_000) / 1_000_000)
        if seconds < 120 { return "\(seconds) s" }
        let minutes = (seconds + 30) / 60
        if minutes < 120 { return "\(minutes) min" }
        return "\(minutes / 60) h \(minutes % 60) min"
    }

    /// `HH:MM:SS` of the start, UTC.
    private var timeOfDay: Substring {
        start.description.dropFirst(11).prefix(8)
    }
}

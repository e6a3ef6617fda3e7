import Events

extension Finding {
    /// The finding in one sentence, every number in it counted from records:
    /// `47 calls in 6 min; its usual active rate is 0.9/min; began 14:02:11; same arguments 44 times, 37 denied`.
    public var summary: String {
        if rule == .silence, tool != "*" {
            return "none of \(attempts) calls was refused since the tool changed at \(timeOfDay) of "
                + "\(start.description.prefix(10)), which is unusual"
        }
        if rule == .silence { return "no call since \(timeOfDay) of \(start.description.prefix(10)), which is unusual" }
        if rule == .novelty { return "first use of this tool, at \(timeOfDay)" }
        var text = "\(attempts) call\(attempts == 1 ? "" : "s") in \(duration)"
        switch rule {
        case .cap, .fleet: text += ", up to \(peakPerMinute) within 60 s (threshold \(threshold))"
        case .budget: text += ", budget \(threshold) in 3 h"
        case .run: text += " with no other between"
        case .defiance: text += ", tried again before `retry_after` was over"
        case .loop, .polling, .surge, .denials, .novelty, .silence: break
        }
        if let usualPerMinute { text += "; its usual active rate is \(Self.rate(usualPerMinute))/min" }
        text += "; began \(timeOfDay)"
        var proofs: [String] = []
        if same > 1 {
            proofs.append("same arguments \(same) times")
            if resultUnchanged { proofs.append("result unchanged") }
        }
        if denied > 0 { proofs.append("\(denied) denied") }
        if !proofs.isEmpty { text += "; " + proofs.joined(separator: ", ") }
        if let inhibitedBy { text += "; part of `\(inhibitedBy.rawValue)`" }
        return text
    }

    /// One decimal below ten, none above.
    private static func rate(_ value: Double) -> String {
        let tenths = Int(min(value, 1e9) * 10 + 0.5)
        return tenths >= 100 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
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

/// Whom a limit counts together.
public enum LimitScope: String, Sendable, CaseIterable {
    /// Each grant by itself; where there is none, as with `run`, each agent on each server.
    case grant
    /// Each agent by itself, on all servers together.
    case agent
    /// Each protocol session by itself; where there is none, as `grant`.
    case session
    /// Each server by itself, all callers together.
    case server
    /// Everything together.
    case global
}

/// How a limit looks back.
public enum LimitAlgorithm: String, Sendable, CaseIterable {
    /// No instant has more than the maximum in the window behind it.
    case sliding
    /// Windows one after the other, aligned to the epoch; up to twice the maximum passes around a boundary.
    case fixed
}

/// A limit on how often, or how much, within a window.
public struct LimitRule: Sendable {
    /// What one call counts.
    public enum Increment: Sendable, Equatable {
        /// The same each time.
        case constant(Int)
        /// A whole number found in the arguments.
        case from(ArgumentPath)
    }

    /// The name, unique in its list.
    public let counter: String
    /// The window, in seconds.
    public let windowSeconds: Int
    /// The most a window may hold; 0 means never.
    public let maximum: Int
    /// Whom it counts together.
    public let scope: LimitScope
    /// What one call counts.
    public let increment: Increment
    /// How it looks back.
    public let algorithm: LimitAlgorithm
    /// The limit's id, unique in its document.
    public internal(set) var id = ""
}

/// The windows that have names.
enum NamedWindow: String, CaseIterable {
    case second, minute, hour, day

    var seconds: Int {
        switch self {
        case .second: 1
        case .minute: 60
        case .hour: 3600
        case .day: 86_400
        }
    }

    init?(seconds: Int) {
        guard let found = NamedWindow.allCases.first(where: { $0.seconds == seconds }) else { return nil }
        self = found
    }
}

/// Durations as people write them: `90s`, `15m`, `6h`, `7d`.
enum DurationText {
    private static let units: [(suffix: Character, seconds: Int)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    /// Seconds of a text, nil when it is no duration or longer than a year.
    static func seconds(_ text: String) -> Int? {
        guard let unit = units.first(where: { $0.suffix == text.last }), text.utf8.count <= 10,
            text.utf8.dropLast().allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(text.dropLast())
        else { return nil }
        let seconds = count * unit.seconds
        return seconds > 0 && seconds <= PolicyFields.maximumWindowSeconds ? seconds : nil
    }

    /// The shortest text of some seconds.
    static func text(_ seconds: Int) -> String {
        for unit in units where seconds % unit.seconds == 0 { return "\(seconds / unit.seconds)\(unit.suffix)" }
        return "\(seconds)s"
    }
}

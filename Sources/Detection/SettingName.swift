/// A rule's parameter by the name that a rules file and `--set` give it: `surge.page`.
public struct SettingName: Sendable {
    /// `<rule>.<parameter>`.
    public let name: String
    /// What it may be.
    public let range: ClosedRange<Double>
    let write: @Sendable (inout DetectionSettings, Double) -> Void

    private init(
        _ name: String, _ range: ClosedRange<Double>, _ path: any WritableKeyPath<DetectionSettings, Int> & Sendable
    ) {
        self.name = name
        self.range = range
        write = { $0[keyPath: path] = Int($1) }
    }

    private init(_ name: String, _ path: any WritableKeyPath<DetectionSettings, Float> & Sendable) {
        self.name = name
        range = 0.001...1_000_000
        write = { $0[keyPath: path] = Float($1) }
    }

    /// All of them.
    public static let all: [SettingName] = [
        SettingName("loop.minimum", 2...100_000, \.loop.minimum),
        SettingName("loop.retries", 0...1000, \.loop.retries),
        SettingName("loop.learned_factor", 1...100, \.loop.learnedFactor),
        SettingName("polling.minimum_minutes", 1...100_000, \.polling.minimumMinutes),
        SettingName("polling.maximum_minutes", 1...100_000, \.polling.maximumMinutes),
        SettingName("run.minimum", 10...100_000, \.run.minimum),
        SettingName("run.slow_minimum", 3...250, \.run.slowMinimum),
        SettingName("cap.minimum", 2...100_000, \.cap.minimum),
        SettingName("cap.factor", 1...100, \.cap.factor),
        SettingName("surge.warn", \.surge.warn),
        SettingName("surge.page", \.surge.page),
        SettingName("surge.learned_calls", 0...250, \.surge.learnedCalls),
        SettingName("denials.minimum", 2...2000, \.denials.minimum),
        SettingName("denials.share_percent", 1...100, \.denials.sharePercent),
        SettingName("denials.row", 2...2000, \.denials.row),
        SettingName("denials.row_factor", 1...100, \.denials.rowFactor),
        SettingName("denials.learned_minimum", 2...2000, \.denials.learnedMinimum),
        SettingName("denials.learned_quantile", \.denials.learnedQuantile),
        SettingName("budget.minimum", 1...100_000, \.budget.minimum),
        SettingName("budget.factor", 1...100, \.budget.factor),
        SettingName("defiance.minimum", 2...10_000, \.defiance.minimum),
        SettingName("fleet.minimum", 2...1_000_000, \.fleet.minimum),
        SettingName("fleet.factor", 1...100, \.fleet.factor),
        SettingName("fleet.agents", 2...32, \.fleet.agents),
        SettingName("silence.minimum", \.silence.minimum),
    ]

    /// The parameter of a name.
    public static func named(_ name: some StringProtocol) -> SettingName? {
        all.first { $0.name == name }
    }

    /// Sets the parameter; false where the value is out of range.
    public func set(_ value: Double, in settings: inout DetectionSettings) -> Bool {
        guard range.contains(value) else { return false }
        write(&settings, value)
        return true
    }
}

import Detection
import Gateway

/// The detectors' settings from a rules file and options.
enum DetectionOptions {
    /// - Throws: `Failure` for a name or a value that there is not, `ConfigurationError` for a rules file's mistakes.
    static func settings(rules: String?, set: [String] = [], without: [String] = []) throws -> DetectionSettings {
        var settings = DetectionSettings()
        if let rules { try apply(RulesFile.read(Places.absolute(rules), known: known), to: &settings) }
        for word in set {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let value = Double(parts[1]) else {
                throw Failure("--set \(word): expected rule.parameter=number", hint: "tollgate alerts backtest --help")
            }
            guard let name = SettingName.named(parts[0]) else {
                let names = SettingName.all.map(\.name).joined(separator: " ")
                throw Failure("--set \(word): no such parameter", hint: "one of \(names)")
            }
            guard name.set(value, in: &settings) else {
                throw Failure("--set \(word): out of range", hint: words(name))
            }
        }
        for word in without {
            guard let rule = RuleName(rawValue: word) else {
                let names = RuleName.allCases.map(\.rawValue).joined(separator: " ")
                throw Failure("--without \(word): no such rule", hint: "one of \(names)")
            }
            settings.disabled.insert(rule)
        }
        return settings
    }

    private static func words(_ name: SettingName) -> String {
        "\(name.name) is from \(name.range.lowerBound) to \(name.range.upperBound)"
    }

    /// The rules and their parameters, for the reader of the file.
    private static var known: [RulesFile.Known] {
        RuleName.allCases.map { rule in
            let prefix = "\(rule.rawValue)."
            let mine = SettingName.all.filter { $0.name.hasPrefix(prefix) }
            return RulesFile.Known(
                rule: rule.rawValue,
                parameters: mine.map { (name: String($0.name.dropFirst(prefix.count)), range: $0.range) })
        }
    }

    private static func apply(_ file: RulesFile, to settings: inout DetectionSettings) {
        settings.declarations += file.declarations.map {
            Declaration(
                agent: $0.agent, server: $0.server, tool: $0.tool, polling: $0.polling, retries: $0.retries,
                budget: $0.budget, expectedLoad: $0.expectedLoad)
        }
        for (name, value) in file.parameters { _ = SettingName.named(name)?.set(value, in: &settings) }
        for rule in file.disabled.compactMap(RuleName.init) { settings.disabled.insert(rule) }
    }
}

/// What came of reading a configuration.
struct ConfigurationReading {
    /// The configuration; nil when there is any problem.
    let configuration: ServeConfiguration?
    /// Everything that is wrong, in the order of the text.
    let problems: [ConfigurationProblem]
}

extension ServeConfiguration {
    /// Reads a configuration's text alone: neither policies nor the file of grants are opened.
    static func read(
        _ bytes: [UInt8], form: ConfigurationText.Form = .json, surroundings: ConfigurationSurroundings
    ) -> ConfigurationReading {
        let text: ConfigurationText
        do {
            text = try ConfigurationText(bytes, form: form)
        } catch {
            return ConfigurationReading(configuration: nil, problems: [error])
        }
        var reader = ConfigurationReader(text, surroundings: surroundings)
        reader.refuseDuplicateKeys()
        let configuration = reader.readConfiguration()
        return ConfigurationReading(
            configuration: reader.hasProblems ? nil : configuration, problems: reader.problems)
    }
}

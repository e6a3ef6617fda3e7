import StrictJSON

/// A rules file (`tollgate watch --rules F`): what an operator declares about agents and tools, and other parameters.
public struct RulesFile: Sendable {
    /// A rule and its parameters, so that the reader can name them.
    public struct Known: Sendable {
        let rule: String
        let parameters: [(name: String, range: ClosedRange<Double>)]

        /// A rule with its parameters' names and bounds.
        public init(rule: String, parameters: [(name: String, range: ClosedRange<Double>)]) {
            self.rule = rule
            self.parameters = parameters
        }
    }

    /// What is declared about the agents, servers and tools that it names; nil stands for all.
    public struct Declaration: Sendable {
        /// Whom it is about.
        public var agent: String?
        /// The upstream.
        public var server: String?
        /// The tool.
        public var tool: String?
        /// Whether identical calls are polling.
        public var polling: Bool?
        /// How often the client retries by itself.
        public var retries: Int?
        /// The most calls in three hours.
        public var budget: Int?
        /// How many times the usual load is expected.
        public var expectedLoad: Int?
    }

    /// The declarations, in order.
    public private(set) var declarations: [Declaration] = []
    /// `<rule>.<parameter>` and its value.
    public private(set) var parameters: [(name: String, value: Double)] = []
    /// The rules that are switched off.
    public private(set) var disabled: [String] = []

    private static let fields = ["version", "rules", "declarations"]
    private static let declared = ["agent", "server", "tool", "polling", "retries", "budget", "expected_load"]

    /// Reads a file, JSON or YAML by its name.
    ///
    /// - Throws: `ConfigurationError` with everything that is wrong, each with its place and the nearest spelling.
    public static func read(_ path: String, known: [Known]) throws(ConfigurationError) -> RulesFile {
        let bytes: [UInt8]
        do {
            bytes = try ConfigurationSurroundings.read(path).bytes
        } catch {
            throw ConfigurationError(
                code: .unreadable, message: "cannot read the rules \(path): \(error.words)", problems: [],
                hint: "ls -l \(path)", files: [FileStamp(path)])
        }
        do {
            return try read(bytes, form: ConfigurationText.Form(path: path), known: known)
        } catch {
            let lines = error.problems.map { "  \($0)" }.joined(separator: "\n")
            throw ConfigurationError(
                code: .refused, message: "the rules \(path) are refused:\n\(lines)", problems: error.problems,
                hint: "schemas/rules.v1.schema.json has the fields", files: [FileStamp(path)])
        }
    }

    /// All of a text's mistakes.
    struct Mistakes: Error {
        let problems: [ConfigurationProblem]
    }

    static func read(_ bytes: [UInt8], form: ConfigurationText.Form, known: [Known]) throws(Mistakes) -> RulesFile {
        let text: ConfigurationText
        do {
            text = try ConfigurationText(bytes, form: form)
        } catch {
            throw Mistakes(problems: [error])
        }
        var reader = ConfigurationReader(text, surroundings: .process(folder: "/", environment: [:]))
        var file = RulesFile()
        reader.refuseDuplicateKeys()
        if let fields = reader.fields(reader.root, known: Self.fields, required: ["version"]) {
            if let version = fields["version"] { _ = reader.integer(version, 1...1) }
            if let rules = fields["rules"] { file.readRules(rules, known, &reader) }
            if let declarations = fields["declarations"] {
                for place in reader.elements(declarations, "a list of declarations") {
                    file.readDeclaration(place, &reader)
                }
            }
        }
        if reader.hasProblems { throw Mistakes(problems: reader.problems) }
        return file
    }

    private mutating func readRules(
        _ place: ConfigurationReader.Place, _ known: [Known], _ reader: inout ConfigurationReader
    ) {
        guard let rules = reader.fields(place, known: known.map(\.rule)) else { return }
        for rule in known {
            guard let place = rules[rule.rule],
                let fields = reader.fields(place, known: ["enabled"] + rule.parameters.map(\.name))
            else { continue }
            if let place = fields["enabled"], reader.boolean(place) == false { disabled.append(rule.rule) }
            for (name, range) in rule.parameters {
                guard let place = fields[name] else { continue }
                if let value = reader.amount(place, range) { parameters.append(("\(rule.rule).\(name)", value)) }
            }
        }
    }

    private mutating func readDeclaration(_ place: ConfigurationReader.Place, _ reader: inout ConfigurationReader) {
        guard let fields = reader.fields(place, known: Self.declared) else { return }
        var declaration = Declaration()
        declaration.agent = fields["agent"].flatMap { reader.string($0, "an agent's name") }
        declaration.server = fields["server"].flatMap { reader.string($0, "a server's name") }
        declaration.tool = fields["tool"].flatMap { reader.string($0, "a tool's name") }
        declaration.polling = fields["polling"].flatMap { reader.boolean($0) }
        declaration.retries = fields["retries"].flatMap { reader.integer($0, 0...250) }
        declaration.budget = fields["budget"].flatMap { reader.integer($0, 1...100_000) }
        declaration.expectedLoad = fields["expected_load"].flatMap { reader.integer($0, 1...250) }
        if !fields.keys.contains(where: { ["polling", "retries", "budget", "expected_load"].contains($0) }) {
            reader.refuse(
                .missingField, place, found: "a declaration that says nothing",
                expected: "\"polling\", \"retries\", \"budget\" or \"expected_load\"")
        }
        declarations.append(declaration)
    }
}

extension ConfigurationReader {
    /// A number within bounds.
    fileprivate mutating func amount(_ place: Place, _ bounds: ClosedRange<Double>) -> Double? {
        let what = "a number from \(bounds.lowerBound) to \(bounds.upperBound)"
        guard tree.number(place.node) != nil,
            let value = Double(tree.withUnsafeBytes(of: place.node) { String(decoding: $0, as: UTF8.self) })
        else {
            refuse(.wrongType, place, expected: what)
            return nil
        }
        guard bounds.contains(value) else {
            refuse(.outOfRange, place, expected: what)
            return nil
        }
        return value
    }
}

public import Events

/// What a server says of its tool in the definition's `annotations`: hints, which may raise a class and never lower it.
public struct ToolAnnotations: Sendable, Equatable {
    /// `readOnlyHint`.
    public var readOnly: Bool?
    /// `destructiveHint`.
    public var destructive: Bool?

    /// Takes the hints that were given.
    public init(readOnly: Bool? = nil, destructive: Bool? = nil) {
        self.readOnly = readOnly
        self.destructive = destructive
    }
}

/// A tool's class of harm and what it was told by.
public struct RiskFinding: Sendable, Equatable {
    /// The class.
    public var risk: Risk
    /// The word or hint that decided, for people.
    public var why: String

    /// Describes a finding.
    public init(risk: Risk, why: String) {
        self.risk = risk
        self.why = why
    }
}

/// Finds a tool's class of harm from its name.
///
/// A destroying word anywhere makes it destructive; a word for money with a verb that does not read, financial;
/// otherwise the first known verb decides. `unknown` is to be treated as `execute`. A policy may say otherwise.
public enum RiskClassifier {
    /// Finds a tool's class.
    ///
    /// - Parameters:
    ///   - name: as the server lists it: `git_commit`, `createCharge`, `resolve-library-id`.
    ///   - annotations: of the same definition.
    public static func classify(tool name: String, annotations: ToolAnnotations = .init()) -> RiskFinding {
        let found = classify(words: words(of: name))
        if annotations.destructive == true, found.risk.rank < Risk.destructive.rank {
            return RiskFinding(risk: .destructive, why: "destructiveHint is true")
        }
        if annotations.readOnly == false, found.risk.rank < Risk.write.rank {
            return RiskFinding(risk: .write, why: "readOnlyHint is false")
        }
        return found
    }

    private static func classify(words: [String]) -> RiskFinding {
        if let word = words.first(where: RiskWords.destructive.contains) {
            return RiskFinding(risk: .destructive, why: "\"\(word)\" destroys")
        }
        let words = withoutCompounds(words)
        let verbs = words.compactMap { word in RiskWords.verbs[word].map { (word: word, risk: $0) } }
        if let money = words.first(where: { RiskWords.money.contains($0) || RiskWords.moneyVerbs.contains($0) }) {
            if let verb = verbs.first(where: { $0.risk != .read }) {
                return RiskFinding(risk: .financial, why: "\"\(verb.word)\" with \"\(money)\" moves money")
            }
            if verbs.isEmpty, let verb = words.first(where: RiskWords.moneyVerbs.contains) {
                return RiskFinding(risk: .financial, why: "\"\(verb)\" moves money")
            }
        }
        // `query_execute` runs, whatever a query does.
        let isThing = verbs.first.map { RiskWords.readingNouns.contains($0.word) } ?? false
        let isDone = words.last.map { RiskWords.endings.contains($0) } ?? false
        if let verb = isThing && isDone ? verbs.last : verbs.first {
            return RiskFinding(risk: verb.risk, why: "\"\(verb.word)\" is a word for \(verb.risk.rawValue)")
        }
        return RiskFinding(risk: .unknown, why: "no word of the name is known")
    }

    /// The words of a name in lower case: split at everything but letters, and where lower case turns to upper case;
    /// a plural is also looked up as its singular.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        var current = ""
        var previousIsLower = false
        for scalar in name.unicodeScalars {
            let isUpper = scalar.properties.isUppercase
            if !scalar.properties.isAlphabetic || isUpper && previousIsLower {
                if !current.isEmpty { words.append(current) }
                current = ""
            }
            if scalar.properties.isAlphabetic { current += scalar.properties.lowercaseMapping }
            previousIsLower = scalar.properties.isLowercase
        }
        if !current.isEmpty { words.append(current) }
        return words.map(singular)
    }

    private static func withoutCompounds(_ words: [String]) -> [String] {
        var rest: [String] = []
        var index = 0
        while index < words.count {
            if index + 1 < words.count, RiskWords.compounds.contains([words[index], words[index + 1]]) {
                index += 2
            } else {
                rest.append(words[index])
                index += 1
            }
        }
        return rest
    }

    private static func singular(_ word: String) -> String {
        if isKnown(word) { return word }
        if word.hasSuffix("ies") {
            let stem = word.dropLast(3) + "y"
            if isKnown(String(stem)) { return String(stem) }
        }
        if word.hasSuffix("s"), isKnown(String(word.dropLast())) { return String(word.dropLast()) }
        return word
    }

    private static func isKnown(_ word: String) -> Bool {
        RiskWords.verbs[word] != nil || RiskWords.destructive.contains(word) || RiskWords.money.contains(word)
            || RiskWords.moneyVerbs.contains(word)
    }
}

extension Risk {
    /// How much harm, for comparing: what is unknown counts as what executes.
    fileprivate var rank: Int {
        switch self {
        case .read: 0
        case .write: 1
        case .execute, .unknown: 2
        case .destructive, .financial: 3
        }
    }
}

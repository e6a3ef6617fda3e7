import Events
import StrictJSON

extension DocumentReader {
    /// What is said of the dialect that has `rules`, wherever it is met.
    static let foreignDialect =
        "the normal form: `rules` belongs to Intercept's own dialect, which is not read yet (an importer comes later)"

    /// Tells the dialects apart by their fields: the shorthand has its own fields on tools and none of the others'.
    func dialect() -> PolicyDialect {
        let normalTop = ["default", "hide", "all_tools", "brake", "mode"]
        if normalTop.contains(where: { tree.member(tree.root, named: $0) != nil }) { return .normal }
        guard let tools = tree.member(tree.root, "tools") else { return .normal }
        var isShorthand = false
        for (_, tool) in tree.members(tools) {
            for (key, _) in tree.members(tool) {
                guard let name = tree.string(key) else { continue }
                if PolicyFields.tool.contains(name) { return .normal }
                if PolicyFields.shorthandTool.contains(name) { isShorthand = true }
            }
        }
        return isShorthand ? .shorthand : .normal
    }

    /// Reads the normal form; incomplete where there are errors.
    mutating func readDocument() -> PolicyDocument? {
        let fields = fields(
            root, "an object with \(DocumentReader.list(PolicyFields.document))", known: PolicyFields.document,
            required: ["version", "default"],
            special: { $0 == "rules" ? (.unsupported, DocumentReader.foreignDialect) : nil })
        guard let fields else { return nil }
        if let place = fields["version"] { _ = word(place, among: [PolicyFields.version]) }
        let byDefault = fields["default"].flatMap { word($0, PolicyDocument.Default.self) }
        var document = PolicyDocument(byDefault: byDefault ?? .deny)
        if let place = fields["hide"] { document.hide = hidden(place) }
        if let place = fields["mode"] { document.mode = word(place, Mode.self) ?? .enforce }
        if let place = fields["brake"] { document.brake = brake(place) }
        var increments: [(path: ArgumentPath, place: Place)] = []
        if let place = fields["all_tools"] {
            document.allTools = rules(ofAllTools: place, increments: &increments)
        }
        if let place = fields["tools"] {
            document.tools = tools(place, sharing: document.allTools, increments: increments)
        }
        return document
    }

    private mutating func hidden(_ place: Place) -> [String] {
        let what = "a tool's name, or \"*\" for all"
        var names: [String] = []
        for place in elements(place, "a list of tool names") {
            guard let name = text(place, what) else { continue }
            if name != "*", name.contains("*") {
                refuse(.unknownValue, place, expected: "\(what): patterns are not supported")
            }
            names.append(name)
        }
        return DocumentReader.sortedByBytes(names)
    }

    private mutating func tools(
        _ place: Place, sharing shared: ToolRules, increments: [(path: ArgumentPath, place: Place)]
    ) -> [(name: String, rules: ToolRules)] {
        var tools: [(name: String, rules: ToolRules)] = []
        for (name, key, value) in members(place, "an object with a member for each tool") ?? [] {
            let at = Place(key, value.pointer)
            guard check(name, at, "a tool's name", maximum: PolicyFields.maximumNameBytes) else { continue }
            if name.contains("*") {
                let isAll = name == "*"
                refuse(
                    .unknownField, isAll ? Place(key, "\(place.pointer)/*") : at,
                    expected: isAll
                        ? "\"all_tools\" beside \"tools\" for rules over every tool" : "a tool's name, no pattern",
                    suggestion: isAll ? "all_tools" : nil)
                continue
            }
            var increments = increments
            guard let rules = rules(ofTool: name, value, increments: &increments) else { continue }
            if shared.conditions.count + rules.conditions.count > PolicyFields.maximumConditions {
                refuse(
                    .outOfRange, at, found: "\(shared.conditions.count + rules.conditions.count) conditions",
                    expected: "at most \(PolicyFields.maximumConditions) for one call, those of all_tools included")
            }
            tools.append((name, rules))
        }
        return tools.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private mutating func rules(
        ofAllTools place: Place, increments: inout [(path: ArgumentPath, place: Place)]
    ) -> ToolRules {
        var rules = ToolRules()
        let known = PolicyFields.allTools
        guard let fields = fields(place, "an object with \(DocumentReader.list(known))", known: known) else {
            return rules
        }
        readRules(fields, into: &rules, prefix: RuleID.allTools, increments: &increments)
        if rules.conditions.count > PolicyFields.maximumConditions {
            refuse(
                .outOfRange, place, found: "\(rules.conditions.count) conditions",
                expected: "at most \(PolicyFields.maximumConditions)")
        }
        return rules
    }

    private mutating func rules(
        ofTool name: String, _ place: Place, increments: inout [(path: ArgumentPath, place: Place)]
    ) -> ToolRules? {
        let known = PolicyFields.tool
        let fields = fields(
            place, "an object with any of \(DocumentReader.list(known)), or {} to list the tool", known: known,
            special: { name in
                if name == "rules" { return (.unsupported, DocumentReader.foreignDialect) }
                guard PolicyFields.shorthandTool.contains(name) else { return nil }
                let own = DocumentReader.list(known)
                return (.mixedDialects, "\(own): `\(name)` belongs to the shorthand, and the two cannot be mixed")
            })
        guard let fields else { return nil }
        var rules = ToolRules()
        readRules(fields, into: &rules, prefix: RuleID.tool(name), increments: &increments)
        if let place = fields["risk"] { rules.risk = word(place, Risk.self) }
        if let place = fields["mode"] { rules.mode = word(place, Mode.self) }
        if let place = fields["record"] { rules.record = recorded(place) }
        if let place = fields["approval"] { rules.approval = approval(place) }
        return rules
    }

    private mutating func readRules(
        _ fields: Fields, into rules: inout ToolRules, prefix: String,
        increments: inout [(path: ArgumentPath, place: Place)]
    ) {
        if let place = fields["require"] { rules.require = policyRules(place, prefix: "\(prefix)/require") }
        if let place = fields["deny_if"] { rules.denyIf = policyRules(place, prefix: "\(prefix)/deny_if") }
        if let place = fields["limits"] {
            rules.limits = limits(place, prefix: "\(prefix)/limits", increments: &increments)
        }
    }

    private mutating func recorded(_ place: Place) -> [ArgumentPath] {
        let places = elements(place, "a list of paths such as args.city")
        if places.count > PolicyFields.maximumRecorded {
            refuse(
                .outOfRange, place, found: "\(places.count) paths",
                expected: "at most \(PolicyFields.maximumRecorded)")
        }
        var paths: [ArgumentPath] = []
        for place in places {
            guard let path = path(place) else { continue }
            if paths.contains(path) { refuse(.contradiction, place, expected: "each path once") }
            paths.append(path)
        }
        return paths
    }

    private mutating func approval(_ place: Place) -> ApprovalRule? {
        let known = PolicyFields.approval
        let what = "an object with \(DocumentReader.list(known))"
        guard let fields = fields(place, what, known: known, required: ["timeout", "on_timeout"]) else { return nil }
        let reason = fields["reason"].flatMap { text($0, "a text", maximum: PolicyFields.maximumTextBytes) }
        let action = fields["on_timeout"].flatMap { word($0, ApprovalRule.TimeOutAction.self) }
        guard let at = fields["timeout"], let seconds = duration(at), let action else { return nil }
        let range = ApprovalRule.timeoutRange
        guard range.contains(seconds) else {
            refuse(
                .outOfRange, at,
                expected: "from \(DurationText.text(range.lowerBound)) to "
                    + "\(DurationText.text(range.upperBound))")
            return nil
        }
        return ApprovalRule(timeoutSeconds: seconds, onTimeout: action, reason: reason)
    }

    private mutating func brake(_ place: Place) -> Brake? {
        let known = PolicyFields.brake
        let fields = fields(place, "an object with \(DocumentReader.list(known))", known: known, required: known)
        guard let fields else { return nil }
        let words = PolicyFields.detectionRules + ["runaway"]
        var on: [String] = []
        if let place = fields["on"] {
            let places = elements(place, "a list of detection rules")
            on = DocumentReader.sortedByBytes(places.compactMap { word($0, among: words) })
            if places.isEmpty, tree.kind(place.node) == .array {
                refuse(.outOfRange, place, found: "an empty list", expected: DocumentReader.list(words))
            }
        }
        let action = fields["action"].flatMap { word($0, Brake.Action.self) }
        let cooldown = fields["cooldown"].flatMap { duration($0) }
        guard let action, let cooldown else { return nil }
        return Brake(on: on, action: action, cooldownSeconds: cooldown)
    }

    private mutating func duration(_ place: Place) -> Int? {
        let what = "a duration such as \"90s\", \"15m\", \"6h\" or \"7d\""
        if let seconds = tree.string(place.node).flatMap({ DurationText.seconds($0) }) { return seconds }
        let seconds = tree.number(place.node)?.int64.flatMap { Int(exactly: $0) }
        let isUsable = seconds.map { (1...PolicyFields.maximumWindowSeconds).contains($0) } ?? false
        refuse(
            tree.kind(place.node) == .string ? .outOfRange : .wrongType, place, expected: what,
            suggestion: isUsable ? seconds.map { "\"\(DurationText.text($0))\"" } : nil)
        return nil
    }

    /// Distinct texts in the order of their bytes.
    static func sortedByBytes(_ texts: [String]) -> [String] {
        var seen: Set<[UInt8]> = []
        return texts.filter { seen.insert(Array($0.utf8)).inserted }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

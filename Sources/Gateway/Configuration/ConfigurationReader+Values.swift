import StrictJSON

extension ConfigurationReader {
    /// The members of an object in order; nil, and an error, when it is none.
    mutating func members(_ place: Place, _ what: String) -> [(name: String, key: Place, value: Place)]? {
        guard tree.kind(place.node) == .object else {
            refuse(.wrongType, place, found: describeKind(place.node), expected: what)
            return nil
        }
        return tree.members(place.node).map { key, value in
            let name = tree.string(key) ?? ""
            let pointer = "\(place.pointer)/\(ConfigurationReader.escaped(name))"
            return (name, Place(key, pointer), Place(value, pointer))
        }
    }

    /// The elements of a list, at most so many; none, and an error, when it is none.
    mutating func elements(
        _ place: Place, _ what: String, maximum: Int = ConfigurationFields.maximumEntries
    ) -> [Place] {
        guard tree.kind(place.node) == .array else {
            refuse(.wrongType, place, found: describeKind(place.node), expected: what)
            return []
        }
        if tree.count(place.node) > maximum {
            refuse(.outOfRange, place, found: "\(tree.count(place.node)) entries", expected: "at most \(maximum)")
            return []
        }
        return tree.elements(place.node).enumerated().map { Place($0.element, "\(place.pointer)/\($0.offset)") }
    }

    /// The fields of an object that has only the known ones, and all of the required ones.
    ///
    /// - Parameter special: says something better than "unknown" about a field, where it can.
    mutating func fields(
        _ place: Place, known: [String], required: [String] = [],
        special: (String) -> (ConfigurationProblem.Code, String)? = { _ in nil }
    ) -> Fields? {
        guard let members = members(place, "an object with \(ConfigurationReader.list(known))") else { return nil }
        var fields: Fields = [:]
        var misspelt: Set<String> = []
        for (name, key, value) in members {
            if let field = known.first(where: { $0.utf8.elementsEqual(name.utf8) }) {
                if fields[field] == nil { fields[field] = value }
            } else if let (code, expected) = special(name) {
                refuse(code, key, expected: expected)
            } else {
                let nearest = NearestName.nearest(to: name, among: known)
                if let nearest { misspelt.insert(nearest) }
                refuse(.unknownField, key, expected: ConfigurationReader.list(known), suggestion: nearest)
            }
        }
        // A field that is there under a wrong name is not missing as well.
        for field in required where fields[field] == nil && !misspelt.contains(field) {
            refuse(
                .missingField, Place(place.node, "\(place.pointer)/\(field)"), found: "nothing",
                expected: "\"\(field)\"")
        }
        return fields
    }

    /// A text without control characters.
    ///
    /// - Parameter isPrivate: whether a text that is refused may be a secret and is not to be shown.
    mutating func string(
        _ place: Place, _ what: String, maximum: Int = ConfigurationFields.maximumTextBytes, isPrivate: Bool = false
    ) -> String? {
        guard let text = tree.string(place.node) else {
            refuse(.wrongType, place, found: describeKind(place.node), expected: what)
            return nil
        }
        guard !text.isEmpty, text.utf8.count <= maximum,
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            refuse(
                .outOfRange, place, found: isPrivate ? "a text that is none" : nil,
                expected: "\(what) of 1 to \(maximum) bytes without control characters")
            return nil
        }
        return text
    }

    /// A text that `check` accepts.
    mutating func string<Value>(
        _ place: Place, _ what: String, isPrivate: Bool = false, _ check: (String) -> Value?
    ) -> Value? {
        guard let text = string(place, what, isPrivate: isPrivate) else { return nil }
        guard let value = check(text) else {
            refuse(.outOfRange, place, found: isPrivate ? "a text that is none" : nil, expected: what)
            return nil
        }
        return value
    }

    /// A path, made absolute.
    mutating func path(_ place: Place) -> String? {
        string(place, "a path", maximum: ConfigurationFields.maximumPathBytes)
            .map { ConfigurationPath.absolute($0, in: surroundings.folder) }
    }

    /// A list of texts that `check` accepts, each once.
    mutating func list(
        _ place: Place?, _ what: String, isPrivate: Bool = false, _ check: (String) -> String?
    ) -> [String] {
        guard let place else { return [] }
        var values: [String] = []
        for place in elements(place, "a list, each \(what)") {
            guard let value = string(place, what, isPrivate: isPrivate, check) else { continue }
            if values.contains(value) {
                refuse(.duplicate, place, found: isPrivate ? "one twice" : nil, expected: "each once")
            } else {
                values.append(value)
            }
        }
        return values
    }

    /// A boolean.
    mutating func boolean(_ place: Place) -> Bool? {
        guard let value = tree.bool(place.node) else {
            let text = tree.string(place.node) ?? ""
            refuse(
                .wrongType, place, expected: "true or false", suggestion: ["true", "false"].first { $0 == text })
            return nil
        }
        return value
    }

    /// A whole number within bounds.
    mutating func integer(_ place: Place, _ bounds: ClosedRange<Int>) -> Int? {
        let what = "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
        guard let number = tree.number(place.node) else {
            let quoted = tree.string(place.node).flatMap { Int($0) }.flatMap { bounds.contains($0) ? "\($0)" : nil }
            refuse(.wrongType, place, expected: what, suggestion: quoted)
            return nil
        }
        guard let value = number.int64.flatMap({ Int(exactly: $0) }), bounds.contains(value) else {
            refuse(.outOfRange, place, expected: what)
            return nil
        }
        return value
    }

    /// A span of time: seconds as a number, or `250ms`, `90s`, `15m`, `6h`, `7d`.
    mutating func duration(_ place: Place) -> Duration? {
        let what = "seconds, or a duration such as \"250ms\", \"90s\", \"15m\" or \"6h\", from 1 ms to 366 days"
        let milliseconds: Int?
        switch tree.kind(place.node) {
        case .number:
            let token = String(decoding: tree.withUnsafeBytes(of: place.node) { Array($0) }, as: UTF8.self)
            milliseconds = DurationWords.milliseconds(seconds: token)
        case .string: milliseconds = tree.string(place.node).flatMap(DurationWords.milliseconds(_:))
        default:
            refuse(.wrongType, place, found: describeKind(place.node), expected: what)
            return nil
        }
        guard let milliseconds else {
            refuse(.outOfRange, place, expected: what)
            return nil
        }
        return .milliseconds(milliseconds)
    }

    /// One of some names.
    mutating func name(_ place: Place, among names: [String], _ what: String) -> String? {
        guard let text = string(place, what) else { return nil }
        if names.contains(where: { $0.utf8.elementsEqual(text.utf8) }) { return text }
        let shown = names.sorted().prefix(20)
        refuse(
            .unknownValue, place,
            expected: names.isEmpty
                ? "\(what), of which there are none" : "\(what): \(ConfigurationReader.list(Array(shown)))",
            suggestion: NearestName.nearest(to: text, among: names))
        return nil
    }

    /// Words as a list for people.
    static func list(_ words: [String]) -> String {
        let quoted = words.map { "\"\($0)\"" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "nothing" }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }

    /// A key as a pointer's segment (RFC 6901 §3).
    static func escaped(_ key: String) -> String {
        key.replacing("~", with: "~0").replacing("/", with: "~1")
    }
}

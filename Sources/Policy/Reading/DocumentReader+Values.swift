import StrictJSON

/// A value's fields by name.
typealias Fields = [String: DocumentReader.Place]

extension DocumentReader {
    /// The members of an object in order; nil, and an error, when it is none.
    mutating func members(_ place: Place, _ what: String) -> [(name: String, key: JSONNode, value: Place)]? {
        guard tree.kind(place.node) == .object else {
            refuse(.wrongType, place, expected: what)
            return nil
        }
        return tree.members(place.node).map { key, value in
            let name = tree.string(key) ?? ""
            return (name, key, Place(value, "\(place.pointer)/\(RuleID.escaped(name))"))
        }
    }

    /// The elements of a list; none, and an error, when it is none.
    mutating func elements(_ place: Place, _ what: String) -> [Place] {
        guard tree.kind(place.node) == .array else {
            refuse(.wrongType, place, expected: what)
            return []
        }
        return tree.elements(place.node).enumerated().map { Place($0.element, "\(place.pointer)/\($0.offset)") }
    }

    /// The fields of an object that has only the known ones, and all of the required ones.
    ///
    /// - Parameter special: says something better than "unknown" about a field, where it can.
    mutating func fields(
        _ place: Place, _ what: String, known: [String], required: [String] = [],
        special: (String) -> (PolicyProblem.Code, String)? = { _ in nil }
    ) -> Fields? {
        guard let members = members(place, what) else { return nil }
        var fields: Fields = [:]
        var misspelt: Set<String> = []
        for (name, key, value) in members {
            if let field = known.first(where: { $0.utf8.elementsEqual(name.utf8) }) {
                if fields[field] == nil { fields[field] = value }
                continue
            }
            let at = Place(key, value.pointer)
            if let (code, expected) = special(name) {
                refuse(code, at, expected: expected)
            } else {
                let nearest = Spelling.nearest(to: name, among: known)
                if let nearest { misspelt.insert(nearest) }
                refuse(.unknownField, at, expected: DocumentReader.list(known), suggestion: nearest)
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
    mutating func text(_ place: Place, _ what: String, maximum: Int = PolicyFields.maximumNameBytes) -> String? {
        guard let text = tree.string(place.node) else {
            refuse(.wrongType, place, expected: what)
            return nil
        }
        return check(text, place, what, maximum: maximum) ? text : nil
    }

    /// Whether a name or text can be written to the log and shown as it is.
    mutating func check(_ text: String, _ place: Place, _ what: String, maximum: Int) -> Bool {
        guard !text.isEmpty, text.utf8.count <= maximum,
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            refuse(.outOfRange, place, expected: "\(what) of 1 to \(maximum) bytes without control characters")
            return false
        }
        return true
    }

    /// One word of a closed vocabulary.
    mutating func word<Word: RawRepresentable & CaseIterable>(_ place: Place, _: Word.Type) -> Word?
    where Word.RawValue == String {
        word(place, among: Word.allCases.map(\.rawValue)).flatMap { Word(rawValue: $0) }
    }

    /// One of some words.
    mutating func word(_ place: Place, among words: [String]) -> String? {
        let expected = DocumentReader.list(words)
        guard let text = tree.string(place.node) else {
            refuse(.wrongType, place, expected: expected)
            return nil
        }
        if let word = words.first(where: { $0.utf8.elementsEqual(text.utf8) }) { return word }
        refuse(.unknownValue, place, expected: expected, suggestion: Spelling.nearest(to: text, among: words))
        return nil
    }

    /// A whole number within bounds.
    mutating func integer(_ place: Place, _ what: String, in bounds: ClosedRange<Int>) -> Int? {
        guard let number = tree.number(place.node) else {
            let quoted = tree.string(place.node).flatMap { Int($0) }
            refuse(
                .wrongType, place, expected: what,
                suggestion: quoted.flatMap { bounds.contains($0) ? String($0) : nil })
            return nil
        }
        guard let value = number.int64, bounds.contains(Int(value)) else {
            refuse(.outOfRange, place, expected: what)
            return nil
        }
        return Int(value)
    }

    /// A path into the arguments.
    mutating func path(_ place: Place) -> ArgumentPath? {
        guard let text = tree.string(place.node) else {
            refuse(.wrongType, place, expected: "a path such as args.city")
            return nil
        }
        guard check(text, place, "a path", maximum: ArgumentPath.maximumBytes) else { return nil }
        do {
            return try ArgumentPath(parsing: text)
        } catch {
            refuse(.badPath, place, expected: error.expected, suggestion: error.suggestion)
            return nil
        }
    }

    /// Words as a list for people.
    static func list(_ words: [String]) -> String {
        let quoted = words.map { "\"\($0)\"" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "nothing" }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }
}

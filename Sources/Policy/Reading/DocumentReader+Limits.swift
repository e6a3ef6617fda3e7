import StrictJSON

extension DocumentReader {
    /// Reads a list of limits.
    ///
    /// - Parameter increments: the paths that limits over the same call take their increment from; the record has
    ///   room for one cost, so there may be one path only.
    mutating func limits(
        _ place: Place, prefix: String, increments: inout [(path: ArgumentPath, place: Place)]
    ) -> [LimitRule] {
        var limits: [LimitRule] = []
        var counters: Set<[UInt8]> = []
        let places = elements(place, "a list of limits")
        if places.count > PolicyFields.maximumLimits {
            refuse(
                .outOfRange, place, found: "\(places.count) limits",
                expected: "at most \(PolicyFields.maximumLimits)")
        }
        for place in places {
            guard var limit = limit(place, counters: &counters, increments: &increments) else { continue }
            limit.id = "\(prefix)/\(RuleID.escaped(limit.counter))"
            limits.append(limit)
        }
        return limits
    }

    private mutating func limit(
        _ place: Place, counters: inout Set<[UInt8]>, increments: inout [(path: ArgumentPath, place: Place)]
    ) -> LimitRule? {
        let known = PolicyFields.limit
        let fields = fields(
            place, "an object with \(DocumentReader.list(known))", known: known,
            required: ["counter", "window", "max", "scope"])
        guard let fields else { return nil }
        let counter = fields["counter"].flatMap { text($0, "a name") }
        if let counter, let place = fields["counter"], !counters.insert(Array(counter.utf8)).inserted {
            refuse(.contradiction, place, expected: "each counter's name once in its list")
        }
        let window = fields["window"].flatMap { self.window($0) }
        let most = 0...PolicyFields.maximumInteger
        let maximum = fields["max"].flatMap { integer($0, "a whole number from 0, where 0 means never", in: most) }
        let scope = fields["scope"].flatMap { word($0, LimitScope.self) }
        let algorithm = fields["algorithm"].map { word($0, LimitAlgorithm.self) } ?? .sliding
        let increment = self.increment(fields, increments: &increments)
        guard let counter, let window, let maximum, let scope, let algorithm, let increment else { return nil }
        return LimitRule(
            counter: counter, windowSeconds: window, maximum: maximum, scope: scope, increment: increment,
            algorithm: algorithm)
    }

    private mutating func increment(
        _ fields: Fields, increments: inout [(path: ArgumentPath, place: Place)]
    ) -> LimitRule.Increment? {
        guard let place = fields["increment_from"] else {
            guard let place = fields["increment"] else { return .constant(1) }
            return integer(place, "a whole number from 1", in: 1...PolicyFields.maximumInteger).map { .constant($0) }
        }
        if fields["increment"] != nil {
            refuse(.contradiction, place, expected: "either \"increment\" or \"increment_from\"")
        }
        guard let path = path(place) else { return nil }
        if let other = increments.first, other.path != path {
            refuse(
                .contradiction, place,
                expected: "\"\(other.path)\" as at \(other.place.pointer): limits over one call count from one path, "
                    + "since its record keeps one cost",
                suggestion: other.path.text)
        }
        increments.append((path, place))
        return .from(path)
    }

    private mutating func window(_ place: Place) -> Int? {
        let words = NamedWindow.allCases.map(\.rawValue)
        let what =
            "\(DocumentReader.list(words)), or whole seconds up to \(PolicyFields.maximumWindowSeconds) as a number"
        if let text = tree.string(place.node) {
            if let window = NamedWindow.allCases.first(where: { $0.rawValue.utf8.elementsEqual(text.utf8) }) {
                return window.seconds
            }
            let seconds = DurationText.seconds(text) ?? Int(text)
            refuse(
                .unknownValue, place, expected: what,
                suggestion: seconds.map { String($0) } ?? Spelling.nearest(to: text, among: words))
            return nil
        }
        return integer(place, what, in: 1...PolicyFields.maximumWindowSeconds)
    }
}

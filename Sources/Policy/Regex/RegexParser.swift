/// Reads patterns in a subset of RE2's syntax (github.com/google/re2/wiki/Syntax).
///
/// Left out, each with an error that says so: look-around, back-references, possessive and atomic groups, the flags
/// `m` and `U`, Unicode classes, octal escapes. `^` and `$` mean the text's two ends; `\d`, `\w`, `\s` and `\b` are ASCII.
struct RegexParser {
    private static let maximumDepth = 100
    /// RE2's bound on counted repetitions.
    private static let maximumRepetition = 1000

    private var input: RegexInput
    private var foldsCase = false
    private var dotMatchesNewline = false
    private var depth = 0

    private init(_ pattern: String) {
        input = RegexInput(pattern)
    }

    /// Parses a whole pattern.
    static func parse(_ pattern: String) throws(RegexError) -> RegexNode {
        var parser = RegexParser(pattern)
        let node = try parser.alternation()
        guard parser.input.isAtEnd else { throw RegexError("this ) closes nothing", at: parser.input.offset) }
        return node
    }

    private mutating func alternation() throws(RegexError) -> RegexNode {
        var branches = [try sequence()]
        while input.take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternation(branches)
    }

    private mutating func sequence() throws(RegexError) -> RegexNode {
        var parts: [RegexNode] = []
        while let next = input.peek, next != "|", next != ")" {
            let offset = input.offset
            let atom = try atom()
            guard let (minimum, maximum) = try quantifier(at: offset) else {
                parts.append(atom)
                continue
            }
            parts.append(.repetition(atom, minimum: minimum, maximum: maximum))
        }
        switch parts.count {
        case 0: return .empty
        case 1: return parts[0]
        default: return .sequence(parts)
        }
    }

    private mutating func atom() throws(RegexError) -> RegexNode {
        let offset = input.offset
        guard let scalar = input.next() else { return .empty }
        switch scalar {
        case "(": return try group(openedAt: offset)
        case "[":
            var reader = RegexClassReader(input: input, foldsCase: foldsCase)
            let set = try reader.read(openedAt: offset)
            input = reader.input
            return .set(set)
        case ".": return .set(dotMatchesNewline ? .any : .notNewline)
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case "\\": return try escape(at: offset)
        case "*", "+", "?": throw RegexError("nothing to repeat", at: offset)
        case "{" where input.isRepetition(from: offset): throw RegexError("nothing to repeat", at: offset)
        default: return .set(literal(ScalarSet(scalar)))
        }
    }

    private func literal(_ set: ScalarSet) -> ScalarSet {
        foldsCase ? set.foldingCase : set
    }

    private mutating func escape(at offset: Int) throws(RegexError) -> RegexNode {
        switch input.peek {
        case "A": return assertion(.start)
        case "z": return assertion(.end)
        case "b": return assertion(.wordBoundary)
        case "B": return assertion(.notWordBoundary)
        default: break
        }
        switch try input.escape(at: offset) {
        case .set(let set): return .set(set)
        case .scalar(let scalar): return .set(literal(ScalarSet(scalar)))
        }
    }

    private mutating func assertion(_ kind: RegexAssertion) -> RegexNode {
        _ = input.next()
        return .assertion(kind)
    }

    /// Reads what follows an opening parenthesis, up to and with the closing one.
    private mutating func group(openedAt offset: Int) throws(RegexError) -> RegexNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= RegexParser.maximumDepth else { throw RegexError("groups nested too deep", at: offset) }
        let outer = (foldsCase, dotMatchesNewline)
        if input.take("?"), try !groupExtension(openedAt: offset) {
            // `(?i)` holds up to the end of the group around it.
            return .empty
        }
        let body = try alternation()
        guard input.take(")") else { throw RegexError("this ( is never closed", at: offset) }
        (foldsCase, dotMatchesNewline) = outer
        return body
    }

    /// Reads what follows `(?`.
    ///
    /// - Returns: false when it was a setting of flags without a body, closing parenthesis included.
    private mutating func groupExtension(openedAt offset: Int) throws(RegexError) -> Bool {
        switch input.peek {
        case ":":
            _ = input.next()
            return true
        case "=", "!":
            throw RegexError("look-ahead is not supported", at: offset)
        case ">":
            throw RegexError("atomic groups are not supported", at: offset)
        case "P", "<":
            if input.take("P"), input.peek != "<" { throw RegexError("unknown group", at: offset) }
            _ = input.next()
            if input.peek == "=" || input.peek == "!" { throw RegexError("look-behind is not supported", at: offset) }
            guard input.takeName(endingWith: ">") else { throw RegexError("bad group name", at: offset) }
            return true
        default:
            return try flags(openedAt: offset)
        }
    }

    private mutating func flags(openedAt offset: Int) throws(RegexError) -> Bool {
        var value = true
        while let flag = input.next() {
            switch flag {
            case "i": foldsCase = value
            case "s": dotMatchesNewline = value
            case "-" where value: value = false
            case ":": return true
            case ")": return false
            case "m", "U": throw RegexError("the flag \(flag) is not supported", at: offset)
            default: throw RegexError("unknown group", at: offset)
            }
        }
        throw RegexError("this ( is never closed", at: offset)
    }

    private mutating func quantifier(at atomOffset: Int) throws(RegexError) -> (minimum: Int, maximum: Int?)? {
        let offset = input.offset
        var bounds: (Int, Int?)?
        switch input.peek {
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "?": bounds = (0, 1)
        case "{" where input.isRepetition(from: offset): bounds = try input.repetition(at: offset)
        default: return nil
        }
        guard let (minimum, maximum) = bounds else { return nil }
        if input.peek != "{" { _ = input.next() } else { input.skipRepetition() }
        if let maximum, maximum < minimum { throw RegexError("the bounds of a repetition are reversed", at: offset) }
        guard max(minimum, maximum ?? 0) <= RegexParser.maximumRepetition else {
            throw RegexError("more than \(RegexParser.maximumRepetition) repetitions", at: offset)
        }
        // Lazy or greedy makes no difference to whether there is a match.
        _ = input.take("?")
        if input.peek == "+" { throw RegexError("possessive repetition is not supported", at: input.offset) }
        if let next = input.peek, next == "*" || next == "?" || next == "{" && input.isRepetition(from: input.offset) {
            throw RegexError("a repetition of a repetition: use a group", at: input.offset)
        }
        return (minimum, maximum)
    }
}

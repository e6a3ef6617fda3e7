import StrictJSON

/// Facts found in the arguments, written down as they are found.
struct LiveFacts: FactSource {
    let tree: JSONTree
    /// What the set's walk over the arguments found.
    let values: UnsafeMutableBufferPointer<Resolution>
    /// The set's part of `facts`.
    let facts: UnsafeMutableBufferPointer<UInt8>

    @inline(__always)
    func fact(_ condition: CompiledCondition, at index: Int) -> Fact {
        let fact = condition.fact(of: values[condition.slot], in: tree)
        facts[index] = fact.rawValue
        return fact
    }
}

/// Facts as a record has them.
struct RecordedFacts: FactSource {
    /// The set's part of `facts`.
    let facts: ArraySlice<UInt8>

    func fact(_ condition: CompiledCondition, at index: Int) -> Fact {
        Fact(rawValue: facts[facts.startIndex + index]) ?? .unseen
    }
}

/// What limits with `increment_from` count for a call.
enum Cost: Sendable {
    /// No limit takes its increment from the arguments.
    case none
    /// A whole number from 0, at most 2^53, which is more than any limit's maximum.
    case known(Int64)
    /// The arguments do not say, or not in a way that can be counted: the limit's id and the path.
    case unusable(limit: String, path: String)

    private static let most: Int64 = 1 << 53

    var value: Int64? {
        if case .known(let value) = self { value } else { nil }
    }

    /// Reads the cost from the arguments.
    ///
    /// - Parameters:
    ///   - shared: what the walk for all tools' rules found.
    ///   - own: what the walk for the tool's rules found.
    init(
        _ allTools: RuleSet, _ tool: RuleSet, _ tree: JSONTree, shared: UnsafeMutableBufferPointer<Resolution>,
        own: UnsafeMutableBufferPointer<Resolution>
    ) {
        guard let increment = allTools.increment ?? tool.increment else {
            self = .none
            return
        }
        let values = allTools.increment == nil ? own : shared
        guard case .found(let node) = values[increment.slot], let number = tree.number(node), number.isInteger,
            !number.isNegative
        else {
            self = Cost.unusable(allTools, tool, increment.path)
            return
        }
        self = .known(min(number.int64 ?? Cost.most, Cost.most))
    }

    /// What a record says: its cost, which only lacks where it could not be counted.
    init(recorded cost: Int?, _ allTools: RuleSet, _ tool: RuleSet) {
        guard let increment = allTools.increment ?? tool.increment else {
            self = .none
            return
        }
        self = cost.map { .known(Int64($0)) } ?? Cost.unusable(allTools, tool, increment.path)
    }

    private static func unusable(_ allTools: RuleSet, _ tool: RuleSet, _ path: String) -> Cost {
        let limit = allTools.limits.first { $0.increment == nil } ?? tool.limits.first { $0.increment == nil }
        return .unusable(limit: limit?.id ?? "", path: path)
    }
}

extension RuleSet {
    /// `path=value` for the arguments that are recorded, each cut to what the record keeps; nil for none.
    func recorded(in tree: JSONTree, _ values: UnsafeMutableBufferPointer<Resolution>) -> [String]? {
        guard !record.isEmpty else { return nil }
        var texts: [String] = []
        for (slot, path) in record {
            guard case .found(let node) = values[slot] else { continue }
            let value = tree.string(node) ?? tree.withUnsafeBytes(of: node) { String(decoding: $0, as: UTF8.self) }
            texts.append(RecordText.shortened("\(path)=\(value)"))
        }
        return texts.isEmpty ? nil : texts
    }
}

import StrictJSON

/// Facts found in the arguments, written down as they are found.
struct LiveFacts: FactSource {
    private let tree: JSONTree
    private let values: UnsafeMutableBufferPointer<Resolution>
    private let facts: UnsafeMutableBufferPointer<UInt8>

    mutating func fact(_ condition: CompiledCondition, at index: Int) -> Fact {
        let fact = condition.fact(of: values[condition.slot], in: tree)
        facts[index] = fact.rawValue
        return fact
    }

    /// Looks at the rules of two sets, the first one's first, until one denies.
    static func look(
        _ shared: RuleSet, _ own: RuleSet, _ tree: JSONTree, _ sharedValues: UnsafeMutableBufferPointer<Resolution>,
        _ ownValues: UnsafeMutableBufferPointer<Resolution>
    ) -> (denial: RuleSet.Denial?, facts: String?) {
        let count = shared.factCount + own.factCount
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, count)) { facts in
            facts.initialize(repeating: Fact.unseen.rawValue)
            var source = LiveFacts(tree: tree, values: sharedValues, facts: facts)
            var denial = shared.firstDenial(&source, firstFact: 0)
            if denial == nil {
                source = LiveFacts(tree: tree, values: ownValues, facts: facts)
                denial = own.firstDenial(&source, firstFact: shared.factCount)
            }
            return (denial, count == 0 ? nil : String(decoding: facts[..<count], as: UTF8.self))
        }
    }
}

/// Facts as a record has them.
struct RecordedFacts: FactSource {
    let facts: [UInt8]

    mutating func fact(_ condition: CompiledCondition, at index: Int) -> Fact {
        Fact(rawValue: facts[index]) ?? .unseen
    }
}

/// What limits with `increment_from` count for a call.
enum Cost {
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

    init(
        _ shared: RuleSet, _ own: RuleSet, _ tree: JSONTree, _ sharedValues: UnsafeMutableBufferPointer<Resolution>,
        _ ownValues: UnsafeMutableBufferPointer<Resolution>
    ) {
        guard let increment = shared.increment ?? own.increment else {
            self = .none
            return
        }
        let values = shared.increment == nil ? ownValues : sharedValues
        guard case .found(let node) = values[increment.slot], let number = tree.number(node), number.isInteger,
            !number.isNegative
        else {
            self = Cost.unusable(shared, own, increment.path)
            return
        }
        self = .known(min(number.int64 ?? Cost.most, Cost.most))
    }

    /// What a record says: its cost, which only lacks where it could not be counted.
    init(recorded cost: Int?, _ shared: RuleSet, _ own: RuleSet) {
        guard let increment = shared.increment ?? own.increment else {
            self = .none
            return
        }
        self = cost.map { .known(Int64($0)) } ?? Cost.unusable(shared, own, increment.path)
    }

    private static func unusable(_ shared: RuleSet, _ own: RuleSet, _ path: String) -> Cost {
        let limit = shared.limits.first { $0.increment == nil } ?? own.limits.first { $0.increment == nil }
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

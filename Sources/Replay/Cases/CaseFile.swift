public import Events
public import Policy
import StrictJSON

/// A policy's tests as data: calls, one after the other, and what becomes of each.
///
/// A JSON list of cases. The cases of one file share their counters, unless one begins with fresh ones.
public struct CaseFile: Sendable {
    /// One call and what is expected.
    public struct Case: Sendable {
        /// What the case is about, in its author's words.
        public let name: String?
        /// The tool.
        public let tool: String
        /// Who calls.
        public let caller: Caller
        /// When.
        public let at: Timestamp
        /// Whether nothing counts that was before.
        public let isFresh: Bool
        /// The verdict that is expected.
        public let expected: Verdict
        /// The rule that is expected to decide; nil where any may.
        public let rule: String?
        /// The arguments among those of the file.
        let arguments: JSONNode?
    }

    /// What became of one case.
    public struct Outcome: Sendable {
        /// Its place in the file, from 0.
        public let index: Int
        /// The case.
        public let test: Case
        /// What the policy says.
        public let found: PolicyVerdict

        /// Whether the verdict, and the rule where one is named, are those expected.
        public var passes: Bool {
            found.verdict == test.expected && (test.rule == nil || test.rule == found.rule)
        }
    }

    /// The moment from which seconds are counted: 2026-01-01T00:00:00Z.
    public static let start = Timestamp(microseconds: 1_767_225_600_000_000)
    /// The most bytes that a file may have.
    public static let maximumBytes = 16 << 20

    /// The cases in their order.
    public let cases: [Case]
    private let tree: JSONTree

    init(cases: [Case], tree: JSONTree) {
        self.cases = cases
        self.tree = tree
    }

    /// Reads a file.
    ///
    /// - Throws: ``CaseRefusal`` with everything that is wrong with it.
    public init(parsing bytes: [UInt8]) throws(CaseRefusal) {
        self = try CaseReader.read(bytes)
    }

    /// Decides the cases in their order.
    public func run(under policy: CompiledPolicy) -> [Outcome] {
        var counters = LimitCounters()
        return cases.enumerated().map { index, test in
            if test.isFresh { counters = LimitCounters() }
            let call = Call(tool: test.tool, arguments: test.arguments, in: tree, caller: test.caller)
            return Outcome(index: index, test: test, found: policy.decide(call, counters: &counters, now: test.at))
        }
    }
}

extension CaseFile.Outcome: CustomStringConvertible {
    /// `case 3 (over the limit), create_charge: expected deny by /…, found allow`.
    public var description: String {
        let name = test.name.map { " (\($0))" } ?? ""
        let wanted = test.expected.rawValue + (test.rule.map { " by \($0)" } ?? "")
        let got = found.verdict.rawValue + (found.rule.map { " by \($0)" } ?? "")
        return "case \(index)\(name), \(test.tool): expected \(wanted), found \(got)"
    }
}

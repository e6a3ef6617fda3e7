/// A pattern as instructions of a Thompson machine, written out of counted repetitions.
///
/// Russ Cox, "Regular Expression Matching: the Virtual Machine Approach" (swtch.com/~rsc/regexp/regexp2.html).
struct RegexProgram: Sendable {
    enum Instruction: Sendable {
        /// Consumes one scalar of the set at the given position.
        case consume(position: Int, next: Int)
        case split(Int, Int)
        case assert(RegexAssertion, next: Int)
        case match
    }

    /// What is known of the place between two scalars.
    struct Place: Sendable {
        var isStart: Bool
        var isEnd: Bool
        var isWordBoundary: Bool

        /// All places, in the order of their numbers.
        static let all = (0..<8).map { number in
            Place(isStart: number & 4 != 0, isEnd: number & 2 != 0, isWordBoundary: number & 1 != 0)
        }

        var number: Int {
            (isStart ? 4 : 0) | (isEnd ? 2 : 0) | (isWordBoundary ? 1 : 0)
        }

        func satisfies(_ assertion: RegexAssertion) -> Bool {
            switch assertion {
            case .start: isStart
            case .end: isEnd
            case .wordBoundary: isWordBoundary
            case .notWordBoundary: !isWordBoundary
            }
        }
    }

    private(set) var instructions: [Instruction] = [.match]
    private(set) var sets: [ScalarSet] = []
    /// Where each position goes once it has consumed its scalar.
    private(set) var exits: [Int] = []
    private(set) var entry = 0
    private(set) var usesWordBoundaries = false

    init(_ node: RegexNode) {
        entry = compile(node, next: 0)
    }

    /// The positions that can be reached from an instruction without consuming anything, and whether a match can.
    func closure(of start: Int, at place: Place) -> (positions: [Int], matches: Bool) {
        var visited = [Bool](repeating: false, count: instructions.count)
        var pending = [start]
        var positions: [Int] = []
        var matches = false
        while let index = pending.popLast() {
            guard !visited[index] else { continue }
            visited[index] = true
            switch instructions[index] {
            case .consume(let position, _): positions.append(position)
            case .split(let first, let second):
                pending.append(second)
                pending.append(first)
            case .assert(let assertion, let next):
                if place.satisfies(assertion) { pending.append(next) }
            case .match: matches = true
            }
        }
        return (positions, matches)
    }

    /// Emits a node so that it goes on at `next`.
    ///
    /// - Returns: where it begins.
    private mutating func compile(_ node: RegexNode, next: Int) -> Int {
        switch node {
        case .empty:
            return next
        case .set(let set):
            sets.append(set)
            exits.append(next)
            return emit(.consume(position: sets.count - 1, next: next))
        case .assertion(let assertion):
            if assertion == .wordBoundary || assertion == .notWordBoundary { usesWordBoundaries = true }
            return emit(.assert(assertion, next: next))
        case .sequence(let parts):
            var start = next
            for part in parts.reversed() { start = compile(part, next: start) }
            return start
        case .alternation(let parts):
            var starts = parts.map { compile($0, next: next) }
            var start = starts.removeLast()
            for other in starts.reversed() { start = emit(.split(other, start)) }
            return start
        case .repetition(let body, let minimum, let maximum):
            var start = next
            if let maximum {
                for _ in minimum..<max(minimum, maximum) { start = emit(.split(compile(body, next: start), next)) }
            } else {
                let loop = emit(.match)
                instructions[loop] = .split(compile(body, next: loop), next)
                start = loop
            }
            for _ in 0..<minimum { start = compile(body, next: start) }
            return start
        }
    }

    private mutating func emit(_ instruction: Instruction) -> Int {
        instructions.append(instruction)
        return instructions.count - 1
    }
}

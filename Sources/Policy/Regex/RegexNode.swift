/// A parsed pattern.
indirect enum RegexNode: Sendable, Equatable {
    case empty
    case set(ScalarSet)
    case assertion(RegexAssertion)
    case sequence([RegexNode])
    case alternation([RegexNode])
    /// `maximum` nil: without end.
    case repetition(RegexNode, minimum: Int, maximum: Int?)
}

/// A condition on the place between two scalars.
enum RegexAssertion: Sendable, Equatable {
    case start
    case end
    case wordBoundary
    case notWordBoundary
}

extension RegexNode {
    /// What a pattern grows to once its counted repetitions are written out; never overflows.
    struct Size: Equatable {
        /// Places that consume one scalar each.
        var positions: Int
        /// All instructions.
        var instructions: Int

        static func + (left: Size, right: Size) -> Size {
            Size(
                positions: min(left.positions + right.positions, Size.huge),
                instructions: min(left.instructions + right.instructions, Size.huge))
        }

        func times(_ count: Int) -> Size {
            Size(
                positions: positions > Size.huge / max(count, 1) ? Size.huge : positions * count,
                instructions: instructions > Size.huge / max(count, 1) ? Size.huge : instructions * count)
        }

        private static let huge = 1 << 30
    }

    var size: Size {
        switch self {
        case .empty: Size(positions: 0, instructions: 0)
        case .set: Size(positions: 1, instructions: 1)
        case .assertion: Size(positions: 0, instructions: 1)
        case .sequence(let parts): parts.reduce(Size(positions: 0, instructions: 0)) { $0 + $1.size }
        case .alternation(let parts): parts.reduce(Size(positions: 0, instructions: parts.count)) { $0 + $1.size }
        case .repetition(let body, let minimum, let maximum):
            (body.size + Size(positions: 0, instructions: 1)).times(max(maximum ?? (minimum + 1), 1))
        }
    }
}

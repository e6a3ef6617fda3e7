/// Scalars sorted into classes that no set of a pattern tells apart.
struct ScalarClasses: Sendable {
    /// Class of each ASCII byte.
    let ascii: [UInt16]
    /// First scalar of each stretch, ascending, and the stretch's class.
    private let starts: [UInt32]
    private let stretchClasses: [UInt16]

    /// Makes classes, and says of each which sets contain it.
    static func make(of sets: [ScalarSet]) -> (classes: ScalarClasses, members: [[Int]]) {
        var edges: Set<UInt32> = [0]
        for range in sets.flatMap(\.ranges) {
            edges.insert(range.lowerBound)
            if range.upperBound < ScalarSet.last { edges.insert(range.upperBound + 1) }
        }
        let starts = edges.sorted()
        var members = [[Int]](repeating: [], count: starts.count)
        for (index, set) in sets.enumerated() {
            var stretch = 0
            for range in set.ranges {
                while starts[stretch] < range.lowerBound { stretch += 1 }
                while stretch < starts.count, starts[stretch] <= range.upperBound {
                    members[stretch].append(index)
                    stretch += 1
                }
            }
        }
        var numbers: [[Int]: Int] = [:]
        var distinct: [[Int]] = []
        let stretchClasses = members.map { positions in
            if let number = numbers[positions] { return UInt16(number) }
            numbers[positions] = distinct.count
            distinct.append(positions)
            return UInt16(distinct.count - 1)
        }
        return (ScalarClasses(starts: starts, stretchClasses: stretchClasses), distinct)
    }

    private init(starts: [UInt32], stretchClasses: [UInt16]) {
        self.starts = starts
        self.stretchClasses = stretchClasses
        var ascii: [UInt16] = []
        var stretch = 0
        for value in 0..<UInt32(128) {
            while stretch + 1 < starts.count, starts[stretch + 1] <= value { stretch += 1 }
            ascii.append(stretchClasses[stretch])
        }
        self.ascii = ascii
    }

    /// The class of any scalar.
    func of(_ scalar: UInt32) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= scalar { low = middle } else { high = middle }
        }
        return Int(stretchClasses[low])
    }
}

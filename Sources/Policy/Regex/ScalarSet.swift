import StrictJSON

/// A set of Unicode scalars as sorted ranges that neither overlap nor touch.
struct ScalarSet: Sendable, Equatable {
    static let last: UInt32 = 0x10_FFFF
    static let any = ScalarSet([0...last])
    static let notNewline = ScalarSet([0x0A...0x0A]).inverted
    static let digits = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    /// RE2's `\s`, which has no vertical tab.
    static let space = ScalarSet([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])

    private(set) var ranges: [ClosedRange<UInt32>]

    init(_ ranges: [ClosedRange<UInt32>]) {
        self.ranges = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let previous = self.ranges.last, range.lowerBound <= previous.upperBound &+ 1 {
                let upper = max(previous.upperBound, range.upperBound)
                self.ranges[self.ranges.count - 1] = previous.lowerBound...upper
            } else {
                self.ranges.append(range)
            }
        }
    }

    init(_ scalar: Unicode.Scalar) {
        ranges = [scalar.value...scalar.value]
    }

    /// Every scalar that is not in this set.
    var inverted: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= ScalarSet.last { gaps.append(next...ScalarSet.last) }
        return ScalarSet(gaps)
    }

    func union(_ other: ScalarSet) -> ScalarSet {
        ScalarSet(ranges + other.ranges)
    }

    func contains(_ scalar: UInt32) -> Bool {
        ranges.contains { $0.contains(scalar) }
    }

    /// This set and all scalars that differ from one of it in case only.
    var foldingCase: ScalarSet {
        var more = ranges
        for orbit in CaseOrbits.all where orbit.contains(where: { contains($0) }) {
            more.append(contentsOf: orbit.map { $0...$0 })
        }
        return ScalarSet(more)
    }
}

/// Groups of scalars that differ in case only, such as `k`, `K` and the Kelvin sign.
private enum CaseOrbits {
    /// No scalar above has case mappings (Unicode 16); building this takes some milliseconds, once, when `(?i)` is used.
    private static let lastCased: UInt32 = 0x1_E943

    static let all: [[UInt32]] = {
        var groups: [UInt32: [UInt32]] = [:]
        for value in 0...lastCased {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let folded = scalar.simplyFolded.value
            if folded != value { groups[folded, default: [folded]].append(value) }
        }
        return groups.sorted { $0.key < $1.key }.map(\.value)
    }()
}

import Reports
import Terminal

/// Two texts line by line, with three lines around each difference.
struct LineDiff: Sendable {
    enum Line: Sendable, Equatable {
        case same(String)
        case removed(String)
        case added(String)
        /// Lines that are the same and not shown.
        case left(Int)
    }

    private static let around = 3
    /// Beyond this product of lines all of them stand as removed and added: the time to compare grows with it.
    private static let mostCompared = 4_000_000
    private static let most = 2_000
    let lines: [Line]

    init(_ old: String, _ new: String) {
        let before = old.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let after = new.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let head = zip(before, after).prefix { $0 == $1 }.count
        let rest = min(before.count, after.count) - head
        let tail = zip(before.reversed(), after.reversed()).prefix(rest).prefix { $0 == $1 }.count
        let (one, other) = (before[head..<(before.count - tail)], after[head..<(after.count - tail)])
        var removed: Set<Int> = []
        var added: Set<Int> = []
        if one.count * other.count <= Self.mostCompared {
            for step in Array(other).difference(from: Array(one)) {
                switch step {
                case .remove(let offset, _, _): removed.insert(head + offset)
                case .insert(let offset, _, _): added.insert(head + offset)
                }
            }
        } else {
            (removed, added) = (Set(one.indices), Set(other.indices))
        }
        var all: [Line] = []
        var (left, right) = (0, 0)
        while left < before.count || right < after.count {
            if removed.contains(left) {
                all.append(.removed(before[left]))
                left += 1
            } else if added.contains(right) {
                all.append(.added(after[right]))
                right += 1
            } else {
                all.append(.same(before[left]))
                (left, right) = (left + 1, right + 1)
            }
        }
        lines = Self.shortened(all)
    }

    private static func shortened(_ all: [Line]) -> [Line] {
        let changed = all.indices.filter { if case .same = all[$0] { false } else { true } }
        var near: Set<Int> = []
        for index in changed { near.formUnion((index - around)...(index + around)) }
        var lines: [Line] = []
        var left = 0
        for (index, line) in all.enumerated() {
            guard near.contains(index) else {
                left += 1
                continue
            }
            if left > 0 { lines.append(.left(left)) }
            left = 0
            lines.append(line)
        }
        if left > 0, !lines.isEmpty { lines.append(.left(left)) }
        return lines
    }

    /// The difference on a page: signs as well as colours.
    var html: HTML {
        guard !lines.isEmpty else { return "<p class=\"quiet\">The text is the same.</p>" }
        let rows = lines.prefix(Self.most).map { line -> HTML in
            switch line {
            case .same(let text): "<span>  \(text)\n</span>"
            case .removed(let text): "<del>- \(text)\n</del>"
            case .added(let text): "<ins>+ \(text)\n</ins>"
            case .left(let count): "<span class=\"quiet\">  … \(Words.count(count, "line"))\n</span>"
            }
        }
        let more: HTML =
            lines.count > Self.most
            ? "<p class=\"more\">\(Words.count(lines.count - Self.most)) more lines are not shown.</p>" : ""
        return "<pre class=\"diff\" tabindex=\"0\">\(Array(rows))</pre>\(more)"
    }
}

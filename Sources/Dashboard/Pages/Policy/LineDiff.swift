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
    let lines: [Line]

    init(_ old: String, _ new: String) {
        let before = old.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let after = new.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var removed: Set<Int> = []
        var added: Set<Int> = []
        for step in after.difference(from: before) {
            switch step {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): added.insert(offset)
            }
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
        let rows = lines.map { line -> HTML in
            switch line {
            case .same(let text): "<span>  \(text)\n</span>"
            case .removed(let text): "<del>- \(text)\n</del>"
            case .added(let text): "<ins>+ \(text)\n</ins>"
            case .left(let count): "<span class=\"quiet\">  … \(Words.count(count, "line"))\n</span>"
            }
        }
        return "<pre class=\"diff\" tabindex=\"0\">\(rows)</pre>"
    }
}

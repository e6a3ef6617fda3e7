/// Finds the word that was probably meant; its measure serves configurations as well.
package enum Spelling {
    /// Other words for the document's own, as other tools and languages have them.
    private static let synonyms: [String: String] = [
        "==": "eq", "=": "eq", "equals": "eq", "is": "eq", "!=": "neq", "<>": "neq", "ne": "neq", "not": "neq",
        "<": "lt", "<=": "lte", "le": "lte", ">": "gt", ">=": "gte", "ge": "gte", "nin": "not_in", "one_of": "in",
        "present": "exists", "match": "regex", "matches": "regex", "regexp": "regex", "=~": "regex",
        "includes": "contains", "has": "contains", "greater": "gt", "greater_than": "gt", "less": "lt",
        "less_than": "lt",
        "rate_limit": "limits", "rate_limits": "limits", "deny": "deny_if", "hidden": "hide",
        "message": "on_deny", "operator": "op", "field": "path", "period": "window", "interval": "window",
        "key": "scope", "by": "scope", "name": "counter", "global_tools": "all_tools", "*": "all_tools",
        "block": "deny", "permit": "allow", "user": "agent", "dry_run": "shadow", "monitor": "shadow",
    ]

    /// The nearest of some words, nil when none is near.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let lowered = word.lowercased()
        if let same = candidates.first(where: { $0 == lowered }) { return same }
        let near = candidates.map { ($0, distance(lowered, $0)) }
            .filter { candidate, distance in
                distance <= max(1, (max(candidate.utf8.count, lowered.utf8.count) + 1) / 3)
                    && distance < candidate.utf8.count
            }
            .min { $0.1 < $1.1 }
        if let near, near.1 == 1 { return near.0 }
        if let synonym = synonyms[lowered], candidates.contains(synonym) { return synonym }
        if let near { return near.0 }
        return candidates.first { $0.utf8.count > 2 && lowered.utf8.count > 2 && isPrefix($0, lowered) }
    }

    private static func isPrefix(_ one: String, _ other: String) -> Bool {
        one.hasPrefix(other) || other.hasPrefix(one)
    }

    /// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours, each once.
    package static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8.prefix(128))
        let right = Array(right.utf8.prefix(128))
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                var best = min(
                    previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, beforePrevious[column - 2] + 1)
                }
                current[column] = best
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}

import Terminal

/// Names as values of labels: they come from the network.
enum LabelText {
    /// What has no place of its own.
    static let other = "(other)"
    /// A tool's name that a caller made up and that was refused.
    static let unlisted = "(unlisted)"
    /// A caller that is not known.
    static let unresolved = "(unresolved)"

    /// The name without control characters, cut at ``MetricLimits/nameBytes``.
    static func of(_ name: String) -> String {
        let most = MetricLimits.nameBytes
        // Showing escapes what is longer than what it stands for: what is cut first need not be looked at.
        let text = VisibleText.of(cut(name, most))
        return text.utf8.count <= most && name.utf8.count <= most ? text : cut(text, most - 3) + "…"
    }

    /// The first bytes of a text, whole scalars only.
    private static func cut(_ text: String, _ most: Int) -> String {
        guard text.utf8.count > most else { return text }
        var (kept, bytes) = ("", 0)
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= most else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
    }
}

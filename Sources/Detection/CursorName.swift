/// Names of arguments that walk through a list page by page.
enum CursorName {
    private static let words: Set<String> = [
        "cursor", "page", "offset", "skip", "marker", "after", "before", "start", "from", "continuation", "token",
    ]

    /// Whether a name is a cursor's, such as `cursor`, `page_token`, `nextToken` or `startIndex`.
    static func isOne(_ name: String) -> Bool {
        var word = ""
        for scalar in name.unicodeScalars {
            if scalar.properties.isUppercase || !scalar.properties.isAlphabetic {
                if words.contains(word) { return true }
                word = ""
            }
            if scalar.properties.isAlphabetic {
                word.unicodeScalars.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return words.contains(word)
    }
}

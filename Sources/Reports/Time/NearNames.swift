/// Names that were probably meant, by the pairs of letters that they share.
///
/// Dice's coefficient: it also finds `ci-builder` for `builder`, which a distance of edits does not.
enum NearNames {
    private static let least = 0.34

    /// At most `most` of some names, the nearest first; of equals the first by the alphabet.
    static func of(_ word: String, among names: [String], most: Int = 3) -> [String] {
        let wanted = pairs(word)
        let near = names.map { name in (name: name, share: share(wanted, pairs(name))) }.filter { $0.share >= least }
        return near.sorted { ($1.share, $0.name) < ($0.share, $1.name) }.prefix(most).map(\.name)
    }

    private static func share(_ a: [[UInt8]: Int], _ b: [[UInt8]: Int]) -> Double {
        let common = a.reduce(0) { $0 + min($1.value, b[$1.key] ?? 0) }
        let all = a.values.reduce(0, +) + b.values.reduce(0, +)
        return all > 0 ? Double(2 * common) / Double(all) : 0
    }

    /// Neighbouring bytes, the word's two ends included.
    private static func pairs(_ word: String) -> [[UInt8]: Int] {
        let bytes = [0] + Array(word.lowercased().utf8.prefix(256)) + [0]
        return zip(bytes, bytes.dropFirst()).reduce(into: [:]) { $0[[$1.0, $1.1], default: 0] += 1 }
    }
}

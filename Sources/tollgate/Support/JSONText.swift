import Foundation

/// One line of JSON for programs.
enum JSONText {
    static func line(_ object: [String: Any]) -> String {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        let data = try? JSONSerialization.data(withJSONObject: object, options: options)
        return String(decoding: data ?? Data("{}".utf8), as: UTF8.self)
    }
}

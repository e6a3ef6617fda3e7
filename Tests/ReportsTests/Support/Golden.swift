import Foundation
import Testing

/// Texts that stay as they are until somebody means to change them: `TOLLGATE_GOLDEN=write swift test` writes them anew.
enum Golden {
    static func expect(_ text: String, _ name: String, at location: SourceLocation = #_sourceLocation) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appendingPathComponent("Golden").appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["TOLLGATE_GOLDEN"] == "write" {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let wanted = try String(decoding: Data(contentsOf: file), as: UTF8.self)
        guard text != wanted else { return }
        let pairs = zip(
            text.split(separator: "\n", omittingEmptySubsequences: false),
            wanted.split(separator: "\n", omittingEmptySubsequences: false))
        let line = pairs.enumerated().first { $1.0 != $1.1 }
        let difference = line.map { "line \($0 + 1)\n  is     \($1.0)\n  should \($1.1)" } ?? "one text ends earlier"
        Issue.record(
            "\(name) is not what it was: \(difference)\nhint: TOLLGATE_GOLDEN=write swift test --filter ReportsTests",
            sourceLocation: location)
    }
}

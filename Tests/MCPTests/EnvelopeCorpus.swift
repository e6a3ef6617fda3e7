import Foundation

/// The lines of `Tests/Corpora/envelopes`, read with Foundation so that nothing under test has a hand in it.
struct EnvelopeCorpus {
    struct Line: CustomStringConvertible, Sendable {
        var file: String
        var name: String
        var bytes: [UInt8]
        var isForwarded: Bool
        var reason: String?

        var description: String { name }
    }

    struct Unreadable: Error {
        var file: String
        var line: Int
    }

    static func load(path: String = #filePath) throws -> [Line] {
        let folder = URL(filePath: path).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Corpora/envelopes")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "jsonl" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
        return try files.flatMap { file in
            let text = try String(contentsOf: file, encoding: .utf8)
            return try text.split(separator: "\n").enumerated().map { number, line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
                guard let bytes = message(of: object), let expect = object["expect"] as? String,
                    ["forward", "refuse"].contains(expect), object["reason"] != nil
                else { throw Unreadable(file: file.lastPathComponent, line: number + 1) }
                return Line(
                    file: file.lastPathComponent, name: object["name"] as? String ?? "line \(number + 1)",
                    bytes: bytes, isForwarded: expect == "forward", reason: object["reason"] as? String)
            }
        }
    }

    private static func message(of object: [String: Any]) -> [UInt8]? {
        if let base64 = object["bytes"] as? String {
            guard let bytes = Data(base64Encoded: base64).map({ [UInt8]($0) }) else { return nil }
            if let text = object["text"] as? String, Array(text.utf8) != bytes { return nil }
            return bytes
        }
        guard let parts = object["make"] as? [Any] else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            if let text = part as? String {
                bytes += Array(text.utf8)
            } else if let recipe = (part as? [String: Any])?["repeat"] as? [Any], recipe.count == 2,
                let text = recipe[0] as? String, let count = recipe[1] as? Int
            {
                bytes += Array(String(repeating: text, count: count).utf8)
            } else {
                return nil
            }
        }
        return bytes
    }
}

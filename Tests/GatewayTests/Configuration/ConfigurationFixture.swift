import Foundation

@testable import Gateway

/// What tests of configurations look at instead of a disk and an environment.
enum ConfigurationFixture {
    static let secret = "s3cr3t-value"
    /// Long enough to sign with.
    static let signing = "s3cr3t-value-to-sign-with"

    static let surroundings = ConfigurationSurroundings(
        folder: "/conf", variable: { ["ECS_TOKEN": secret, "HOOK_SECRET": signing][$0] },
        contents: { path in
            let certificate = "-----BEGIN CERTIFICATE-----\n"
            switch path {
            case "/conf/cert.pem": return .success(.init(bytes: Array(certificate.utf8), isExposed: false))
            case "/conf/key.pem":
                return .success(.init(bytes: Array("-----BEGIN PRIVATE KEY-----\n".utf8), isExposed: false))
            case "/conf/token.txt": return .success(.init(bytes: Array("\(secret)\n".utf8), isExposed: false))
            case "/conf/hook.key": return .success(.init(bytes: Array("\(signing)\n".utf8), isExposed: false))
            case "/conf/open-key.pem": return .success(.init(bytes: Array(secret.utf8), isExposed: true))
            default: return .failure(.init(words: "No such file or directory"))
            }
        })

    static func read(_ text: String, form: ConfigurationText.Form = .json) -> ConfigurationReading {
        ServeConfiguration.read(Array(text.utf8), form: form, surroundings: surroundings)
    }

    /// The problems of a document with one server and these fields.
    static func problems(_ fields: String) -> [ConfigurationProblem] {
        read(#"{"servers":{"ecs":{"url":"http://127.0.0.1:9101/mcp"}},\#(fields)}"#).problems
    }

    static func project(_ path: String) throws -> [UInt8] {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return [UInt8](try Data(contentsOf: root.appendingPathComponent(path)))
    }
}

/// A folder of its own that goes away with this value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        // Short, so that a socket's name fits into it.
        path = NSTemporaryDirectory() + "tg-" + UUID().uuidString.prefix(13)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    @discardableResult
    func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        let file = path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: path + "/" + name, encoding: .utf8)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

import Foundation
import Testing

@testable import Gateway

/// A policy's file is replaced as a whole, over exactly what was looked at.
@Suite struct PolicyFileTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("policy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func write(_ text: String, mode: Int = 0o640) throws -> String {
        let path = folder.appendingPathComponent("p.json").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    private func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    @Test func modeAndThePreviousTextAreKept() throws {
        let path = try write("old")
        let file = PolicyFile(path)
        let base = try file.read().digest
        try file.replace(by: try file.prepare(Array("new".utf8)), over: base)
        #expect(text(path) == "new" && text(file.previousPath) == "old")
        #expect(try mode(path) == 0o640)
        #expect(try mode(file.previousPath) == 0o640)
        #expect(try names == ["p.json", "p.json.previous"])
    }

    @Test func anotherFileIsNotWrittenOver() throws {
        let path = try write("old")
        let file = PolicyFile(path)
        let base = try file.read().digest
        let prepared = try file.prepare(Array("new".utf8))
        _ = try write("meanwhile")
        let trouble = #expect(throws: PolicyFile.Trouble.self) { try file.replace(by: prepared, over: base) }
        #expect(trouble?.isStale == true && text(path) == "meanwhile")
        #expect(try names == ["p.json"], "what was prepared is gone")
    }

    @Test func nothingFromElsewhereTakesItsPlace() throws {
        let path = try write("old")
        let file = PolicyFile(path)
        let base = try file.read().digest
        for other in ["/etc/hostname", "\(path)/../x.new", "\(path).x", "\(path).a/b.new"] {
            #expect(throws: PolicyFile.Trouble.self) { try file.replace(by: other, over: base) }
        }
        #expect(text(path) == "old" && FileManager.default.fileExists(atPath: "/etc/hostname"))
    }

    @Test func aSymbolicLinkStaysOne() throws {
        let path = try write("old")
        let link = folder.appendingPathComponent("link.json").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "p.json")
        let file = PolicyFile(link)
        try file.replace(by: try file.prepare(Array("new".utf8)), over: try file.read().digest)
        #expect(text(path) == "new")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "p.json")
    }
}

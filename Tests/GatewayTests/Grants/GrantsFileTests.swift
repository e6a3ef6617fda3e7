import AuditLog
import Events
import Foundation
import Synchronization
import Testing

@testable import Gateway

/// The file of grants: durable, private, and never half-changed.
struct GrantsFileTests {
    private let folder: TemporaryFolder
    private let file: GrantsFile
    private let now = Timestamp(microseconds: 1_795_368_960_000_000)

    init() throws {
        folder = try TemporaryFolder()
        file = GrantsFile(path: folder.path + "/grants.json")
    }

    private func request(_ id: String) -> GrantRequest {
        GrantRequest(id: id, agent: "agent", servers: ["ecs"], policy: "builders")
    }

    @discardableResult
    private func create(_ id: String) throws -> GrantsFile.Issued {
        var generator = SystemRandomNumberGenerator()
        return try file.create(request(id), using: &generator)
    }

    private func lookup(_ token: Token) throws -> GrantTable.Lookup {
        let contents = try file.list()
        return GrantTable(contents.grants, revoked: contents.revoked).look(up: token.sha256, now: now)
    }

    @Test func aTokenOpensItsGrantUntilItIsRevoked() throws {
        let issued = try create("ci")
        #expect(try lookup(issued.token) == .grant(issued.grant))
        try file.revoke(id: "ci", at: now)
        #expect(try lookup(issued.token) == .revoked(id: "ci"))
        #expect(throws: GrantError.self) { try file.revoke(id: "ci", at: now) }
        // An id that is free again may be given again; the old token stays refused.
        let again = try create("ci")
        #expect(try lookup(again.token) == .grant(again.grant))
        #expect(try lookup(issued.token) == .revoked(id: "ci"))
    }

    @Test func rotatingRefusesTheOldTokenAtOnce() throws {
        let first = try create("ci")
        var generator = SystemRandomNumberGenerator()
        let second = try file.rotate(id: "ci", at: now, using: &generator)
        #expect(try lookup(first.token) == .revoked(id: "ci"))
        #expect(try lookup(second.token) == .grant(second.grant))
        #expect(second.grant.agent == first.grant.agent && second.grant.policy == first.grant.policy)
        #expect(throws: GrantError.self) { try file.rotate(id: "cj", at: now, using: &generator) }
    }

    @Test func theFileIsPrivateAndHasNoToken() throws {
        let issued = try create("ci")
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try !folder.text("grants.json").contains(issued.token.revealed))
    }

    @Test func aFileThatOthersCanReadIsRefused() throws {
        try create("ci")
        for mode in [0o640, 0o604, 0o660] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
            #expect {
                _ = try file.list()
            } throws: { ($0 as? GrantError)?.hint == "chmod 600 \(file.path)" }
            #expect(throws: GrantError.self) { try create("other") }
        }
    }

    @Test func whatIsNoFileOfGrantsIsRefusedAndLeftAlone() throws {
        for text in [
            "", "{}", "[]", #"{"v":2,"grants":[]}"#, #"{"v":1,"grants":[{}]}"#, #"{"v":1,"grants":[],"x":1}"#,
            #"{"v":1,"grants":[],"grants":[]}"#,
        ] {
            try folder.write(text, to: "grants.json")
            #expect(throws: GrantError.self, "\(text)") { try create("ci") }
            #expect(try folder.text("grants.json") == text)
        }
    }

    @Test func badRequestsAreRefusedWithEverythingAtOnce() throws {
        var generator = SystemRandomNumberGenerator()
        let bad = GrantRequest(id: "a b", agent: "", servers: ["esc"], policy: "buildrs")
        let known = GrantRequest.Known(servers: ["ecs"], policies: ["builders"])
        #expect {
            _ = try file.create(bad, known: known, using: &generator)
        } throws: { error in
            let lines = (error as? GrantError)?.message.split(separator: "\n") ?? []
            return lines.count == 4 && lines[2].contains("nearest: ecs") && lines[3].contains("nearest: builders")
        }
        #expect(!FileStamp(file.path).exists)
    }

    @Test func randomContentsAreReadBack() throws {
        for seed in UInt64(1)...200 {
            var generator = SeededGenerator(seed: seed)
            let parts = ["a", "\"", "\\", "ü", "💡", "/", " "]
            func text() -> String { "t" + (0..<generator.below(6)).map { _ in generator.pick(parts) }.joined() }
            var contents = GrantsFile.Contents()
            for index in 0..<generator.below(6) {
                contents.grants.append(
                    Grant(
                        id: "g\(index)", agent: text(), servers: generator.pick([["*"], ["a"], ["a", "b"]]),
                        policy: generator.pick([nil, "p"]), tokenSHA256: Token(using: &generator).sha256,
                        expires: generator.pick([nil, now]), note: generator.pick([nil, text()])))
                contents.revoked.append(RevokedGrant(id: "r", tokenSHA256: Token(using: &generator).sha256, at: now))
            }
            try folder.write(String(decoding: GrantsFileWriter.bytes(of: contents), as: UTF8.self), to: "grants.json")
            #expect(try file.list() == contents, "seed \(seed)")
        }
    }

    // MARK: Many at once

    @Test func aSheetMakesAllItsGrants() throws {
        var generator = SystemRandomNumberGenerator()
        let sheet = """
            id,agent,server,policy,expires,note
            one,agent one,ecs,builders,2026-12-31T23:59:59Z,"a ""note"", long"
            two,agent-2,ecs time,,,
            three,agent-3,*,builders,,

            """
        let issued = try file.createMany(Array(sheet.utf8), using: &generator)
        #expect(try file.list().grants == issued.map(\.grant))
        #expect(issued.map(\.grant.servers) == [["ecs"], ["ecs", "time"], ["*"]])
        #expect(issued[0].grant.note == #"a "note", long"# && issued[1].grant.policy == nil)
        for entry in issued { #expect(try lookup(entry.token) == .grant(entry.grant)) }
    }

    @Test func oneBadRowMakesNoGrantAndAllAreTold() throws {
        try create("taken")
        let before = try folder.text("grants.json")
        var generator = SystemRandomNumberGenerator()
        let known = GrantRequest.Known(servers: ["ecs"], policies: ["builders"])
        let sheet = """
            agent,id,policy,server,expires
            a,good,builders,ecs,
            a,bad id,builders,ecs,
            a,c,builders,"ecs,x",
            a,d,builders
            "a
            b",e,builders,ecs,
            a,good,builders,ecs,soon
            a,f,,,
            """
        #expect {
            _ = try file.createMany(Array(sheet.utf8), known: known, using: &generator)
        } throws: { error in
            let message = (error as? GrantError)?.message ?? ""
            let lines = message.split(separator: "\n").dropFirst().map { $0.prefix { $0 != ":" } }
            return lines == ["  line 3", "  line 4", "  line 5", "  line 6", "  line 8", "  line 8", "  line 9"]
        }
        #expect {
            _ = try file.createMany(Array("id,agent,server,policy\ntaken,a,ecs,\nnew,a,ecs,".utf8), using: &generator)
        } throws: { ($0 as? GrantError)?.code == .exists && "\($0)".contains("line 2") }
        #expect(try folder.text("grants.json") == before)
    }

    @Test(arguments: [
        "", "id,agent,server", "id,agent,server,policy", "id,agent,server,polcy\n", "id,id,agent,server,policy\n",
        "\u{0}",
    ])
    func sheetsWithoutAHeaderOrRowsAreRefused(sheet: String) {
        var generator = SystemRandomNumberGenerator()
        #expect(throws: GrantError.self) { try file.createMany(Array(sheet.utf8), using: &generator) }
        #expect(!FileStamp(file.path).exists)
    }

    // MARK: Trouble

    @Test func writersAtOnceLoseNothing() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var generator = SystemRandomNumberGenerator()
                    let file = GrantsFile(path: self.file.path)
                    for index in 0..<5 {
                        _ = try file.create(self.request("g-\(writer)-\(index)"), using: &generator)
                    }
                    _ = try file.rotate(id: "g-\(writer)-0", at: self.now, using: &generator)
                    try file.revoke(id: "g-\(writer)-1", at: self.now)
                }
            }
            try await group.waitForAll()
        }
        let contents = try file.list()
        #expect(contents.grants.count == 32 && Set(contents.grants.map(\.id)).count == 32)
        #expect(contents.revoked.count == 16)
    }

    @Test func aDiskThatRefusesLeavesTheOldFile() throws {
        let issued = try create("ci")
        for call in ["open", "write", "sync", "rename"] {
            var generator = SystemRandomNumberGenerator()
            let broken = GrantsFile(path: file.path, files: RefusingFileSystem(refused: call))
            #expect {
                _ = try broken.rotate(id: "ci", at: now, using: &generator)
            } throws: { ($0 as? GrantError)?.code == .disk }
            #expect(try lookup(issued.token) == .grant(issued.grant), "\(call)")
        }
    }
}

/// A disk on which one call fails.
private struct RefusingFileSystem: LogFileSystem {
    let refused: String
    private let real = PosixFileSystem()

    init(refused: String) {
        self.refused = refused
    }

    private func check(_ call: String, _ path: String) throws(SystemError) {
        if call == refused { throw SystemError(call, path, 28) }
    }

    func makeDirectory(_ path: String) throws(SystemError) { try real.makeDirectory(path) }
    func list(_ path: String) throws(SystemError) -> [String] { try real.list(path) }
    func space(at path: String) throws(SystemError) -> (free: Int, total: Int) { try real.space(at: path) }
    func remove(_ path: String) throws(SystemError) { try real.remove(path) }
    func syncDirectory(_ path: String) throws(SystemError) { try real.syncDirectory(path) }

    func open(_ path: String, _ access: FileAccess) throws(SystemError) -> any LogFile {
        try check("open", path)
        return RefusingFile(real: try real.open(path, access), refused: refused)
    }

    func rename(_ path: String, to target: String) throws(SystemError) {
        try check("rename", path)
        try real.rename(path, to: target)
    }
}

private final class RefusingFile: LogFile {
    private let real: any LogFile
    private let refused: String

    init(real: any LogFile, refused: String) {
        self.real = real
        self.refused = refused
    }

    func size() throws(SystemError) -> Int { try real.size() }
    func truncate(to size: Int) throws(SystemError) { try real.truncate(to: size) }
    func close() { real.close() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        try real.read(into: buffer, at: offset)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        if refused == "write" { throw SystemError("write", "", 28) }
        return try real.write(bytes)
    }

    func sync() throws(SystemError) {
        if refused == "sync" { throw SystemError("fdatasync", "", 5) }
        try real.sync()
    }
}

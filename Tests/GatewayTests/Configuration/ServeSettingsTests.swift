import AuditLog
import Events
import Foundation
import Policy
import Testing

@testable import Gateway

/// A configuration and everything it names, from a disk.
struct ServeSettingsTests {
    private let folder: TemporaryFolder
    private let policy = #"{"version":"1","default":"deny","tools":{"build":{}}}"#

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(policy, to: "p.json", mode: 0o644)
    }

    private func configuration(_ more: String = "") throws -> String {
        try folder.write(
            #"{"servers":{"ecs":{"url":"http://127.0.0.1:1/mcp"}},"policies":{"p":"p.json"}\#(more)}"#,
            to: "serve.json",
            mode: 0o644)
    }

    private func load(_ path: String, _ environment: [String: String] = [:]) throws -> ServeSettings {
        try ServeSettings.load(path, environment: environment)
    }

    private func problems(_ path: String) -> [ConfigurationProblem] {
        do {
            _ = try ServeSettings.load(path, environment: [:])
            return []
        } catch {
            return error.problems
        }
    }

    @Test func policiesAreCompiledUnderTheirNames() throws {
        let settings = try load(try configuration())
        #expect(settings.policies["p"]?.name == "p")
        #expect(settings.policies["p"]?.digest == (try PolicyLoader.load(folder.path + "/p.json").digest))
        #expect(settings.configuration.log == folder.path + "/log")
        #expect(Set(settings.files.map(\.path)) == [folder.path + "/serve.json", folder.path + "/p.json"])
    }

    @Test func yamlIsReadByTheFilesEnding() throws {
        let path = try folder.write("servers: {ecs: {url: 'http://x/mcp'}}\n", to: "serve.yml", mode: 0o644)
        #expect(try load(path).configuration.servers.keys.sorted() == ["ecs"])
    }

    @Test func grantsOfBothPlacesAreMerged() throws {
        let file = GrantsFile(path: folder.path + "/grants.json")
        var generator = SeededGenerator(seed: 1)
        let made = try file.create(
            GrantRequest(id: "filed", agent: "a", servers: ["*"], policy: "p"), using: &generator)
        let own = Token(using: &generator)
        let path = try configuration(
            """
            ,"grants_file":"grants.json",
            "grants":[{"id":"own","agent":"b","server":"ecs","token_sha256":"\(TokenDigest.hexadecimal(own.sha256))"}]
            """)
        let grants = try load(path).grants
        #expect(grants.look(up: made.token.sha256, now: .init(microseconds: 0)) == .grant(made.grant))
        #expect(grants.look(up: own.sha256, now: .init(microseconds: 0)) == grants.grant(id: "own").map { .grant($0) })
        try file.revoke(id: "own", configured: grants.grant(id: "own"), at: .init(microseconds: 5))
        #expect(try load(path).grants.look(up: own.sha256, now: .init(microseconds: 0)) == .revoked(id: "own"))
    }

    @Test func sameGrantInBothPlacesIsRefused() throws {
        let file = GrantsFile(path: folder.path + "/grants.json")
        var generator = SeededGenerator(seed: 1)
        let made = try file.create(GrantRequest(id: "a", agent: "a", servers: ["*"]), using: &generator)
        let other = TokenDigest.hexadecimal(Token(using: &generator).sha256)
        let digest = TokenDigest.hexadecimal(made.grant.tokenSHA256)
        for (id, token) in [("a", other), ("b", digest)] {
            let path = try configuration(
                """
                ,"grants_file":"grants.json",
                "grants":[{"id":"\(id)","agent":"b","server":"ecs","token_sha256":"\(token)"}]
                """
            )
            #expect(problems(path).map(\.code) == [.duplicate])
        }
    }

    @Test func everythingWrongAnywhereIsToldAtOnce() throws {
        try folder.write(
            #"{"version":"1","default":"perhaps","tools":{"t":{"limit":[]}}}"#, to: "bad.json", mode: 0o644)
        try folder.write(
            #"{"v":1,"grants":[{"id":"x","agent":"a","server":"esc","policy":"q","token_sha256":"zz"}]}"#,
            to: "grants.json")
        let path = try folder.write(
            """
            {"servers":{"ecs":{"url":"http://x/mcp","headers":{"A":"env:UNSET"}}},"listn":1,
             "policies":{"bad":"bad.json","gone":"gone.json"},"grants_file":"grants.json"}
            """, to: "serve.json")
        let told = problems(path).map {
            "\($0.file.map { _ in "grants" } ?? "serve") \($0.pointer) \($0.code.rawValue)"
        }
        #expect(
            told == [
                "serve /servers/ecs/headers/A not_found", "serve /listn unknown_field", "serve /policies/bad policy",
                "serve /policies/bad policy", "serve /policies/gone not_found", "grants /grants/0/server unknown_value",
                "grants /grants/0/policy unknown_value", "grants /grants/0/token_sha256 out_of_range",
            ])
    }

    @Test func errorsNameTheFileAndACommand() throws {
        let missing = folder.path + "/none.json"
        #expect {
            _ = try ServeSettings.load(missing, environment: [:])
        } throws: { error in
            let error = error as? ConfigurationError
            return error?.code == .unreadable && error?.hint == "ls -l \(missing)"
                && error?.message.contains(missing) == true
        }
        let path = try folder.write("{}", to: "serve.json")
        #expect {
            _ = try ServeSettings.load(path, environment: [:])
        } throws: { error in
            let error = error as? ConfigurationError
            return error?.code == .refused && error?.hint == "tollgate serve --config \(path) --check"
                && error?.files.map(\.path) == [path]
        }
    }

    @Test func filesThatOthersCanReadAreRefused() throws {
        try folder.write("secret", to: "token", mode: 0o640)
        try folder.write(#"{"v":1,"grants":[]}"#, to: "grants.json", mode: 0o604)
        let path = try folder.write(
            #"{"servers":{"a":{"url":"http://x/","headers":{"A":"file:token"}}},"grants_file":"grants.json"}"#,
            to: "serve.json")
        #expect(
            problems(path).map { "\($0.pointer) \($0.code.rawValue)" } == [
                "/servers/a/headers/A exposed", "/grants_file exposed",
            ])
        for name in ["token", "grants.json"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.path + "/" + name)
        }
        #expect(problems(path).isEmpty)
    }

    @Test func aChangeOfAnyFileIsNoticed() throws {
        let path = try configuration(#","grants_file":"grants.json""#)
        for change in ["serve.json", "p.json", "grants.json"] {
            let settings = try load(path)
            #expect(!settings.haveFilesChanged)
            let before = (try? folder.text(change)) ?? #"{"v":1,"grants":[]}"#
            try folder.write(before + "\n", to: change)
            #expect(settings.haveFilesChanged, "\(change)")
        }
        // The same bytes in another file are another file: what is replaced by renaming keeps size and may keep time.
        let settings = try load(path)
        try folder.write(try folder.text("p.json"), to: "p.new")
        try PosixFileSystem().rename(folder.path + "/p.new", to: folder.path + "/p.json")
        #expect(settings.haveFilesChanged)
    }

    @Test func theExampleCanBeServed() throws {
        for name in ["serve.json", "serve.yaml"] {
            var root = URL(fileURLWithPath: #filePath)
            for _ in 0..<4 { root.deleteLastPathComponent() }
            let settings = try load(root.appendingPathComponent("Examples/\(name)").path)
            #expect(settings.policies.keys.sorted() == ["demo", "page"])
        }
    }
}

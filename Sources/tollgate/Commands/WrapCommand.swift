import ArgumentParser
import Foundation
import Gateway

/// `tollgate wrap`: puts `run` before every server of a client.
struct WrapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wrap",
        abstract: "Put tollgate before every stdio server in a client's mcp.json, or take it away again.",
        discussion: """
            Only the commands change; a copy of the file is kept beside it. Restart the client afterwards.

            Example:
              tollgate wrap ~/.cursor/mcp.json
              tollgate wrap ~/.cursor/mcp.json --undo
            """)

    @Argument(help: ArgumentHelp("The client's configuration file.", valueName: "file"))
    var file: String
    @Option(help: ArgumentHelp("The policy to enforce; without one, tollgate observes.", valueName: "file"))
    var policy: String?
    @Flag(help: "Take tollgate away again.")
    var undo = false
    @Flag(help: "Show what would change, and change nothing.")
    var dryRun = false

    func run() throws {
        let path = Places.absolute(file)
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure("cannot read \(path)", hint: "ls -l \(path)")
        }
        if let policy { _ = try PolicyLoader.load(Places.absolute(policy)) }
        let before = [UInt8](data)
        var configuration = ClientConfiguration(bytes: before)
        let prefix = ClientConfiguration.Prefix(
            executable: Places.executable, policy: policy.map { Places.absolute($0) })
        do {
            if undo { try configuration.unwrap() } else { try configuration.wrap(prefix) }
        } catch {
            throw Failure("cannot wrap \(path): \(error)", hint: "python3 -m json.tool \(path)")
        }
        if undo, !configuration.changes.contains(where: { $0.change == .unwrapped }) {
            throw Failure("nothing in \(path) is wrapped", hint: "tollgate wrap \(path)")
        }
        let after = undo ? original(path, unwrapped: configuration.bytes) : configuration.bytes
        show(configuration, before: before, after: after)
        guard !dryRun, after != before else { return }
        if !undo { try save(before, to: copyPath(path)) }
        try save(after, to: path)
        Console.output(
            undo
                ? "restored \(path)\n"
                : "wrapped \(path); the file as it was: \(copyPath(path))\nnext: restart the client, then: tollgate tail -f\n"
        )
    }

    private func copyPath(_ path: String) -> String {
        path + ".before-tollgate"
    }

    /// The kept copy, where taking tollgate away leads back to it but for spaces and an empty list of arguments.
    private func original(_ path: String, unwrapped: [UInt8]) -> [UInt8] {
        guard let copy = FileManager.default.contents(atPath: copyPath(path)) else { return unwrapped }
        var again = ClientConfiguration(bytes: [UInt8](copy))
        let any = ClientConfiguration.Prefix(executable: Places.executable, policy: nil)
        guard (try? again.wrap(any)) != nil, (try? again.unwrap()) != nil, again.bytes == unwrapped else {
            return unwrapped
        }
        return [UInt8](copy)
    }

    /// Replaces a file, keeping its mode.
    private func save(_ bytes: [UInt8], to path: String) throws {
        let mode = (try? FileManager.default.attributesOfItem(atPath: file))?[.posixPermissions] ?? 0o600
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        } catch {
            throw Failure("cannot write \(path): \(error.localizedDescription)", hint: "ls -ld \(path)")
        }
    }

    private func show(_ configuration: ClientConfiguration, before: [UInt8], after: [UInt8]) {
        for (server, change) in configuration.changes {
            let words =
                switch change {
                case .wrapped: "wrapped"
                case .alreadyWrapped: "is wrapped already"
                case .unwrapped: "unwrapped"
                case .notWrapped: "was not wrapped"
                case .remote: "is reached over HTTP: left as it is (that is for 'tollgate serve', to come)"
                case .unknown: "has neither command nor url: left as it is"
                }
            Console.output("\(server): \(words)\n")
        }
        let old = String(decoding: before, as: UTF8.self).components(separatedBy: "\n")
        let new = String(decoding: after, as: UTF8.self).components(separatedBy: "\n")
        for step in new.difference(from: old) {
            switch step {
            case .remove(_, let line, _): Console.output("  - \(line)\n")
            case .insert(_, let line, _): Console.output("  + \(line)\n")
            }
        }
    }
}

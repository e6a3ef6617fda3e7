import ArgumentParser
import AuditLog
import Events
import Foundation
import Gateway

/// `tollgate log match`: says whether given arguments were a call's.
struct LogMatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "match",
        abstract: "Say whether given arguments were those of a recorded call.",
        discussion: """
            The log holds a digest of a call's arguments, under a key that stays with the gateway. Key order, white space
            and the spelling of numbers do not matter.

            Exit status: 0 they are the same, 1 they are not.

            Example:
              echo '{"image":"web","tag":"v1"}' | tollgate log match --seq 4711 --args - --log DIR
            """)

    @OptionGroup var selection: OneLog
    @Option(help: ArgumentHelp("The call's record.", valueName: "n"))
    var seq: UInt64
    @Option(help: ArgumentHelp("A file with the arguments as JSON; - for standard input.", valueName: "file"))
    var args: String
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let (log, identity) = try selection.existing()
        let decision = try decision(in: log)
        guard let recorded = decision.argumentDigest else {
            throw Failure("record \(seq) keeps no digest of arguments", hint: "tollgate tail --json --log \(log.path)")
        }
        let own = try ArgumentMatch.digest(of: try input(), logOf: identity.origin, stateFolder: Places.state)
        let isSame = own == recorded
        if json {
            let object: [String: Any] = [
                "log": log.name, "seq": Int(seq), "matches": isSame, "recorded": recorded.description,
            ]
            Console.output(JSONText.line(object) + "\n")
        }
        guard isSame else {
            throw Failure(
                "these are not the arguments of \(log.name)/\(seq) (\(decision.tool ?? "?"))",
                hint: "the record has \(decision.argumentBytes ?? 0) bytes and the keys \(decision.argumentKeys ?? [])",
                status: 1)
        }
        if !json { Console.output("these are the arguments of \(log.name)/\(seq) (\(decision.tool ?? "?"))\n") }
    }

    private func decision(in log: LogDirectory) throws -> Decision {
        let reader = try LogReader(log, from: seq)
        guard let block = try reader.nextBlock(), block.firstSeq == seq else {
            throw Failure("\(log.name) has no record \(seq)", hint: "tollgate log stats --log \(log.path)")
        }
        var found: Decision?
        try block.forEachLine { (number, line) throws(RecordError) in
            guard number == seq, case .decision(let decision) = try Record(utf8: line).body else { return }
            found = decision
        }
        guard let found else {
            throw Failure("record \(seq) is no decision", hint: "tollgate tail --json --log \(log.path)")
        }
        return found
    }

    private func input() throws -> [UInt8] {
        if args == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
        guard let data = FileManager.default.contents(atPath: Places.absolute(args)) else {
            throw Failure("cannot read \(args)", hint: "ls -l \(args)")
        }
        return Array(data)
    }
}

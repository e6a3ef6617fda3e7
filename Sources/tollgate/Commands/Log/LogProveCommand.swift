import ArgumentParser
import AuditLog
import Foundation
import Terminal

/// `tollgate log prove`: proofs that can be checked without tollgate.
struct LogProveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Prove that a record is in the log, or that a head's records are the beginning of a later one's.",
        discussion: """
            The proof goes to standard output: of a record as a C2SP tlog-proof with the record in it, of two heads in the
            form of C2SP's tlog-witness. Examples/verify.py checks the first.

            Examples:
              tollgate log prove --seq 4711 --log DIR > 4711.tlog-proof
              tollgate log prove --from 1000 --log DIR          from a head of 1,000 records to the newest
            """)

    @OptionGroup var selection: OneLog
    @Option(help: ArgumentHelp("The record to prove.", valueName: "n"))
    var seq: UInt64?
    @Option(help: ArgumentHelp("The earlier head's number of records.", valueName: "size"))
    var from: UInt64?
    @Option(help: ArgumentHelp("The later head's number of records (default: the newest head's).", valueName: "size"))
    var to: UInt64?
    @Flag(help: "Print one JSON object with the proof in it.")
    var json = false

    func validate() throws {
        guard (seq == nil) != (from == nil) else { throw ValidationError("either --seq or --from is needed") }
        guard to == nil || from != nil else { throw ValidationError("--to goes with --from") }
    }

    func run() throws {
        let log = try selection.existing().log
        var progress = Console.progress("reading", unit: "records")
        let prover = LogProver(log) { records in progress.update(records, now: Console.now) }
        let proof =
            if let seq { try prover.inclusion(of: seq) } else { try prover.consistency(from: from ?? 0, to: to) }
        progress.finish()
        guard json else { return Console.output(proof) }
        var object: [String: Any] = ["log": log.name, "proof": proof]
        object["seq"] = seq.map { Int($0) }
        object["from"] = from.map { Int($0) }
        Console.output(JSONText.line(object) + "\n")
    }
}

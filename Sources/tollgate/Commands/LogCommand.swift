import ArgumentParser
import AuditLog
import Events
import Foundation
import Terminal

/// `tollgate log`: what can be done with a log itself.
struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Check a log.", subcommands: [LogVerifyCommand.self])
}

/// `tollgate log verify`: reads a log whole and says whether it is.
struct LogVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every member's CRC, every record, seqs and times of a log.",
        discussion: """
            Exit status: 0 whole, 3 damaged (the first bad record is named).

            Example:
              tollgate log verify --log ~/.local/share/tollgate/logs/ecs-mcp-server
            """)

    @OptionGroup var selection: LogSelection
    @Flag(help: "Print one JSON object for each log.")
    var json = false

    func run() throws {
        var damages: [(log: LogDirectory, text: String)] = []
        for log in try selection.logs() {
            var progress = Console.progress("verifying", unit: "records")
            let result = try LogVerifier(log) { state in
                progress.update(state.records, now: Console.now)
            }.verify()
            progress.finish()
            if json { Console.output(jsonLine(log, result) + "\n") }
            if let fault = result.fault {
                damages.append((log, describe(fault, after: result.records)))
            } else if !json {
                Console.output(text(log, result) + "\n")
            }
        }
        guard let first = damages.first else { return }
        throw Failure(
            damages.map { "\($0.log.name) is damaged \($0.text)" }.joined(separator: "\n"),
            hint: "tollgate tail --json --log \(first.log.path)   (prints what can still be read)", status: 3)
    }

    private func describe(_ fault: LogVerification.Fault, after records: Int) -> String {
        """
        at seq \(fault.seq): \(fault.what) (segment \(fault.segment), offset \(fault.offset)); \
        \(records) records before it are whole
        """
    }

    private func text(_ log: LogDirectory, _ result: LogVerification) -> String {
        guard result.records > 0 else { return "\(log.name): empty" }
        var text = "\(log.name): log verified to seq \(result.nextSeq - 1), \(result.records) records"
        text += ", \(result.gapRecords) gaps"
        if result.lostRecords > 0 { text += " (\(result.lostRecords) records lost)" }
        if result.tornBytes > 0 { text += ", \(result.tornBytes) bytes of a torn tail that the next writer repairs" }
        return text + "; self-consistent (signed heads are to come)"
    }

    private func jsonLine(_ log: LogDirectory, _ result: LogVerification) -> String {
        var object: [String: Any] = [
            "log": log.name, "path": log.path, "records": result.records, "blocks": result.blocks,
            "segments": result.segments, "compressed_bytes": result.compressedBytes,
            "plaintext_bytes": result.plaintextBytes, "first_seq": Int(result.firstSeq),
            "next_seq": Int(result.nextSeq),
            "gaps": result.gapRecords, "lost": result.lostRecords, "torn_bytes": result.tornBytes,
            "ok": result.fault == nil,
        ]
        object["first_ts"] = result.firstTimestamp?.description
        object["last_ts"] = result.lastTimestamp?.description
        if let fault = result.fault {
            object["fault"] = [
                "seq": Int(fault.seq), "segment": fault.segment, "offset": fault.offset, "what": fault.what,
            ]
        }
        return JSONText.line(object)
    }
}

/// One line of JSON for programs.
enum JSONText {
    static func line(_ object: [String: Any]) -> String {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        let data = try? JSONSerialization.data(withJSONObject: object, options: options)
        return String(decoding: data ?? Data("{}".utf8), as: UTF8.self)
    }
}

import ArgumentParser
import AuditLog
import Foundation
import Gateway
import Terminal

/// `tollgate log seal`: makes finished segments small, and says for ever what they were.
struct LogSealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal",
        abstract: "End the active segment, and seal all segments that are finished.",
        discussion: """
            Sealing merges many small members into full ones; the records stay the same, byte for byte. A writer seals
            by itself, each time a segment has ended (64 MiB or a day): this is for an archive, or before a copy.

            Where a gateway runs, it does the work; else this command holds the log meanwhile.

            Exit status: 0 sealed, 3 a segment is damaged and was left as it is, 6 the disk refused, 7 a process
            without a control socket holds the log.

            Example:
              tollgate log seal --log ~/.local/share/tollgate/logs/ecs-mcp-server
            """)

    @OptionGroup var selection: OneLog
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let (log, identity) = try selection.existing()
        var progress = Console.progress("sealing", unit: "records")
        let reply = try LogDesk(log: log, identity: identity).ask(ControlRequest(.seal)) { writer throws(LogError) in
            try LogUpkeep.seal(writer) { progress.update($0, now: Console.now) }
        }
        progress.finish()
        let sealed = reply["sealed"]?.list ?? []
        let left = reply["left"]?.list ?? []
        if json {
            Console.output(ControlValue.object(reply.fields).json + "\n")
        } else {
            let (before, after) = (reply["bytes_before"]?.integer ?? 0, reply["bytes"]?.integer ?? 0)
            let bytes = sealed.isEmpty ? "" : ", \(before) bytes before, \(after) now"
            Console.output("\(log.name): \(sealed.count) segments sealed\(bytes)\n")
        }
        guard let first = left.first, let segment = first["segment"]?.text, let why = first["why"]?.text else { return }
        throw Failure(
            "\(left.count) segments are not sealed, such as \(segment): \(why)",
            hint: "tollgate log verify --log \(log.path)", status: why.hasPrefix("damaged") ? 3 : 6)
    }
}

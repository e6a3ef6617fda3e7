import ArgumentParser
import AuditLog
import Foundation
import Gateway
import Terminal

/// `tollgate log retain`: removes the oldest records, provably.
struct LogRetainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retain",
        abstract: "Remove the oldest sealed segments, or hold a log so that nothing is removed.",
        discussion: """
            Only whole sealed segments go, the oldest first; each removal is a record first. Manifests, signed heads and
            the tree's nodes stay, so that proofs for all other records still verify. Nothing goes that is younger than
            --keep-at-least, nor what a registered reader (the ingester, the watch) has not read in a week, nor
            anything while the log is held.

            `serve` keeps to its configuration's "retention" by itself.

            Exit status: 0 the bounds are kept, 1 they are not, and why, 6 the disk refused, 7 a process without a
            control socket holds the log.

            Examples:
              tollgate log retain --age 400d --log DIR --dry-run
              tollgate log retain --bytes 50GB --log DIR
              tollgate log retain --hold 'case 4711' --log DIR
            """)

    @OptionGroup var selection: OneLog
    @Option(help: ArgumentHelp("Remove segments whose last record is older.", valueName: "span"))
    var age: Span?
    @Option(help: ArgumentHelp("Remove the oldest until no more is left, such as 50GB.", valueName: "size"))
    var bytes: ByteCount?
    @Option(help: ArgumentHelp("Never remove what is younger.", valueName: "span"))
    var keepAtLeast = Span(seconds: Retention().keepSeconds)
    @Flag(help: "Do not wait for readers.")
    var force = false
    @Flag(help: "Change nothing.")
    var dryRun = false
    @Option(help: ArgumentHelp("Remove nothing from now on, for this reason.", valueName: "reason"))
    var hold: String?
    @Flag(help: "End a hold.")
    var release = false
    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        let isRule = age != nil || bytes != nil
        guard [isRule, hold != nil, release].filter({ $0 }).count == 1 else {
            throw ValidationError("one of --age and --bytes (or both), --hold, --release is needed")
        }
        if let hold, hold.isEmpty || hold.contains("\n") || hold.utf8.count > 500 {
            throw ValidationError("--hold takes one line of at most 500 bytes")
        }
    }

    func run() throws {
        let (log, identity) = try selection.existing()
        if hold != nil || release { return try holdOrRelease(log) }
        var rule = Retention()
        (rule.ageSeconds, rule.bytes) = (age?.seconds, bytes?.count)
        (rule.keepSeconds, rule.passesReaders) = (keepAtLeast.seconds, force)
        let reply =
            dryRun
            ? LogUpkeep.reply(try RetentionReport.planned(log, rule, now: Console.now))
            : try LogDesk(log: log, identity: identity).ask(LogUpkeep.request(rule)) { [rule] writer throws(LogError) in
                try LogUpkeep.retain(writer, rule)
            }
        let removed = reply["removed"]?.list ?? []
        if json {
            Console.output(ControlValue.object(reply.fields).json + "\n")
        } else {
            let verb = dryRun ? "would be removed" : "removed"
            let through = removed.last?["last_seq"]?.integer.map { ", records to \($0)" } ?? ""
            Console.output(
                "\(log.name): \(removed.count) segments \(verb)\(through), \(reply["bytes"]?.integer ?? 0) bytes\n")
        }
        guard let why = reply["stopped_by"]?.text else { return }
        throw Failure(
            "\(log.name): more would go by these bounds, but \(why)", hint: "tollgate log retain --help", status: 1)
    }

    private func holdOrRelease(_ log: LogDirectory) throws {
        let files = PosixFileSystem()
        if let hold {
            try files.replace(log.holdPath, with: Array((hold + "\n").utf8))
        } else if files.exists(log.holdPath) {
            try files.remove(log.holdPath)
            try files.syncDirectory(log.path)
        }
        if json { return Console.output(JSONText.line(["log": log.name, "held": hold != nil]) + "\n") }
        Console.output("\(log.name): \(hold.map { "held: \($0)" } ?? "not held")\n")
    }
}

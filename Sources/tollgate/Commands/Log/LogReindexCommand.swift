import ArgumentParser
import AuditLog
import Foundation
import Terminal

/// `tollgate log reindex`: makes what is derived from a log's records anew.
struct LogReindexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reindex",
        abstract: "Make the segments' indexes and the tree's nodes anew from the records.",
        discussion: """
            Both are derived: without them the log is whole, and only slower to search and to prove. Segments and
            manifests are not touched. A segment that is damaged gets an index of what is before the damage.

            Exit status: 0 done, 3 a segment is damaged, 6 the disk refused, 7 somebody writes the log.

            Example:
              tollgate log reindex --log DIR
            """)

    @OptionGroup var selection: OneLog
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let (log, identity) = try selection.existing()
        var progress = Console.progress("indexing", unit: "records")
        let report = try LogReindexer(log, identity) { progress.update($0, now: Console.now) }.run()
        progress.finish()
        if json {
            Console.output(
                JSONText.line([
                    "log": log.name, "segments": report.segments, "records": report.records,
                    "damaged": report.damaged.map { LogDirectory.segmentName($0) }, "tiles": report.hasTiles,
                ]) + "\n")
        } else {
            let tiles = report.hasTiles ? "" : "; the tree's nodes are as they were, because records are missing"
            Console.output("\(log.name): \(report.segments) segments, \(report.records) records\(tiles)\n")
        }
        guard let first = report.damaged.first else { return }
        throw Failure(
            "\(report.damaged.count) segments are damaged, such as \(LogDirectory.segmentName(first))",
            hint: "tollgate log verify --log \(log.path)", status: 3)
    }
}

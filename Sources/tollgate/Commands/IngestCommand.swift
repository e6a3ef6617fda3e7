import ArgumentParser
import AuditLog
import Events
import Foundation
import Ingest
import Terminal
import Warehouse

/// The options of commands that open the warehouse.
struct WarehouseSelection: ParsableArguments {
    @Option(name: .customLong("db"), help: ArgumentHelp("The warehouse's file.", valueName: "file"))
    var path: String?

    var file: String {
        path.map { Places.absolute($0) } ?? Places.home.warehousePath
    }
}

/// `tollgate ingest`: log → warehouse, exactly once.
struct IngestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Load what is new in the logs into the warehouse, exactly once.",
        discussion: """
            Reading commands do this by themselves; --follow keeps the warehouse current.

            Example:
              tollgate ingest --follow
            """)

    @OptionGroup var selection: LogSelection
    @OptionGroup var warehouse: WarehouseSelection
    @Flag(help: "Go on as new records come.")
    var follow = false
    @Flag(help: "Delete the warehouse and build it anew from the logs.")
    var rebuild = false

    func run() throws {
        if rebuild { try removeWarehouse() }
        let ingester = try Loading.ingester(warehouse)
        guard follow else {
            Console.output(try Loading.load(selection, ingester).description + "\n")
            return
        }
        let stop = StopSignal()
        try ingester.follow(
            logs: { selection.paths.isEmpty ? Places.home.logs() : (try? selection.logs()) ?? [] },
            until: { stop.isSet },
            report: { Console.output($0.description + "\n") })
    }

    private func removeWarehouse() throws {
        for ending in ["", "-wal", "-shm"] {
            let path = warehouse.file + ending
            guard FileManager.default.fileExists(atPath: path) else { continue }
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                throw Failure("cannot remove \(path): \(error.localizedDescription)", hint: "ls -l \(path)", status: 6)
            }
        }
    }
}

/// Loading what is new, for commands that read.
enum Loading {
    static func ingester(_ warehouse: WarehouseSelection) throws -> Ingester {
        let folder = (warehouse.file as NSString).deletingLastPathComponent
        try PosixFileSystem().makeDirectory(folder)
        return Ingester(store: try WarehouseStore(creating: warehouse.file))
    }

    static func load(_ selection: LogSelection, _ ingester: Ingester) throws -> IngestSummary {
        var progress = Console.progress("loading", unit: "records")
        defer { progress.finish() }
        return try ingester.catchUp(logs: try selection.logs()) { loaded in
            progress.update(loaded, now: Console.now)
        }
    }

    /// The warehouse with all that is new; what was loaded is told on standard error.
    static func store(_ selection: LogSelection, _ warehouse: WarehouseSelection, ingests: Bool) throws
        -> WarehouseStore
    {
        let ingester = try ingester(warehouse)
        if ingests {
            let summary = try load(selection, ingester)
            Console.error(summary.description + "\n")
        }
        return ingester.store
    }
}

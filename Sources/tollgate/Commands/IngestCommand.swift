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
        if rebuild { try Ingester.makeAnew(warehouse.file) }
        let loading = try Loading(warehouse)
        guard follow else {
            Console.output(try loading.catchUp(selection) + "\n")
            return
        }
        let stop = StopSignal()
        try loading.ingester.follow(
            { selection.paths.isEmpty ? Places.home.logs() : (try? selection.logs()) ?? [] }, until: stop.flag
        ) { notice in
            switch notice {
            case .loaded(let summary):
                let reached = summary.logs.map { "\($0.name)/\($0.nextSeq)" }.joined(separator: " ")
                Console.output("loaded \(summary.records) records, \(summary.rejects) rejected; next \(reached)\n")
            case .found(let log): Console.output("following \(log.name)\n")
            case .trouble(let error): Console.error("tollgate: \(error); trying again\n")
            case .recovered: Console.error("tollgate: going on\n")
            }
        }
    }
}

/// A warehouse and what loads it.
struct Loading {
    let store: WarehouseStore
    let ingester: Ingester

    init(_ warehouse: WarehouseSelection) throws {
        try PosixFileSystem().makeDirectory((warehouse.file as NSString).deletingLastPathComponent)
        store = try WarehouseStore(creating: warehouse.file)
        ingester = try Ingester(store)
    }

    /// Loads what is new, and says so in one line.
    func catchUp(_ selection: LogSelection) throws -> String {
        let summary = try ingester.catchUp(try selection.logs())
        return summary.line(try store.coverage())
    }

    /// The warehouse with all that is new; what was loaded is told on standard error.
    static func store(
        _ selection: LogSelection, _ warehouse: WarehouseSelection, ingests: Bool
    ) throws -> WarehouseStore {
        guard ingests else { return try WarehouseStore(reading: warehouse.file) }
        let loading = try Loading(warehouse)
        Console.error(try loading.catchUp(selection) + "\n")
        return loading.store
    }
}

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

            --keep deletes from the warehouse, never from the log, what is older than so many whole UTC days: calls,
            requests (all else that was decided), events, alerts, rejects, hours and days (the sums by hour and by day,
            which have to outlive what they sum). What has no age stays. It holds for this command alone; with --follow
            it is done once an hour.

            Examples:
              tollgate ingest --follow
              tollgate ingest --keep calls=90d,requests=30d,hours=400d
              tollgate ingest --stats
            """)

    @OptionGroup var selection: LogSelection
    @OptionGroup var warehouse: WarehouseSelection
    @Flag(help: "Go on as new records come.")
    var follow = false
    @Flag(help: "Delete the warehouse and build it anew from the logs.")
    var rebuild = false
    @Option(
        help: ArgumentHelp("Delete what is older: calls=90d,requests=30d,…", valueName: "ages"),
        transform: { text in
            switch KeepRule.read(text) {
            case .success(let rule): return rule
            case .failure(let mistakes): throw ValidationError(mistakes.texts.joined(separator: "; "))
            }
        })
    var keep: KeepRule?
    @Flag(help: "Load nothing; say what the warehouse holds, since when and in how many bytes.")
    var stats = false
    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if stats, follow || rebuild || keep != nil { throw ValidationError("--stats changes nothing and stands alone") }
        if json, follow { throw ValidationError("--json and --follow do not go together") }
    }

    func run() throws {
        if stats { return try showStatistics() }
        if rebuild { try Ingester.makeAnew(warehouse.file) }
        var options = IngestOptions()
        options.keep = keep
        let loading = try Loading(warehouse, options)
        if follow { return try self.follow(loading) }
        let (summary, coverage) = try loading.catchUp(selection)
        let kept = try keep.map { try loading.keep($0) }
        guard json else {
            Console.output(summary.line(coverage) + "\n" + (kept.map { $0.line + "\n" } ?? ""))
            return
        }
        Console.output(JSONText.line(IngestFigures.object(summary, coverage, kept)) + "\n")
    }

    private func follow(_ loading: Loading) throws {
        let stop = StopSignal()
        WeekService.begin(warehouse.file, until: stop.flag)
        try loading.ingester.follow(
            { selection.paths.isEmpty ? Places.home.logs() : (try? selection.logs()) ?? [] }, until: stop.flag
        ) { notice in
            switch notice {
            case .loaded(let summary):
                let reached = summary.logs.map { "\($0.name)/\($0.nextSeq)" }.joined(separator: " ")
                Console.output("loaded \(summary.records) records, \(summary.rejects) rejected; next \(reached)\n")
            case .kept(let summary): Console.output(summary.line + "\n")
            case .found(let log): Console.output("following \(log.name)\n")
            case .trouble(let error): Console.error("tollgate: \(error); trying again\n")
            case .recovered: Console.error("tollgate: going on\n")
            }
        }
    }

    private func showStatistics() throws {
        var progress = Console.progress("counting", unit: "tables")
        let statistics = try WarehouseStore(reading: warehouse.file).statistics { done, _ in
            progress.update(done, now: Console.now)
        }
        progress.finish()
        Console.output(
            json ? JSONText.line(StatisticsText.object(statistics)) + "\n" : StatisticsText.lines(statistics))
    }
}

/// A warehouse and what loads it.
struct Loading {
    let store: WarehouseStore
    let ingester: Ingester

    init(_ warehouse: WarehouseSelection, _ options: IngestOptions = IngestOptions()) throws {
        try PosixFileSystem().makeDirectory((warehouse.file as NSString).deletingLastPathComponent)
        store = try WarehouseStore(creating: warehouse.file)
        ingester = try Ingester(store, options: options)
    }

    /// Loads what is new.
    func catchUp(_ selection: LogSelection) throws -> (summary: IngestSummary, coverage: Coverage) {
        var progress = Console.progress("loading", unit: "records")
        defer { progress.finish() }
        let summary = try ingester.catchUp(try selection.logs()) { progress.update($0, now: Console.now) }
        return (summary, try store.coverage())
    }

    /// Deletes what is no longer kept.
    func keep(_ rule: KeepRule) throws -> KeepSummary {
        var progress = Console.progress("deleting", unit: "rows")
        defer { progress.finish() }
        return try ingester.keep(rule) { progress.update($0, now: Console.now) }
    }

    /// The warehouse with all that is new; what was loaded is told on standard error.
    static func store(
        _ selection: LogSelection, _ warehouse: WarehouseSelection, ingests: Bool
    ) throws -> WarehouseStore {
        guard ingests else { return try WarehouseStore(reading: warehouse.file) }
        let loading = try Loading(warehouse)
        let (summary, coverage) = try loading.catchUp(selection)
        Console.error(summary.line(coverage) + "\n")
        return loading.store
    }
}

import ArgumentParser
import AuditLog
import Foundation
import Gateway

/// The options of commands that follow logs: which ones, and which watch belongs to them.
struct LiveSelection: ParsableArguments {
    @OptionGroup var selection: LogSelection
    @Option(help: ArgumentHelp("The configuration of `serve`: its log, and its watch's.", valueName: "file"))
    var config: String?

    /// Finds out where the logs are.
    ///
    /// - Throws: `ConfigurationError`, and `LogError` where a log that `--log` names is not there.
    func places() throws -> LivePlaces {
        var watchLog: LogDirectory?
        var places: LivePlaces.Source = .home(Places.home)
        if let config {
            let settings = try ServeSettings.load(
                Places.absolute(config), environment: ProcessInfo.processInfo.environment)
            let watch = LogDirectory(path: settings.configuration.watch.log)
            watchLog = watch
            places = .named([LogDirectory(path: settings.configuration.log), watch])
        }
        if !selection.paths.isEmpty {
            let logs = try selection.logs()
            watchLog = watchLog ?? logs.first { FileManager.default.fileExists(atPath: Places.outbox(of: $0)) }
            places = .fixed(logs)
        }
        return LivePlaces(source: places, watchLog: watchLog ?? Places.home.log(named: "watch"))
    }
}

/// Where logs are that are followed.
struct LivePlaces {
    enum Source {
        /// These, which are there.
        case fixed([LogDirectory])
        /// These, as soon as they are there.
        case named([LogDirectory])
        /// All of a home.
        case home(LogHome)
    }

    let source: Source
    /// The log of the watch whose outbox knows the alerts.
    let watchLog: LogDirectory

    /// The logs that are there by now.
    func present() -> [LogDirectory] {
        switch source {
        case .fixed(let logs): logs
        case .named(let logs): logs.filter { FileManager.default.fileExists(atPath: $0.identityPath) }
        case .home(let home): home.logs()
        }
    }

    /// The logs that are there by now.
    ///
    /// - Throws: `Failure` where there is none.
    func atLeastOne() throws -> [LogDirectory] {
        let logs = present()
        guard logs.isEmpty else { return logs }
        switch source {
        case .home(let home): throw LogSelection.none(in: home)
        case .fixed(let logs), .named(let logs):
            throw Failure("no log yet in \(logs.first?.path ?? "")", hint: "tollgate serve --config FILE")
        }
    }

    /// Whether logs may come into being.
    var mayGrow: Bool {
        if case .fixed = source { false } else { true }
    }
}

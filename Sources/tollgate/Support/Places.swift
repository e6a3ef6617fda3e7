import ArgumentParser
import AuditLog
import Foundation

/// Where this user's files are.
enum Places {
    private static func variable(_ name: String) -> String? {
        let value = ProcessInfo.processInfo.environment[name]
        return value?.isEmpty == false ? value : nil
    }

    private static var userFolder: String {
        variable("HOME") ?? NSHomeDirectory()
    }

    /// `$TOLLGATE_HOME`, else `$XDG_DATA_HOME/tollgate`, else `~/.local/share/tollgate`.
    static var home: LogHome {
        let path =
            variable("TOLLGATE_HOME") ?? variable("XDG_DATA_HOME").map { $0 + "/tollgate" }
            ?? userFolder + "/.local/share/tollgate"
        return LogHome(path: absolute(path))
    }

    /// `$XDG_STATE_HOME/tollgate`, else `~/.local/state/tollgate`: keys, which must not travel with the log.
    static var state: String {
        absolute(variable("XDG_STATE_HOME").map { $0 + "/tollgate" } ?? userFolder + "/.local/state/tollgate")
    }

    /// The outbox of a watch, beside its log.
    static func outbox(of log: LogDirectory) -> String { log.path + ".alerts.sqlite" }

    /// Who runs this command, by the operating system's word.
    static var user: String {
        getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid \(geteuid())"
    }

    /// A path from the root; `~` is the user's folder.
    static func absolute(_ path: String) -> String {
        if path == "~" || path.hasPrefix("~/") { return userFolder + path.dropFirst() }
        if path.hasPrefix("/") { return path }
        return FileManager.default.currentDirectoryPath + "/" + path
    }

    /// This machine's name.
    ///
    /// Foundation's would ask the network.
    static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.isEmpty ? "localhost" : text
    }

    /// This program's own absolute path.
    static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "tollgate"
    }
}

/// The options of commands that read logs.
struct LogSelection: ParsableArguments {
    @Option(name: .customLong("log"), help: ArgumentHelp("A log's folder; may be repeated.", valueName: "dir"))
    var paths: [String] = []

    /// The logs named, else all of the home.
    func logs() throws -> [LogDirectory] {
        guard paths.isEmpty else {
            let logs = paths.map { LogDirectory(path: Places.absolute($0)) }
            for log in logs { _ = try LogIdentity.read(log) }
            return logs
        }
        let logs = Places.home.logs()
        guard !logs.isEmpty else { throw LogSelection.none(in: Places.home) }
        return logs
    }

    /// Says that a home has no log.
    static func none(in home: LogHome) -> Failure {
        Failure("no logs yet in \(home.path)", hint: "tollgate run -- COMMAND   (or: tollgate wrap FILE)")
    }
}

/// Which one log a command is about.
struct OneLog: ParsableArguments {
    @Option(name: .customLong("log"), help: ArgumentHelp("The log's folder.", valueName: "dir"))
    var path: String

    /// The folder, which need not exist.
    var folder: LogDirectory { LogDirectory(path: Places.absolute(path)) }

    /// The log and who it is.
    ///
    /// - Throws: `LogError` where there is none.
    func existing() throws -> (log: LogDirectory, identity: LogIdentity) {
        let log = folder
        return (log, try LogIdentity.read(log))
    }
}

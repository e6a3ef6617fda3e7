import ArgumentParser
import AuditLog
import Foundation
import Gateway
import Terminal

/// `tollgate doctor`: looks at what a first-day user gets wrong.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at home, logs, keys and disk, and say what is wrong and what to do.",
        discussion: """
            With --config it looks at a gateway's configuration, its servers, its port and its limits as well.
            Exit status: 0 nothing is wrong, 1 something is.

            Example:
              tollgate doctor
              tollgate doctor --config serve.json
            """)

    @Option(help: ArgumentHelp("The configuration of `serve`.", valueName: "file"))
    var config: String?

    func run() throws {
        let home = Places.home
        var isWell = true
        func say(_ ok: Bool, _ text: String, hint: String? = nil) {
            Console.output("\(ok ? "ok   " : "WRONG") \(text)\n")
            if !ok, let hint { Console.output("      hint: \(hint)\n") }
            isWell = isWell && ok
        }
        checkFolder(home.path, "home", say)
        var logs = home.logs()
        if let config, let log = checkGateway(Places.absolute(config), say) { logs.append(log) }
        say(true, logs.isEmpty ? "no logs yet (tollgate wrap FILE makes the first)" : "\(logs.count) logs")
        for log in logs {
            let result = try LogVerifier(log).verify()
            let fault = result.fault.map { "damaged at seq \($0.seq): \($0.what)" }
            say(
                result.fault == nil, "log \(log.name): \(fault ?? "\(result.records) records, whole")",
                hint: "tollgate log verify --log \(log.path)")
        }
        checkFolder(Places.state, "keys", say)
        if let free = freeShare(home.path) {
            say(free > 0.05, "disk: \(Int(free * 100)) % free", hint: "df -h \(home.path)")
        }
        if !isWell { Foundation.exit(1) }
    }

    /// Looks at a gateway; gives its log where there is one by now.
    private func checkGateway(_ path: String, _ say: (Bool, String, String?) -> Void) -> LogDirectory? {
        let settings: ServeSettings
        do {
            settings = try ServeSettings.load(path, environment: ProcessInfo.processInfo.environment)
        } catch {
            say(false, error.message, error.hint)
            return nil
        }
        say(true, "configuration \(path)", nil)
        GatewayCheck(settings).run(say)
        let log = LogDirectory(path: settings.configuration.log)
        return (try? LogIdentity.read(log)) == nil ? nil : log
    }

    private func checkFolder(_ path: String, _ what: String, _ say: (Bool, String, String?) -> Void) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            return say(true, "\(what): \(path) will be made at the first run", nil)
        }
        let mode = attributes[.posixPermissions] as? Int ?? 0
        say(mode & 0o077 == 0, "\(what): \(path), mode \(String(mode, radix: 8))", "chmod 700 \(path)")
    }

    private func freeShare(_ path: String) -> Double? {
        var folder = path
        while !FileManager.default.fileExists(atPath: folder), folder != "/" {
            folder = (folder as NSString).deletingLastPathComponent
        }
        guard let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder),
            let free = attributes[.systemFreeSize] as? Int, let size = attributes[.systemSize] as? Int, size > 0
        else { return nil }
        return Double(free) / Double(size)
    }
}

public import ArgumentParser
public import AuditLog
import Foundation
import Gateway
import Policy

/// `tollgate run`: one stdio server behind a policy.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Wrap one stdio MCP server: decide, record and forward every call.",
        discussion: """
            Without --policy it observes: everything passes and is recorded.
            Its limits count what passes through this process (and what its log remembers of the last windows).

            Example:
              tollgate run --policy policy.json --agent ci-builder -- uvx awslabs.ecs-mcp-server
            """)

    @Option(help: ArgumentHelp("The policy to enforce.", valueName: "file"))
    var policy: String?
    @Option(help: ArgumentHelp("Who calls; the default is <user>@<client's name>.", valueName: "name"))
    var agent: String?
    @Option(
        help: ArgumentHelp(
            "The server's name in records; the default is the package that COMMAND starts.", valueName: "name"))
    var server: String?
    @Option(
        help: ArgumentHelp(
            "The log's folder; the default is the first free logs/<server>, logs/<server>~2, …", valueName: "dir"))
    var log: String?
    @Option(help: "When a record counts as durable: strict, interval:100ms or none.")
    var durability = Durability.strict
    @Option(
        help: ArgumentHelp(
            "While nothing can be recorded, let calls of this class go on for a while: read, write; may be repeated.",
            valueName: "class"))
    var bounded: [BoundedClass] = []
    @Option(help: ArgumentHelp("How many such calls may go on, and for how many seconds.", valueName: "calls:seconds"))
    var boundedLimit: String?
    @Option(
        help: ArgumentHelp(
            "How long a call that waits for a person is held open before its caller has to call again.",
            valueName: "seconds"))
    var approvalWait = 50
    @Option(help: ArgumentHelp("Begin a new segment after so many compressed bytes.", visibility: .hidden))
    var segmentBytes = 64 << 20
    @Argument(parsing: .postTerminator, help: ArgumentHelp("The server's command, after '--'.", valueName: "command"))
    var command: [String] = []

    func run() throws {
        guard !command.isEmpty else {
            throw Failure("no server command given", hint: "tollgate run --help")
        }
        let policy = try policy.map { try PolicyLoader.load(Places.absolute($0)) }
        var options = StdioOptions(
            command: command, server: server ?? ServerName.infer(from: command),
            gateway: Places.hostName, user: NSUserName(), stateFolder: Places.state)
        options.agent = agent
        options.policy = policy
        guard (1...3600).contains(approvalWait) else {
            throw Failure("--approval-wait must be from 1 to 3600 seconds", hint: "tollgate run --help")
        }
        options.approvalPatience = .seconds(approvalWait)
        let clock = SystemLogClock()
        var logOptions = LogOptions()
        logOptions.durability = durability
        logOptions.segmentBytes = segmentBytes
        logOptions.version = Version.text
        logOptions.stateFolder = Places.state
        logOptions.openFields = [("gateway", options.gateway), ("server", options.server)]
        let failPolicy = try failPolicy
        options.failPolicy = failPolicy
        logOptions.hold = failPolicy.hold
        // Less than `serve` takes: there may be a log for each server of each client.
        logOptions.reserveBytes = 4 << 20
        let folder = log.map { Places.absolute($0) } ?? Places.home.logsPath
        logOptions.report = { Console.error("tollgate: " + $0.message(failPolicy, hint: "df -h \(folder)")) }
        let writer = try openLog(server: options.server, options: logOptions, clock: clock)
        if let damaged = writer.recovery.damaged {
            Console.error(
                "tollgate: records \(damaged.lowerBound) to \(max(damaged.upperBound, 1) - 1) of \(writer.log.path) cannot be "
                    + "read any more; the log goes on behind them\nhint: tollgate log verify --log \(writer.log.path)\n"
            )
        }
        let gateway: StdioGateway
        do {
            gateway = try StdioGateway(options, log: writer, clock: clock)
        } catch {
            try? writer.close()
            throw error
        }
        if isatty(2) == 1 { greet(options, writer) }
        let control = listen(writer, gateway)
        let ending = try gateway.run()
        control?.close()
        try writer.close()
        if let complaint = ending.complaint {
            Failure(
                complaint, hint: "`\(command.joined(separator: " "))` by itself may say why", status: ending.exitCode
            )
            .report()
        }
        Foundation.exit(ending.exitCode)
    }

    private var failPolicy: FailPolicy {
        get throws {
            var policy = FailPolicy()
            policy.boundsReads = bounded.contains(.read)
            policy.boundsWrites = bounded.contains(.write)
            guard let boundedLimit else { return policy }
            let numbers = boundedLimit.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
            guard numbers.count == 2, let events = numbers[0], let seconds = numbers[1], policy.hold != nil,
                FailPolicy.eventsRange.contains(events), FailPolicy.secondsRange.contains(seconds)
            else {
                throw Failure(
                    "'\(boundedLimit)' is no limit such as 1000:30 (1 to \(FailPolicy.eventsRange.upperBound) calls, 1 to "
                        + "\(FailPolicy.secondsRange.upperBound) seconds), or there is no --bounded",
                    hint: "--bounded read --bounded-limit 1000:30")
            }
            (policy.events, policy.duration) = (events, .seconds(seconds))
            return policy
        }
    }

    /// The log that was named, or the first that no other process writes: a client starts several servers at once.
    private func openLog(server: String, options: LogOptions, clock: SystemLogClock) throws -> LogWriter {
        if let log {
            return try LogWriter.open(LogDirectory(path: Places.absolute(log)), options: options, clock: clock)
        }
        var number = 1
        while true {
            let folder = ServerName.folder(for: server)
            let name = number == 1 ? folder : "\(folder)~\(number)"
            do {
                return try LogWriter.open(Places.home.log(named: name), options: options, clock: clock)
            } catch {
                guard error.code == .locked || error.code == .format, number < 1000 else { throw error }
                number += 1
            }
        }
    }

    /// Takes requests about the log, such as `tollgate log seal`'s, while this process holds it.
    ///
    /// Without a socket the gateway does its work all the same.
    private func listen(_ writer: LogWriter, _ gateway: StdioGateway) -> ControlServer? {
        do throws(ControlError) {
            return try ControlServer(
                log: writer.log.path, runtimeFolder: ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"]
            ) { gateway.handle($0) }
        } catch {
            Console.error("tollgate: no control socket: \(error.message)\n")
            return nil
        }
    }

    private func greet(_ options: StdioOptions, _ writer: LogWriter) {
        let rule = options.policy.map { "policy \($0.name)" } ?? "observing, no policy"
        Console.error("tollgate: \(options.server): \(rule); log \(writer.log.path); limits count per process\n")
    }
}

/// A class of harm whose calls may go on for a while without a durable record.
enum BoundedClass: String, CaseIterable, ExpressibleByArgument, Sendable {
    case read, write
}

extension Durability: ExpressibleByArgument {
    /// Reads the text of `--durability`.
    public init?(argument: String) {
        self.init(argument)
    }
}

public import ArgumentParser
import AuditLog
import Events
import Foundation
import Policy
import Replay
public import Simulation
import Terminal

/// `tollgate simulate`: a seeded fleet's month.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Write a seeded fleet's four weeks into a new log, for trying things out and for benchmarks.",
        discussion: """
            The same seed gives the same bytes on any machine.

            Example:
              tollgate simulate --seed 1 --events 50000 --log /tmp/fleet
              tollgate report weekly --log /tmp/fleet --db /tmp/fleet.sqlite
            """)

    @Option(help: "What happens: quiet, runaway or fleet.")
    var scenario = Scenario.runaway
    @Option(help: "The seed.")
    var seed: UInt64 = 1
    @Option(help: ArgumentHelp("How many calls are made.", valueName: "calls"))
    var events = 50_000
    @Option(help: ArgumentHelp("The new log's folder.", valueName: "dir"))
    var log: String?
    @Flag(help: "Print the records to standard output and write no log.")
    var stdout = false

    func run() throws {
        guard events > 0 else { throw Failure("--events must be at least 1", hint: "tollgate simulate --help") }
        var options = FleetOptions(seed: seed)
        options.scenario = scenario
        options.calls = events
        let document = try PolicyDocument(parsing: Array(FleetPolicy.json.utf8))
        let policy = CompiledPolicy(document, name: FleetPolicy.name, digest: KeptPolicies.digest(of: document))
        options.policyDigest = policy.digest
        var fleet = SimulatedFleet(options)
        if stdout { return print(&fleet) }
        guard let log else { throw Failure("no --log given", hint: "tollgate simulate --log /tmp/fleet") }
        try write(&fleet, to: LogDirectory(path: Places.absolute(log)), policy)
    }

    private func print(_ fleet: inout SimulatedFleet) {
        var buffer = LineBuffer()
        var seq: UInt64 = 0
        while let (timestamp, body) = fleet.next() {
            buffer.append(Record(seq: seq, timestamp: timestamp, body: body))
            seq += 1
            guard buffer.count > 60_000 else { continue }
            Console.output(String(decoding: buffer.bytes, as: UTF8.self))
            buffer.truncate(to: 0)
        }
        Console.output(String(decoding: buffer.bytes, as: UTF8.self))
    }

    private func write(_ fleet: inout SimulatedFleet, to log: LogDirectory, _ policy: CompiledPolicy) throws {
        var options = LogOptions()
        options.durability = .none
        options.purpose = .imported
        options.writesOwnRecords = false
        let writer = try LogWriter.open(log, options: options)
        guard writer.nextSeq == 0 else {
            try? writer.close()
            throw Failure("there is a log in \(log.path) already", hint: "ls \(log.path)")
        }
        try keep(policy, beside: log)
        var progress = Console.progress("simulating", unit: "calls", total: events)
        var last: LogTicket?
        var lastTime: Timestamp?
        while let (timestamp, body) = fleet.next() {
            last = writer.append(body, at: timestamp)
            lastTime = timestamp
            if fleet.nextSeq % 8192 == 0 { progress.update(fleet.calls, now: Console.now) }
        }
        if let last { _ = writer.waitUntilDurable(last, milliseconds: 60_000) }
        try writer.close()
        progress.finish()
        Console.output(
            "\(fleet.calls) calls, \(fleet.nextSeq) records to \(lastTime?.description ?? "-") in \(log.path)\n")
        for incident in fleet.incidents {
            Console.output(
                "incident: \(incident.kind) \(incident.agent) \(incident.tool) \(incident.start) – \(incident.end)\n")
        }
    }
}

extension SimulateCommand {
    /// Keeps the policy as a gateway does, so that the log's verdicts can be recomputed.
    private func keep(_ policy: CompiledPolicy, beside log: LogDirectory) throws {
        let files = PosixFileSystem()
        try files.makeDirectory(log.policiesPath)
        try files.replace("\(log.policiesPath)/\(policy.digest).json", with: policy.document.normalForm)
    }
}

extension Scenario: ExpressibleByArgument {}

import ArgumentParser
import AuditLog
import Foundation
import Terminal

/// `tollgate log recover`: the repair that a writer does at its start, by hand.
struct LogRecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Repair a log after a crash, as its writer would, or say what that would do.",
        discussion: """
            A torn tail goes to quarantine/ and is cut off; damage in the middle stays, and the log goes on behind it.
            Where records are gone that a signed head covers, nothing is done without --accept-loss: then the log goes
            on behind them in a new epoch, and says so.

            Exit status: 0 whole or repaired, 3 damage in the middle, 4 records that no head of this log was made of,
            5 signed records are gone.
            """)

    @OptionGroup var selection: OneLog
    @Flag(help: "Change nothing.")
    var dryRun = false
    @Flag(help: "Go on without records that a signed head says were there.")
    var acceptLoss = false
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let (log, identity) = try selection.existing()
        dryRun ? try look(log) : try repair(log, identity)
    }

    private func look(_ log: LogDirectory) throws {
        var progress = Console.progress("reading", unit: "records")
        let found = try LogVerifier(log) { state in progress.update(state.records, now: Console.now) }.verify()
        progress.finish()
        if json {
            Console.output(
                JSONText.line([
                    "records": found.records, "torn_bytes": found.tornBytes, "ok": found.fault == nil,
                    "what": found.fault?.what ?? "",
                ]) + "\n")
        }
        let whole = "\(log.name): \(found.records) records are whole"
        guard let fault = found.fault else {
            let rest =
                found.tornBytes > 0
                ? "\(found.tornBytes) bytes of a torn tail would go to quarantine" : "nothing to repair"
            if !json { Console.output("\(whole); \(rest)\n") }
            return
        }
        let consequence =
            switch fault.kind {
            case .damage: "the damage would stay, and the log go on behind it"
            case .incomparable: "nothing would be done"
            case .fork: "a writer would go on, but nobody can say with which records"
            case .missing: "no writer goes on without --accept-loss"
            }
        throw Failure(
            "\(whole); at seq \(fault.seq): \(fault.what); \(consequence)",
            hint: fault.kind == .missing
                ? "look for a copy first; then tollgate log recover --accept-loss --log \(log.path)"
                : "tollgate log verify --log \(log.path)",
            status: fault.kind.exitCode)
    }

    private func repair(_ log: LogDirectory, _ identity: LogIdentity) throws {
        // A loss can be accepted, other records than those that were signed cannot.
        if acceptLoss, let fault = try LogVerifier(log).verify().fault, fault.kind == .fork {
            throw Failure(
                "\(log.name): at seq \(fault.seq): \(fault.what); this is no loss that could be accepted",
                hint: "tollgate log verify --log \(log.path)", status: 4)
        }
        var options = LogOptions()
        options.purpose = identity.purpose
        options.writesOwnRecords = identity.purpose != .imported
        options.stateFolder = Places.state
        options.version = Version.text
        options.acceptsLoss = acceptLoss
        let writer = try LogWriter.open(log, options: options)
        let report = writer.recovery
        try writer.close()
        var text = "\(log.name): goes on at seq \(report.nextSeq)"
        if report.quarantinedBytes > 0 { text += "; \(report.quarantinedBytes) bytes went to quarantine" }
        if let damaged = report.damaged {
            text += "; records \(damaged.lowerBound) to \(max(damaged.upperBound, 1) - 1) cannot be read any more"
        }
        if json {
            var object: [String: Any] = [
                "next_seq": Int(report.nextSeq), "quarantined_bytes": report.quarantinedBytes,
            ]
            object["damaged"] = report.damaged.map { [Int($0.lowerBound), Int($0.upperBound) - 1] }
            Console.output(JSONText.line(object) + "\n")
        }
        guard report.damaged == nil || report.signedMissing != nil else {
            throw Failure(text, hint: "tollgate log verify --log \(log.path)", status: 3)
        }
        if !json { Console.output(text + "\n") }
    }
}

extension LogVerification.Fault.Kind {
    /// The process's exit status for this kind of fault.
    var exitCode: Int32 {
        switch self {
        case .incomparable: 1
        case .damage: 3
        case .fork: 4
        case .missing: 5
        }
    }
}

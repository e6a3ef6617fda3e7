import Events
import Foundation

@testable import AuditLog

/// One log in a simulated world, from its making to its end: who writes it, reads it, kills it, and pulls the plug.
///
/// `live.state` and `LOCK` are real files, since they are memory and locks of the real kernel; all else is on the simulated
/// disk.
final class SimulatedLog {
    /// What happened, for people.
    struct Tally {
        var logs = 0, commits = 0, records = 0, kept = 0, withdrawn = 0
        var crashes = 0, powerLosses = 0, restarts = 0, failures = 0, verifications = 0, sealed = 0
        var damaged = 0
    }

    let seed: UInt64
    let turns: TurnScheduler
    let disk = SimulatedDisk()
    let clock: SimulatedClock
    let log: LogDirectory
    /// Readers have a process of their own, which no fault meets.
    let outside: SimulatedFileSystem
    var inside: SimulatedFileSystem
    var options: LogOptions
    var model: LogModel
    var tally = Tally()
    var writer: LogWriter?
    /// Whether a write has failed since the writer was opened.
    var hadTrouble = false
    /// Whether records may be missing in the middle: of several members that were not synced a power loss may take the first
    /// and leave the last.
    var mayHaveHoles = false
    var reader: LogReader?
    var nextNumber = 0
    let traces: Bool
    private let folder: String

    init(seed: UInt64, traces: Bool = false) throws {
        self.seed = seed
        self.traces = traces
        turns = TurnScheduler(seed: seed)
        clock = SimulatedClock(turns)
        outside = SimulatedFileSystem(disk, turns)
        inside = SimulatedFileSystem(disk, turns)
        let root = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm/" : NSTemporaryDirectory()
        folder = root + "tollgate-sim-" + UUID().uuidString
        // The name has no chance in it: records tell it.
        log = LogDirectory(path: folder + "/log")
        options = SimulatedLog.options(&turns.random, stateFolder: folder + "/state")
        model = LogModel(options.durability)
        if traces { model.texts = [:] }
        try FileManager.default.createDirectory(atPath: log.path, withIntermediateDirectories: true)
        try plant()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func options(_ random: inout SeededRandom, stateFolder: String) -> LogOptions {
        var options = LogOptions()
        options.durability = random.one(of: [.strict, .strict, .strict, .strict, .interval(milliseconds: 50), .none])
        options.segmentBytes = random.one(of: [1000, 3000, 10_000, 80_000])
        options.lingerMilliseconds = random.one(of: [1, 5, 50])
        options.probeMilliseconds = random.one(of: [5, 250])
        options.headMilliseconds = random.one(of: [20, 100, 1000])
        // Longer than any stall here: a writer whose closing was given up goes on until its disk answers.
        options.closeMilliseconds = 200_000
        options.headRecords = random.one(of: [1, 10, 4096])
        options.headBytes = random.one(of: [2000, 8 << 20])
        options.queueBytes = random.one(of: [4000, 8 << 20])
        options.heartbeatSeconds = random.one(of: [0, 60])
        options.gatherMicroseconds = 0
        options.sealsByItself = random.oneIn(2)
        options.stateFolder = stateFolder
        return options
    }

    /// Who the log is and its key, so that there is no chance in them but the seed's.
    private func plant() throws {
        let origin = "sim/log/\(Digest64(seed))"
        let secret = (0..<32).map { UInt8(truncatingIfNeeded: seed &+ $0) }
        let keys = folder + "/state/keys/" + origin
        disk.makeDirectory(keys)
        disk.makeDirectory(log.path)
        try outside.replace(keys + "/sign", with: secret)
        let signer = NoteSigner(name: origin, secret: secret)
        let identity = LogIdentity(
            origin: origin, epoch: 1, purpose: .gateway, key: signer?.verifier.description)
        try outside.replace(log.identityPath, with: identity.json)
    }

    func trace(_ what: @autoclosure () -> String) {
        if traces { print("[\(turns.time) µs, \(inside.calls) calls] \(what())") }
    }

    // MARK: The writer's life

    /// Opens the log; a start without faults must succeed.
    func open() throws {
        begin()
        inside.faults.shortWrites = turns.random.one(of: [0, 3, 20])
        inside.faults.slowCalls = turns.random.one(of: [0, 10, 200])
        hadTrouble = false
        // The process may die while it starts.
        for _ in 0..<3 where turns.random.oneIn(4) {
            inside.callsUntilDeath = 1 + turns.random.below(20)
            let isPowerLoss = turns.random.oneIn(2)
            if let early = try? LogWriter.open(log, options: options, clock: clock, files: inside) {
                writer = early
                trace("opened, to die soon")
                try check()
                inside.die()
            }
            trace("died while starting")
            try bury(isPowerLoss: isPowerLoss)
            begin()
        }
        let opened: LogWriter
        do {
            opened = try LogWriter.open(log, options: options, clock: clock, files: inside)
        } catch {
            throw Violation("the log does not open: \(error)")
        }
        writer = opened
        tally.restarts += 1
        trace("opened: next seq \(opened.recovery.nextSeq), quarantined \(opened.recovery.quarantinedBytes) bytes")
        trace("options: \(options.durability), segments of \(options.segmentBytes)")
        if let damaged = opened.recovery.damaged {
            tally.damaged += 1
            trace("damaged: \(damaged)")
        }
    }

    /// A new process.
    private func begin() {
        inside = SimulatedFileSystem(disk, turns)
        if traces { inside.trace = { [unowned self] in trace("  \($0)") } }
    }

    /// Ends the process, whose doings reach nobody from now on; then perhaps the power fails.
    func bury(isPowerLoss: Bool) throws {
        inside.die()
        try check()
        try? writer?.close()
        writer = nil
        // A child that another test is just starting has the lock's descriptor until it runs its own program.
        let patience = ContinuousClock.now + .seconds(10)
        while LogLock.isHeld(log), ContinuousClock.now < patience { usleep(1000) }
        guard !turns.hasOthers, !LogLock.isHeld(log) else {
            throw Violation("a writer that was closed left a thread or its lock")
        }
        tally.commits += inside.commits
        writer = nil
        model.died()
        // A process may die before it can say that a sync failed.
        if inside.hasFailedSync, options.durability == .none { mayHaveHoles = true }
        if hadTrouble || inside.hasFailedSync || options.durability != .strict && isPowerLoss { model.lostMemory() }
        if isPowerLoss {
            tally.powerLosses += 1
            if options.durability != .strict || inside.wroteSeveral { mayHaveHoles = true }
            trace("power loss")
            try? FileManager.default.removeItem(atPath: log.livePath)
            disk.losePower(&turns.random)
            reader = nil
        } else {
            tally.crashes += 1
            trace("crash")
        }
    }

    /// Closes the log and leaves it.
    func close() throws {
        guard writer != nil else { return }
        trace("close")
        inside.faults.room = nil
        inside.faults.failsSync = false
        try? writer?.close()
        if inside.isDead { return try bury(isPowerLoss: false) }
        try check()
        tally.commits += inside.commits
        writer = nil
        model.died()
        if hadTrouble { model.lostMemory() }
    }

    /// Takes in what the writer has said so far.
    func check() throws {
        guard let writer else { return }
        let isWell = writer.trouble == nil
        if !isWell || !writer.progress.withdrawals.isEmpty, !hadTrouble {
            hadTrouble = true
            tally.failures += 1
            trace("trouble: \(writer.trouble.map { "\($0)" } ?? "")")
        }
        if hadTrouble {
            model.lostMemory()
            // What was acknowledged without a sync may be damaged where its sync failed later, as after a power loss.
            if options.durability == .none { mayHaveHoles = true }
        }
        let durable = Watermark.read(log, epoch: writer.identity.epoch)?.durable ?? 0
        try model.progress(writer.progress, durable: durable, isWell: isWell && !inside.isDead)
    }
}

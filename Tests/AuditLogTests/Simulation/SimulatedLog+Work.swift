import Events

@testable import AuditLog

/// What is done with a simulated log.
extension SimulatedLog {
    /// Steps without a commit that no fault lasts for: each is mended after some seventeen.
    private static let patience = 2000

    /// Works on the log until it has so many commits, then closes it and looks at all of it.
    func live(commits: Int) throws {
        try turns.run {
            try open()
            var steps = 0
            while tally.commits + inside.commits < commits {
                let before = tally.commits + inside.commits
                try act()
                if inside.isDead { try rise(isPowerLoss: turns.random.oneIn(2)) }
                steps = tally.commits + inside.commits > before ? 0 : steps + 1
                guard steps < SimulatedLog.patience else {
                    throw Violation("no commit in \(steps) steps: the log does not go on")
                }
            }
            try close()
            try readAll()
            try verify()
            // What a start finds after an end without faults is what was there.
            try open()
            try close()
            try readAll()
            try compareHeads()
            tally.kept = model.kept
            tally.withdrawn = model.lost
        }
    }

    private func act() throws {
        switch turns.random.below(1000) {
        case ..<600: try burst()
        case ..<700: try read()
        case ..<780: turns.sleep(Int64(turns.random.below(2_000_000)))
        case ..<800: writer?.rotate()
        case ..<815: stepClock()
        case ..<865: breakSomething()
        case ..<925: mend()
        case ..<940:
            try close()
            if turns.random.oneIn(2) { try verify() }
            try open()
        case ..<970:
            inside.callsUntilDeath = 1 + turns.random.below(30)
            for _ in 0..<5 where !inside.isDead { try burst() }
            inside.die()
        case ..<980: if writer != nil { try verify() }
        default: try check()
        }
        try check()
    }

    /// Starts again after a death, and looks at everything.
    private func rise(isPowerLoss: Bool) throws {
        try bury(isPowerLoss: isPowerLoss)
        if turns.random.oneIn(4) { stepClock() }
        // Somebody may look before a new writer comes.
        if turns.random.oneIn(4) { try readAll() }
        if turns.random.oneIn(6) { try verify() }
        try open()
        try readAll()
        if turns.random.oneIn(6) { try verify() }
    }

    // MARK: Writing

    private func burst() throws {
        guard let writer else { return }
        var last: LogTicket?
        for _ in 0..<1 + turns.random.below(turns.random.oneIn(50) ? 200 : 5) {
            last = append(to: writer, isUrgent: turns.random.oneIn(3)) ?? last
            if turns.random.oneIn(10) { turns.pass() }
        }
        if let last, !turns.random.oneIn(8) {
            let result = writer.waitUntilDurable(last, milliseconds: 2000)
            trace("waited for \(last.seq): \(result)")
        }
    }

    private func append(to writer: LogWriter, isUrgent: Bool) -> LogTicket? {
        let number = nextNumber
        nextNumber += 1
        tally.records += 1
        let size = turns.random.oneIn(40) ? turns.random.below(4000) : turns.random.below(200)
        let filler = String(decoding: (0..<size).map { _ in UInt8(97 + turns.random.below(26)) }, as: UTF8.self)
        if turns.random.oneIn(5), let before = model.lastTicket {
            // Which seq it gets nobody is told: readers show it.
            writer.append(after: before) { _ in
                var outcome = Outcome(of: before.seq, ending: .ok)
                outcome.resultBytes = number
                return outcome
            }
            return nil
        }
        var line = 0
        let ticket = writer.append(isUrgent: isUrgent) { seq, time in
            let body = SimulatedLog.body(number, filler)
            var buffer = LineBuffer()
            buffer.append(Record(seq: seq, timestamp: time, body: body))
            let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes.dropLast())
            line = LogModel.hash(bytes)
            model.texts?[line] = String(decoding: bytes, as: UTF8.self)
            return body
        }
        if let ticket { model.queued(ticket, line) }
        return ticket
    }

    private static func body(_ number: Int, _ filler: String) -> Record.Body {
        if number % 2 == 0 { return .control(Control(.heartbeat).with(.n, number).with(.summary, filler)) }
        var decision = Decision(
            gateway: "sim", identity: .flag, server: "s", transport: .stdio, method: "tools/call", verdict: .allow,
            mode: .enforce, reason: .internal)
        decision.rpcID = "\(number)"
        decision.tool = filler
        return .decision(decision)
    }

    // MARK: Faults

    private func breakSomething() {
        switch turns.random.below(5) {
        case 0, 1: inside.faults.room = turns.random.below(3000)
        case 2: inside.faults.failsSync = true
        case 3: inside.faults.callsUntilFailure = 1 + turns.random.below(10)
        default: inside.faults.stall = Int64(5 + turns.random.below(55)) * 1_000_000
        }
        trace("fault: \(inside.faults)")
    }

    private func mend() {
        inside.faults.room = nil
        inside.faults.failsSync = false
        inside.faults.callsUntilFailure = nil
        turns.sleep(300_000)
    }

    private func stepClock() {
        switch turns.random.below(5) {
        case 0: clock.step(seconds: -3600)
        case 1: clock.step(seconds: 365 * 86_400)
        case 2: clock.step(seconds: -2)
        default: clock.toggle()
        }
        trace("clock: \(clock.now())")
    }
}

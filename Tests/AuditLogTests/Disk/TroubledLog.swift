import Events
import Glibc
import Testing

@testable public import AuditLog

/// A log on a faulty disk, and what its writer tells.
final class TroubledLog: Sendable {
    let place: TemporaryLog
    let files = FaultyFileSystem()
    let clock = ManualClock()
    let writer: LogWriter
    private let told: Monitor<[String]>

    init(_ change: (inout LogOptions) -> Void = { _ in }) throws {
        place = try TemporaryLog()
        var options = LogOptions.plain
        options.probeMilliseconds = 5
        options.checkMilliseconds = 5
        change(&options)
        let told = Monitor<[String]>([])
        self.told = told
        options.report = { trouble in
            told.withLock { $0.append("\(trouble)") }
            told.wakeAll()
        }
        writer = try LogWriter.open(place.log, options: options, clock: clock, files: files)
    }

    /// What the operator was told so far.
    var reports: [String] { told.withLock { $0 } }

    /// Waits until something was told; false after twenty seconds.
    func awaitReport(_ text: String) -> Bool {
        told.wait(milliseconds: 20_000) { $0.contains { $0.contains(text) } ? true : nil } ?? false
    }

    /// Waits until all is well.
    func awaitWell() {
        #expect(within { writer.isWell }, "not well: \(reports)")
    }

    /// Waits for something, for twenty seconds at the most.
    func within(_ condition: () -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(20)
        while !condition() {
            if ContinuousClock.now > end { return false }
            usleep(200)
        }
        return true
    }

    /// Waits until a record is durable, whatever may go on meanwhile.
    func awaitDurable(_ ticket: LogTicket) -> Bool {
        _ = within { [.durable, .failed].contains(writer.result(of: ticket)) }
        return writer.result(of: ticket) == .durable
    }

    /// Queues a call's record; nil where the call has to be denied.
    @discardableResult
    func call(_ number: Int, mayBeHeld: Bool = true) -> LogTicket? {
        var decision = Decision(
            gateway: "g", identity: .flag, server: "s", transport: .stdio, method: "tools/call", verdict: .allow,
            mode: .enforce, reason: .allowed)
        decision.rpcID = "\(number)"
        return writer.append(&decision, mayBeHeld: mayBeHeld) { _, _ in true }
    }

    /// A call that is durable.
    func durableCall(_ number: Int) throws {
        let ticket = try #require(call(number))
        #expect(awaitDurable(ticket))
    }

    /// Closes the log, checks it, and gives its records.
    func closeAndRead() throws -> [Record] {
        try writer.close()
        #expect(try LogVerifier(place.log).verify().fault == nil)
        let lines = try place.lines()
        #expect(lines.map(\.seq) == Array(0..<UInt64(lines.count)), "gapless")
        return try lines.map { try Record(line: $0.line) }
    }
}

/// Nothing to see: an expectation that fails looks into what it names, and the runtime crashes at what cannot be copied.
extension LogWriter: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension [Record] {
    /// The calls' numbers, in order.
    var calls: [Int] {
        compactMap { record in
            if case .decision(let decision) = record.body { decision.rpcID.flatMap { Int($0) } } else { nil }
        }
    }

    /// What `gap` records say was lost, in order.
    var gaps: [Int] {
        compactMap { record in
            guard case .control(let control) = record.body, control.event == .gap else { return nil }
            return control.number(.n).map { Int($0) }
        }
    }

    /// The controls of one kind.
    func controls(_ event: ControlEvent) -> [Control] {
        compactMap { record in
            if case .control(let control) = record.body, control.event == event { control } else { nil }
        }
    }
}

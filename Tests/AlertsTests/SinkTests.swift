import Alerts
import Detection
import Events
import Foundation
import Synchronization
import Testing

/// A folder that is removed at the end.
final class Scratch {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func text(_ name: String) -> String? {
        try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }
}

@Suite struct SinkTests {
    static func step(_ minutes: Double = 1) -> AlertTransition {
        var alert = Alert(AlertBookTests.finding(from: minutes, to: minutes + 1))
        alert.state = .firing
        return AlertTransition(alert: alert, from: nil, cause: .raised, at: AlertBookTests.minute(minutes))
    }

    @Test func fileGetsOneObjectALineAndIsPrivate() throws {
        let scratch = try Scratch()
        let sink = FileSink(path: "\(scratch.path)/alerts.ndjson")
        for minutes in [1.0, 2, 3] { try sink.deliver(Self.step(minutes)) }
        let lines = scratch.text("alerts.ndjson")?.split(separator: "\n").map { Array($0.utf8) }
        #expect(lines == [1.0, 2, 3].map { Self.step($0).json })
        let mode = try FileManager.default.attributesOfItem(atPath: "\(scratch.path)/alerts.ndjson")[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func fileThatCannotBeOpenedSaysWhichAndWhy() throws {
        let error = #expect(throws: SinkError.self) { try FileSink(path: "/nowhere/alerts").deliver(Self.step()) }
        #expect(error?.code == .disk && error?.message == "cannot open /nowhere/alerts: No such file or directory")
    }

    @Test func fullDiskIsAnError() {
        let error = #expect(throws: SinkError.self) { try FileSink(path: "/dev/full").deliver(Self.step()) }
        #expect(error?.code == .disk)
    }

    @Test func commandGetsArgumentsAsTheyAreAndTheObjectOnItsInput() throws {
        let scratch = try Scratch()
        let script =
            "cat > \"$1/in\"; printf '%s' \"$2\" > \"$1/argument\"; ps -o pgid= -p $$ > \"$1/group\"; echo $$ > \"$1/pid\""
        let sink = CommandSink(arguments: [
            "sh", "-c", script, "sh", scratch.path, "a b; $(touch \(scratch.path)/no) *",
        ])
        try sink.deliver(Self.step())
        #expect(scratch.text("in").map { Array($0.utf8) } == Self.step().json + [UInt8(ascii: "\n")])
        #expect(scratch.text("argument") == "a b; $(touch \(scratch.path)/no) *")
        #expect(scratch.text("no") == nil)
        let group = scratch.text("group")?.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(group == nil || group == "" || group == scratch.text("pid")?.trimmingCharacters(in: .newlines))
    }

    @Test func commandThatTakesTooLongIsKilledWithItsChildren() throws {
        let scratch = try Scratch()
        let script = "sleep 60 & echo $! > \"$1/child\"; wait"
        let sink = CommandSink(arguments: ["sh", "-c", script, "sh", scratch.path], timeLimitMilliseconds: 400)
        let error = #expect(throws: SinkError.self) { try sink.deliver(Self.step()) }
        #expect(error?.code == .timeout)
        let text = scratch.text("child")?.trimmingCharacters(in: .newlines)
        let child = try #require(text.flatMap { pid_t($0) })
        let deadline = ContinuousClock().now + .seconds(5)
        while isRunning(child), ContinuousClock().now < deadline { usleep(2000) }
        #expect(!isRunning(child))
    }

    /// Whether a process runs; one that nobody has waited for yet (state Z) does not.
    private func isRunning(_ process: pid_t) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return status.split(separator: ")").last?.dropFirst().first != "Z"
    }

    @Test(arguments: [(["sh", "-c", "exit 3"], "exit status 3"), (["sh", "-c", "kill -9 $$"], "ended by signal 9")])
    func commandThatFailsIsAnError(_ arguments: [String], _ reason: String) {
        let error = #expect(throws: SinkError.self) { try CommandSink(arguments: arguments).deliver(Self.step()) }
        #expect(error?.code == .exit && error?.message == "command:sh: \(reason)")
    }

    @Test func commandThatDoesNotExistOrReadIsNoTrap() throws {
        let error = #expect(throws: SinkError.self) {
            try CommandSink(arguments: ["tollgate-no-such"]).deliver(Self.step())
        }
        #expect(error?.code == .spawn && error?.hint == "command -v tollgate-no-such")
        try CommandSink(arguments: ["true"]).deliver(Self.step())
    }

    @Test(arguments: ["", "stdout:xml", "file:", "command:", "command:[]", "command:[\"\"]", "command:[1]", "mail:x"])
    func unreadableDescriptionsAreErrorsWithAHint(_ text: String) {
        let error = #expect(throws: SinkError.self) { try SinkDescription.parse(text) }
        #expect(error?.code == .usage && error?.hint != nil && error?.message.contains("\"\(text)\"") == true)
    }

    @Test func descriptionsMakeTheirSinks() throws {
        let texts = ["stdout", "stdout:json", "file:/a:b", "command:notify", "command:[\"notify\", \"--page\"]"]
        let names = try texts.map { try SinkDescription.parse($0).name }
        #expect(names == ["stdout", "stdout:json", "file:/a:b", "command:notify", "command:notify"])
    }
}

@Suite struct SinkDispatcherTests {
    /// A sink in memory that fails when told to.
    private final class MemorySink: AlertSink {
        let name: String
        private let failures: Mutex<Int>
        private let gate: DispatchSemaphore?
        private let delivered = Mutex<[AlertTransition]>([])

        var steps: [AlertTransition] { delivered.withLock { $0 } }

        init(_ name: String, failures: Int = 0, gate: DispatchSemaphore? = nil) {
            self.name = name
            self.failures = Mutex(failures)
            self.gate = gate
        }

        func deliver(_ transition: AlertTransition) throws(SinkError) {
            gate?.wait()
            let fails = failures.withLock { count in
                count -= 1
                return count >= 0
            }
            if fails { throw SinkError(.disk, "no room") }
            delivered.withLock { $0.append(transition) }
        }
    }

    private final class Reports: Sendable {
        private let list = Mutex<[SinkReport]>([])

        var all: [SinkReport] { list.withLock { $0 } }

        func add(_ report: SinkReport) {
            list.withLock { $0.append(report) }
        }
    }

    @Test func aBrokenSinkDelaysNoOther() {
        let gate = DispatchSemaphore(value: 0)
        let stuck = MemorySink("stuck", gate: gate)
        let sound = MemorySink("sound")
        let dispatcher = SinkDispatcher(sinks: [stuck, sound]) { _ in }
        let steps = (0..<50).map { SinkTests.step(Double($0)) }
        for step in steps { dispatcher.enqueue(step) }
        let deadline = ContinuousClock().now + .seconds(10)
        while sound.steps.count < 50, ContinuousClock().now < deadline { usleep(500) }
        #expect(sound.steps == steps)
        #expect(stuck.steps.isEmpty)
        #expect(!dispatcher.drain(timeoutMilliseconds: 1))
        for _ in steps { gate.signal() }
        #expect(dispatcher.drain(timeoutMilliseconds: 10_000))
        #expect(stuck.steps == steps)
        dispatcher.close()
    }

    @Test func failuresAreReportedAndTriedAgainInOrder() {
        let sink = MemorySink("flaky", failures: 4)
        let reports = Reports()
        let retry = RetrySchedule(firstMilliseconds: 1, longestMilliseconds: 4, attempts: 10)
        let dispatcher = SinkDispatcher(sinks: [sink], retry: retry) { reports.add($0) }
        let steps = (0..<5).map { SinkTests.step(Double($0)) }
        for step in steps { dispatcher.enqueue(step) }
        #expect(dispatcher.drain(timeoutMilliseconds: 10_000))
        #expect(sink.steps == steps)
        let told = reports.all
        #expect(told.map(\.attempt) == [1, 2, 3, 4] && told.map(\.retryMilliseconds) == [1, 2, 4, 4])
        dispatcher.close()
    }

    @Test func whatNeverWorksIsGivenUpAndTheNextIsTried() {
        let sink = MemorySink("flaky", failures: 3)
        let reports = Reports()
        let retry = RetrySchedule(firstMilliseconds: 1, longestMilliseconds: 1, attempts: 3)
        let dispatcher = SinkDispatcher(sinks: [sink], retry: retry) { reports.add($0) }
        dispatcher.enqueue(SinkTests.step(1))
        dispatcher.enqueue(SinkTests.step(2))
        #expect(dispatcher.drain(timeoutMilliseconds: 10_000))
        #expect(sink.steps == [SinkTests.step(2)])
        #expect(reports.all.map(\.retryMilliseconds) == [1, 1, nil])
        dispatcher.close()
    }

    @Test func closingEndsRetries() {
        let sink = MemorySink("broken", failures: .max)
        let retry = RetrySchedule(firstMilliseconds: 3_600_000, longestMilliseconds: 3_600_000, attempts: 10)
        let dispatcher = SinkDispatcher(sinks: [sink], retry: retry) { _ in }
        dispatcher.enqueue(SinkTests.step())
        dispatcher.close()
        #expect(dispatcher.drain(timeoutMilliseconds: 10_000))
    }
}

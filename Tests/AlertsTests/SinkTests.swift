import Alerts
import Detection
import Events
import Foundation
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
        #expect(error?.code == .exit && error?.message.hasPrefix("command:sh#") == true)
        #expect(error?.message.hasSuffix(": \(reason)") == true)
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
        #expect(names == ["stdout", "stdout:json", "file:/a:b", "command:notify"] + names.suffix(1))
        #expect(names.last?.hasPrefix("command:notify#") == true, "another sink than the one without arguments")
    }
}

import AuditLog
import Foundation
import Testing

@testable import Gateway

/// The control socket serves this user's commands, whatever else connects.
@Suite(.timeLimit(.minutes(1)))
struct ControlServerTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var log: String { folder.path }

    /// Answers with what was asked.
    private func server(_ limits: ControlServer.Limits = .init(), log: String? = nil) throws -> ControlServer {
        try ControlServer(log: log ?? self.log, limits: limits) { request in
            if request.action.rawValue == "fail" { return .refused("as asked", hint: "tollgate doctor") }
            return .done([("did", .text(request.action.rawValue))] + request.fields)
        }
    }

    @Test func aRequestIsAnswered() throws {
        let server = try server()
        let reply = try ControlClient.send(.init(.grantRevoke, [("id", .text("ci"))]), log: log)
        #expect(reply == .done([("did", .text("grant_revoke")), ("id", .text("ci"))]))
        #expect(
            try ControlClient.send(.init(.init(rawValue: "fail")), log: log)
                == .refused("as asked", hint: "tollgate doctor"))
        server.close()
    }

    @Test func onlyThisUserCanReachIt() throws {
        let server = try server()
        var status = stat()
        #expect(stat(server.socketPath, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(server.socketPath == log + "/control.sock")
        server.close()
    }

    @Test func closingRemovesItAndMayBeRepeated() throws {
        let server = try server()
        server.close()
        server.close()
        #expect(!FileStamp(server.socketPath).exists)
        #expect {
            _ = try ControlClient.send(.init(.status), log: log)
        } throws: { ($0 as? ControlError)?.code == .notRunning }
        try self.server().close()
    }

    @Test func aDeadProcessesSocketIsReplacedAndALivingOnesIsNot() throws {
        do {
            let dead = try UnixSocket()
            try dead.bind(to: log + "/control.sock")
            try dead.listen(backlog: 1)
        }
        #expect(FileStamp(log + "/control.sock").exists)
        let living = try server()
        #expect {
            _ = try server()
        } throws: { ($0 as? ControlError)?.code == .inUse }
        #expect(try ControlClient.send(.init(.status), log: log).isDone)
        living.close()
        try folder.write("", to: "control.sock")
        #expect {
            _ = try server()
        } throws: { ($0 as? ControlError)?.code == .inUse }
        #expect(FileStamp(log + "/control.sock").exists)
    }

    @Test func aLongPathMovesTheSocketAndSaysSo() throws {
        let long = folder.path + "/" + String(repeating: "x", count: 120)
        try FileManager.default.createDirectory(atPath: long, withIntermediateDirectories: true)
        for runtime in [folder.path, nil] {
            let server = try ControlServer(log: long, runtimeFolder: runtime) { _ in .done() }
            let expected = runtime.map { $0 + "/tollgate/" } ?? "/tmp/tollgate-\(geteuid())/"
            #expect(server.socketPath.hasPrefix(expected) && server.socketPath.utf8.count <= 107)
            #expect(try ControlClient.send(.init(.status), log: long).isDone)
            server.close()
            #expect(!FileStamp(server.socketPath).exists && !FileStamp(long + "/control.path").exists)
        }
    }

    @Test func aFolderThatOthersCanEnterIsNotUsed() throws {
        let long = folder.path + "/" + String(repeating: "x", count: 120)
        try FileManager.default.createDirectory(atPath: long, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: folder.path + "/tollgate", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755]
        )
        #expect {
            _ = try ControlServer(log: long, runtimeFolder: folder.path) { _ in .done() }
        } throws: { ($0 as? ControlError)?.code == .foreign }
    }

    // MARK: Clients that are not as they should be

    /// A connection that says what it likes.
    private func raw() throws -> UnixSocket {
        let socket = try UnixSocket()
        while true {
            do throws(SystemError) {
                try socket.connect(to: log + "/control.sock")
                return socket
            } catch {
                // So many wait to be accepted that this one must try again.
                guard error.number == EAGAIN else { throw error }
                sched_yield()
            }
        }
    }

    /// Everything that comes until the other side closes, or until so many lines are there.
    private func lines(_ socket: borrowing UnixSocket, _ count: Int) throws -> [String] {
        var bytes: [UInt8] = []
        while bytes.count(where: { $0 == 0x0A }) < count {
            var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 10_000) > 0 else { break }
            guard let more = try? UnixSocket.receive(from: socket.descriptor, atMost: 65_536), !more.isEmpty else {
                break
            }
            bytes += more
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func send(_ text: String, to socket: borrowing UnixSocket) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            guard let count = try UnixSocket.send(rest, to: socket.descriptor) else {
                var entry = pollfd(fd: socket.descriptor, events: Int16(POLLOUT), revents: 0)
                guard poll(&entry, 1, 10_000) > 0 else { return }
                continue
            }
            rest = rest.dropFirst(count)
        }
    }

    @Test func linesAreAnsweredInOrderHoweverTheyAreCut() throws {
        let server = try server()
        let socket = try raw()
        let text = (0..<50).map { #"{"do":"a","n":\#($0)}"# + "\n" }.joined() + "\n  \r\n" + #"{"do":"b"}"# + "\r\n"
        for part in stride(from: 0, to: text.utf8.count, by: 7) {
            try send(String(text.dropFirst(part).prefix(7)), to: socket)
        }
        let expected = (0..<50).map { #"{"ok":true,"did":"a","n":\#($0)}"# } + [#"{"ok":true,"did":"b"}"#]
        #expect(try lines(socket, 51) == expected)
        server.close()
    }

    @Test(arguments: [
        "status", "[1]", #"{"do":1}"#, #"{"do":"a","do":"a"}"#, "\u{1}\u{7F}", "GET / HTTP/1.1", #"{"do":"\uD800"}"#,
    ])
    func whatIsNoRequestIsRefusedAndTheNextIsAnswered(line: String) throws {
        let server = try server()
        let socket = try raw()
        try send(line + "\n" + #"{"do":"a"}"# + "\n", to: socket)
        let answers = try lines(socket, 2)
        #expect(answers.count == 2 && answers[0].hasPrefix(#"{"ok":false,"error":"#))
        #expect(answers.last == #"{"ok":true,"did":"a"}"#)
        server.close()
    }

    @Test(arguments: [false, true])
    func aLineWithoutEndIsRefusedAndItsClientLeft(isEnded: Bool) throws {
        var limits = ControlServer.Limits()
        limits.lineBytes = 1000
        let server = try server(limits)
        let socket = try raw()
        try send(#"{"do":""# + String(repeating: "x", count: 5000) + (isEnded ? "\"}\n" : ""), to: socket)
        let answers = try lines(socket, 2)
        #expect(answers == [#"{"ok":false,"error":"a line of more than 1000 bytes"}"#])
        #expect(try ControlClient.send(.init(.status), log: log).isDone)
        server.close()
    }

    @Test func aClientTooManyIsToldSoAndServedLater() throws {
        let server = try server()
        var held: [Int32] = []
        for _ in 0..<16 {
            let socket = try raw()
            try send(#"{"do":"a"}"# + "\n", to: socket)
            #expect(try lines(socket, 1).count == 1)
            held.append(socket.release())
        }
        let reply = try ControlClient.send(.init(.status), log: log)
        #expect(reply.refusal?.error.contains("16 clients") == true)
        for descriptor in held { close(descriptor) }
        // The server learns of it by its own poll; until then it may still refuse.
        var isServed = false
        for _ in 0..<1000 where !isServed { isServed = try ControlClient.send(.init(.status), log: log).isDone }
        #expect(isServed)
        server.close()
    }

    @Test func silentClientsAreLeft() throws {
        var limits = ControlServer.Limits()
        limits.idleMilliseconds = 30
        let server = try server(limits)
        let socket = try raw()
        try send(#"{"do":"#, to: socket)
        var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, 10_000) == 1)
        // Readable without a byte: the other side has closed.
        let rest = (try? UnixSocket.receive(from: socket.descriptor, atMost: 100)) ?? []
        #expect(rest.isEmpty)
        server.close()
    }

    @Test func aClientThatNeverReadsHoldsBackNobody() throws {
        let server = try ControlServer(log: log) { _ in .done([("x", .text(String(repeating: "x", count: 1 << 20)))]) }
        let greedy = try raw()
        for _ in 0..<20 { try send(#"{"do":"a"}"# + "\n", to: greedy) }
        #expect(try ControlClient.send(.init(.status), log: log).isDone)
        server.close()
        _ = consume greedy
    }

    @Test func whoWaitsForAnothersLongRequestIsNotTakenForSilent() throws {
        let (entered, mayGo) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        var limits = ControlServer.Limits()
        limits.idleMilliseconds = 100
        let server = try ControlServer(log: log, limits: limits) { request in
            guard request.action.rawValue == "long" else { return .done() }
            entered.signal()
            mayGo.wait()
            return .done()
        }
        let long = try raw()
        let short = try raw()
        try send(#"{"do":"short"}"# + "\n", to: short)
        #expect(try lines(short, 1).count == 1)
        try send(#"{"do":"long"}"# + "\n", to: long)
        entered.wait()
        try send(#"{"do":"short"}"# + "\n", to: short)
        let begin = MonotonicClock.milliseconds
        while MonotonicClock.milliseconds - begin < 150 { sched_yield() }
        mayGo.signal()
        #expect(try lines(long, 1) == [#"{"ok":true}"#])
        #expect(try lines(short, 1) == [#"{"ok":true}"#])
        server.close()
    }

    @Test func clientsAtOnceEachGetTheirOwnReply() async throws {
        let server = try server()
        let log = log
        try await withThrowingTaskGroup(of: Int.self) { group in
            for client in 0..<8 {
                group.addTask {
                    var answered = 0
                    for index in 0..<50 {
                        let fields: [(name: String, value: ControlValue)] = [
                            ("c", .integer(client)), ("i", .integer(index)),
                        ]
                        let reply = try ControlClient.send(.init(.status, fields), log: log)
                        if reply == .done([("did", .text("status"))] + fields) { answered += 1 }
                    }
                    return answered
                }
            }
            for try await answered in group { #expect(answered == 50) }
        }
        server.close()
    }

    @Test func randomBytesLeaveItServing() throws {
        let server = try server()
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<100 {
            let socket = try raw()
            let bytes = (0..<generator.below(3000)).map { _ in UInt8(truncatingIfNeeded: generator.next() as UInt64) }
            _ = try? UnixSocket.send(bytes[...], to: socket.descriptor)
        }
        // Those that have left are noticed one after the other.
        var isServed = false
        for _ in 0..<1000 where !isServed {
            isServed = (try? ControlClient.send(.init(.status), log: log).isDone) ?? false
        }
        #expect(isServed)
        server.close()
    }

    @Test func aReplyThatDoesNotComeIsWaitedForOnlySoLong() throws {
        let mayGo = DispatchSemaphore(value: 0)
        let server = try ControlServer(log: log) { _ in
            mayGo.wait()
            return .done()
        }
        #expect {
            _ = try ControlClient.send(.init(.status), log: log, milliseconds: 50)
        } throws: { ($0 as? ControlError)?.code == .timedOut }
        mayGo.signal()
        server.close()
    }

    @Test func aProcessThatEndsIsTold() throws {
        let started = DispatchSemaphore(value: 0)
        let listener = try UnixSocket()
        try listener.bind(to: log + "/control.sock")
        try listener.listen(backlog: 1)
        let descriptor = listener.release()
        let thread = Thread {
            started.signal()
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&entry, 1, 10_000)
            if let client = UnixSocket.accept(from: descriptor) { close(client) }
        }
        thread.start()
        started.wait()
        #expect {
            _ = try ControlClient.send(.init(.status), log: log)
        } throws: { ($0 as? ControlError)?.code == .notRunning }
        close(descriptor)
    }
}

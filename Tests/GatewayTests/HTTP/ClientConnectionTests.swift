import AuditLog
import Events
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Gateway

/// One client's connection without a network: what comes in order is answered in order, and what comes in masses costs
/// nothing but its own time.
struct ClientConnectionTests {
    /// How far apart on the stack answers were written.
    private final class StackGauge: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        private(set) var lowest = UInt.max
        private(set) var highest = UInt.min

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            var here = 0
            withUnsafePointer(to: &here) { pointer in
                lowest = min(lowest, UInt(bitPattern: pointer))
                highest = max(highest, UInt(bitPattern: pointer))
            }
            context.write(data, promise: promise)
        }

        /// Bytes between the deepest and the shallowest.
        var spread: UInt { highest > lowest ? highest - lowest : 0 }
    }

    /// A whole answer that was written.
    private struct Answer {
        var status = 0
        var headers: [(name: String, value: String)] = []
        var body = ""

        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }

        /// Takes answers off what was written: heads end at an empty line, bodies by their length.
        ///
        /// - Parameter heads: which answers are to HEAD, and have none.
        static func read(_ text: [UInt8], heads: Set<Int>) throws -> [Answer] {
            var rest = text[...]
            var all: [Answer] = []
            while !rest.isEmpty {
                let end = try #require(rest.firstRange(of: Array("\r\n\r\n".utf8)), "a head that does not end")
                let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
                rest = rest[end.upperBound...]
                var answer = Answer()
                let first = try #require(lines.first).split(separator: " ", maxSplits: 2)
                try #require(first.count == 3 && first[0] == "HTTP/1.1")
                answer.status = Int(first[1]) ?? 0
                for line in lines.dropFirst() {
                    let mark = try #require(line.firstRange(of: ": "))
                    answer.headers.append((String(line[..<mark.lowerBound]), String(line[mark.upperBound...])))
                }
                if answer.status >= 200, !heads.contains(all.count) {
                    let length = try #require(answer.header("content-length").flatMap { Int($0) })
                    answer.body = String(decoding: rest.prefix(length), as: UTF8.self)
                    try #require(rest.count >= length)
                    rest = rest.dropFirst(length)
                }
                all.append(answer)
            }
            return all
        }
    }

    /// A gateway with one connection to it.
    private final class Place: CustomReflectable {
        // A failing expectation looks into its operands; not into what cannot be copied.
        var customMirror: Mirror { Mirror(self, children: []) }
        let log: GatewayLog
        let core: GatewayCore
        let channel: EmbeddedChannel
        let gauge = StackGauge()
        let loop = EmbeddedEventLoop()

        init(_ change: (inout ServeConfiguration) -> Void = { _ in }) throws {
            log = try GatewayLog()
            core = try GatewayFixture.core(log, on: loop, change)
            channel = EmbeddedChannel(loop: loop)
            try channel.connect(to: SocketAddress(ipAddress: "192.0.2.7", port: 9)).wait()
            try channel.pipeline.syncOperations.addHandlers([gauge, ClientConnection(core: core)])
        }

        func send(
            _ method: HTTPMethod, _ path: String, token: String? = nil, body: String = "",
            headers: [(String, String)] = []
        ) throws {
            var all = HTTPHeaders([("Host", "localhost"), ("Content-Type", "application/json")] + headers)
            if let token { all.add(name: "Authorization", value: "Bearer \(token)") }
            try channel.writeInbound(
                HTTPServerRequestPart.head(HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: all)))
            if !body.isEmpty { try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: body))) }
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
        }

        /// A call that no policy allows.
        func call(_ id: Int) throws {
            let text = #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"t","arguments":{}}}"#
            try send(.POST, "/ecs/mcp", token: GatewayFixture.token, body: text)
        }

        /// The answers written since the last time.
        func answers(heads: Set<Int> = []) throws -> [Answer] {
            loop.run()
            var text: [UInt8] = []
            while let part = try channel.readOutbound(as: ByteBuffer.self) { text += Array(buffer: part) }
            return try Answer.read(text, heads: heads)
        }

        var isActive: Bool { channel.isActive }

        /// What the connection last asked of its channel: whether to read on by itself.
        var readsOn: Bool {
            let asked = channel.options.compactMap { option, value in
                option is ChannelOptions.Types.AutoReadOption ? value as? Bool : nil
            }
            return asked.last ?? true
        }

        func finish() throws -> [Record] {
            _ = try? channel.finish(acceptAlreadyClosed: true)
            core.stop()
            return try log.closeAndRead()
        }
    }

    @Test func tenThousandRequestsBehindALateAnswerAreTakenOneAfterTheOther() throws {
        let place = try Place { configuration in
            configuration.flood.denialsPerSecond = 1
            configuration.flood.burst = 1
        }
        try place.call(1)
        #expect(try place.answers().count == 1)
        // The second denial is answered a second late, on the loop's own clock; all the others stand behind it.
        try place.call(2)
        for _ in 0..<10_000 { try place.send(.GET, "/healthz") }
        #expect(try place.answers().isEmpty)
        #expect(!place.readsOn, "more than may wait has come")
        place.loop.advanceTime(by: .seconds(2))
        let answers = try place.answers()
        #expect(answers.count == 10_001)
        #expect(answers.first?.body.contains("POLICY DENIED") ?? false, "the late one comes first")
        #expect(answers.dropFirst().allSatisfy { $0.body == #"{"status":"ok"}"# })
        #expect(place.readsOn)
        // One inside the other, each would cost some hundred bytes of stack.
        #expect(place.gauge.spread < 64 << 10, "\(place.gauge.spread) bytes of stack")
        #expect(place.isActive)
        let denied = try place.finish().count {
            if case .decision(let d) = $0.body { d.verdict == .deny } else { false }
        }
        #expect(denied == 2)
    }

    @Test func answersComeInTheOrderOfTheirRequests() throws {
        let place = try Place { configuration in
            configuration.flood.denialsPerSecond = 1
            configuration.flood.burst = 1
        }
        for id in 1...4 { try place.call(id) }
        try place.send(.GET, "/nowhere")
        place.loop.advanceTime(by: .seconds(60))
        let answers = try place.answers()
        #expect(answers.count == 5 && answers.last?.status == 404)
        for (index, answer) in answers.prefix(4).enumerated() { #expect(answer.body.contains("\"id\":\(index + 1)")) }
        _ = try place.finish()
    }

    @Test func aStrangerIsHeardForAMinuteAtTheMost() throws {
        let place = try Place()
        let start = NIODeadline.now()
        for number in 1...40 {
            try place.send(.POST, "/ecs/mcp", token: number % 2 == 0 ? "tg_nobody" : nil, body: "{}")
            #expect(try place.answers().map(\.status) == [401], "\(number)")
        }
        for connection in place.core.connections { connection.sweep(now: start + .seconds(9)) }
        #expect(place.isActive)
        // Its last request is a moment ago for all that the time-out of heads knows; the minute is over all the same.
        for connection in place.core.connections { connection.sweep(now: start + .seconds(62)) }
        #expect(!place.isActive && place.core.connections.isEmpty && place.core.strangers.isEmpty)
        let whole = try place.finish().count { if case .decision = $0.body { true } else { false } }
        #expect(whole == RefusalBook.wholePerMinute)
    }

    @Test func strangersMakeRoomForNewConnectionsAndKnownCallersDoNot() throws {
        let place = try Place { $0.limits.connections = 1 }
        try place.send(.POST, "/ecs/mcp", token: GatewayFixture.token, body: "not JSON")
        #expect(place.core.strangers.isEmpty && !place.core.makeRoomForConnection(from: "192.0.2.1") && place.isActive)
        let other = try Place { $0.limits.connections = 1 }
        try other.send(.POST, "/ecs/mcp", token: "tg_nobody", body: "{}")
        #expect(
            other.core.makeRoomForConnection(from: "192.0.2.1") && !other.isActive && other.core.connections.isEmpty)
        _ = try place.finish()
        _ = try other.finish()
    }

    @Test func aKnownCallersRefusalsDoNotEndTheConnection() throws {
        let place = try Place()
        for _ in 0..<100 { try place.send(.POST, "/other/mcp", token: GatewayFixture.token, body: "{}") }
        let answers = try place.answers()
        #expect(answers.count == 100 && answers.allSatisfy { $0.status == 404 } && place.isActive)
        _ = try place.finish()
    }

    @Test func answersToHeadHaveTheLengthAndNoBody() throws {
        let place = try Place()
        let paths = ["/healthz", "/.well-known/oauth-protected-resource", "/nowhere", "/ecs/mcp"]
        for path in paths {
            try place.send(.GET, path)
            let got = try #require(try place.answers().first)
            try place.send(.HEAD, path)
            let head = try #require(try place.answers(heads: [0]).first)
            #expect(
                head.status == got.status && head.header("Content-Length") == String(got.body.utf8.count), "\(path)")
        }
        try place.send(.HEAD, "/ecs/mcp", token: GatewayFixture.token)
        let head = try #require(try place.answers(heads: [0]).first)
        #expect(head.status == 405 && head.header("Allow") == "POST, GET, DELETE")
        try place.send(.GET, "/healthz")
        #expect(try place.answers().first?.body == #"{"status":"ok"}"#, "the next answer has a body again")
        _ = try place.finish()
    }

    @Test func aRefusedBodyIsThrownAwayUpToABound() throws {
        let place = try Place()
        try place.send(.POST, "/ecs/mcp", body: String(repeating: "x", count: 64 << 10))
        #expect(try place.answers().map(\.status) == [401])
        #expect(place.isActive)
        try place.send(.GET, "/healthz")
        #expect(try place.answers().map(\.status) == [200], "the connection goes on")
        try place.send(.POST, "/ecs/mcp", body: String(repeating: "x", count: (64 << 10) + 1))
        #expect(try place.answers().map(\.status) == [401])
        #expect(!place.isActive)
        _ = try place.finish()
    }

    @Test func aMessageLargerThanTheLimitIsRefusedOnceAndEndsTheConnection() throws {
        let place = try Place { $0.limits.messageBytes = 1000 }
        try place.send(
            .POST, "/ecs/mcp", token: GatewayFixture.token, body: "{}", headers: [("Content-Length", "1001")])
        #expect(try place.answers().map(\.status) == [413])
        #expect(place.isActive, "announced: the body can be thrown away")
        try place.send(
            .POST, "/ecs/mcp", token: GatewayFixture.token, body: String(repeating: " ", count: 1001))
        #expect(try place.answers().map(\.status) == [413])
        #expect(!place.isActive)
        let reasons = try place.finish().compactMap { record -> Reason? in
            if case .decision(let decision) = record.body { decision.reason } else { nil }
        }
        #expect(reasons == [.tooLarge, .tooLarge])
    }

    @Test func continueIsSaidOnlyToWhoMayGoOn() throws {
        let place = try Place()
        try place.send(.POST, "/ecs/mcp", body: "{}", headers: [("Expect", "100-continue")])
        #expect(try place.answers().map(\.status) == [401])
        try place.send(
            .POST, "/ecs/mcp", token: GatewayFixture.token, body: "not JSON", headers: [("Expect", "100-continue")])
        #expect(try place.answers().map(\.status) == [100, 400])
        _ = try place.finish()
    }

    @Test func whatIsNoHTTPIsAnsweredRecordedAndClosed() throws {
        let place = try Place()
        place.channel.pipeline.fireErrorCaught(HTTPParserError.invalidMethod)
        #expect(try place.answers().map(\.status) == [400])
        #expect(!place.isActive)
        #expect(try place.finish().count == 1)
    }

    @Test func aConnectionThatSaysNothingIsCountedAndClosed() throws {
        let place = try Place()
        let later = NIODeadline.now() + .seconds(11)
        place.core.sweep()
        #expect(place.isActive)
        for connection in place.core.connections { connection.sweep(now: later) }
        #expect(!place.isActive && place.core.connections.isEmpty)
        let records = try place.finish()
        guard case .control(let control)? = records.last?.body else {
            Issue.record("nothing was recorded")
            return
        }
        #expect(control.event == .refused && control.number(.n) == 1 && control.text(.peer) == "192.0.2.0/24")
    }

    @Test func pipelinedBytesThatWaitAreBounded() throws {
        let place = try Place { configuration in
            configuration.flood.denialsPerSecond = 1
            configuration.flood.burst = 1
        }
        try place.call(1)
        try place.call(2)
        var parts = 0
        while place.readsOn, parts < 10_000 {
            try place.channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "x")))
            parts += 1
        }
        // 64 bytes for each part, so that many small ones are no way around the bound.
        #expect(parts <= (64 << 10) / 65 + 1)
        _ = try place.finish()
    }

    @Test func aDrainingGatewayEndsConnectionsWithTheirNextAnswer() throws {
        let place = try Place()
        place.core.drain()
        #expect(!place.isActive, "idle ones at once")
        _ = try place.finish()
        let other = try Place { configuration in
            configuration.flood.denialsPerSecond = 1
            configuration.flood.burst = 1
        }
        try other.call(1)
        try other.call(2)
        other.core.drain()
        #expect(other.isActive)
        other.loop.advanceTime(by: .seconds(2))
        #expect(try other.answers().count == 2 && !other.isActive)
        _ = try other.finish()
    }
}

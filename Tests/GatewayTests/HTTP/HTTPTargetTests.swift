import Events
import Foundation
import MCP
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import Gateway

/// What of a client's head goes to a server, and of a server's to a client.
struct HTTPTargetTests {
    private func target(_ headers: [(name: String, value: String)] = [], url: String = "http://up.example:9101/mcp?x=1")
        throws -> HTTPTarget
    {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let pool = UpstreamPool(
            UpstreamPool.Address(host: "up.example", port: 1, tls: nil),
            bounds: UpstreamPool.Bounds(concurrency: 1, queue: 1, connect: .seconds(1), wait: .seconds(1)), on: loop,
            flushes: FlushBatch(loop: loop))
        return HTTPTarget(try GatewayFixture.upstream(url, headers: headers), pool: pool)
    }

    private func head(
        _ lines: [(String, String)], _ own: [(name: String, value: String)] = [], length: Int? = 5,
        dropsSession: Bool = false, method: HTTPMethod = .POST, url: String = "http://up.example:9101/mcp?x=1"
    ) throws -> HTTPRequestHead {
        let target = try target(own, url: url)
        let head = HTTPRequestHead(
            version: .http1_1, method: method, uri: "/ecs/mcp?token=x", headers: HTTPHeaders(lines))
        let route = ServerRoute(
            "ecs", ServeConfiguration.Server(.http(try GatewayFixture.upstream("http://up.example/mcp"))),
            .http(target), answerTime: .seconds(1),
            making: ServerRoute.Making(
                connect: .seconds(1), queue: .seconds(1), childIdle: .seconds(1), answer: .seconds(1), answerBytes: 1,
                authorities: nil))
        let caller = KnownCaller(
            authorization: "", edition: 0, grant: Grant(id: "g", agent: "a", servers: ["ecs"], tokenSHA256: []),
            policy: nil)
        let admission = Admission(caller, route: route, peer: "p", head: head, facts: RequestHead(head.headers))
        var scratch = LineBuffer()
        let body = length.map { ByteBuffer(repeating: 0x78, count: $0) }
        var request = ByteBuffer()
        target.appendRequest(
            of: admission, body: body, dropsSession: dropsSession, scratch: &scratch, to: &request)
        return try parse(request, body: length ?? 0)
    }

    /// Reads a request as it was written: strictly, and with nothing behind its body.
    private func parse(_ request: ByteBuffer, body: Int) throws -> HTTPRequestHead {
        let text = String(buffer: request)
        let end = try #require(text.range(of: "\r\n\r\n"))
        #expect(text[end.upperBound...] == String(repeating: "x", count: body)[...])
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        try #require(words.count == 3 && words[2] == "HTTP/1.1")
        let headers = try lines.dropFirst().map { line in
            let mark = try #require(line.range(of: ": "))
            return (String(line[..<mark.lowerBound]), String(line[mark.upperBound...]))
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: String(words[0])), uri: String(words[1]),
            headers: HTTPHeaders(headers))
    }

    private func names(_ head: HTTPRequestHead) -> [String] { head.headers.map { $0.name.lowercased() } }

    @Test func theRequestLineIsTheServersNotTheClients() throws {
        let head = try head([("Host", "localhost")])
        #expect(head.uri == "/mcp?x=1" && head.method == .POST && head.version == .http1_1)
        #expect(head.headers["Host"] == ["up.example:9101"])
        for (url, host) in [
            ("http://up.example:80/mcp", "up.example"), ("https://up.example/mcp", "up.example"),
            ("https://up.example:80/mcp", "up.example:80"), ("http://[::1]:9101/mcp", "[::1]:9101"),
        ] {
            #expect(try self.head([], url: url).headers["Host"] == [host])
        }
    }

    @Test(arguments: [
        "Authorization", "Cookie", "Host", "Origin", "Referer", "Expect", "TE", "Trailer", "Upgrade", "Forwarded",
        "X-Real-IP", "Connection", "Keep-Alive", "Content-Length", "Accept-Encoding", "X-Forwarded-For",
        "X-Forwarded-Host", "X-Forwarded-Proto", "Proxy-Connection", "Proxy-Authorization", "Transfer-Encoding",
    ])
    func whatIsMeantForTheGatewayStaysHere(name: String) throws {
        for spelled in [name, name.lowercased(), name.uppercased()] {
            let head = try head([(spelled, "s3cr3t-value")])
            #expect(!head.headers.contains { $0.value.contains("s3cr3t-value") }, "\(spelled)")
        }
    }

    @Test(arguments: [
        "Accept", "Content-Type", "Mcp-Session-Id", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Last-Event-ID",
        "User-Agent", "X-Custom", "traceparent", "Accept-Language", "Authorizatiom", "X-Authorization", "Cookies",
    ])
    func everythingElsePassesAsItIs(name: String) throws {
        let head = try head([(name, " Value, with \"all\" ")])
        #expect(head.headers.contains { $0.name == name && $0.value == " Value, with \"all\" " })
    }

    @Test func repeatedHeadersPassInTheirOrder() throws {
        let head = try head([("X-A", "1"), ("Authorization", "x"), ("X-B", "2"), ("X-A", "3")])
        #expect(head.headers.filter { $0.name.hasPrefix("X-") }.map(\.value) == ["1", "2", "3"])
    }

    @Test func namesThatSomeReadAsOthersDoNotPass() throws {
        let lines = [
            ("Mcp_Name", "x"), ("mcp_session-id", "x"), ("X_Custom", "x"), ("_", "x"), ("Content_Length", "9"),
        ]
        #expect(try names(head(lines)) == ["host", "accept-encoding", "content-length"])
    }

    @Test func whatConnectionNamesEndsHereUnlessItWasLookedAt() throws {
        let lines = [
            ("Connection", "close, X-Hop"), ("connection", "x-other , Mcp-Session-Id,mcp-name,content-type, accept"),
            ("X-Hop", "1"), ("X-OTHER", "1"), ("X-Stays", "1"), ("Mcp-Session-Id", "s"), ("Mcp-Name", "n"),
            ("Content-Type", "application/json"), ("Accept", "*/*"),
        ]
        let passed = try names(head(lines))
        #expect(
            passed == [
                "host", "x-stays", "mcp-session-id", "mcp-name", "content-type", "accept", "accept-encoding",
                "content-length",
            ])
    }

    @Test func theGatewaysCredentialsWin() throws {
        let own = [(name: "Authorization", value: "Bearer own"), (name: "X-Api-Key", value: "own")]
        let head = try head([("authorization", "theirs"), ("x-api-key", "theirs"), ("X-API-KEY", "theirs")], own)
        #expect(head.headers["Authorization"] == ["Bearer own"] && head.headers["X-Api-Key"] == ["own"])
        #expect(!head.headers.contains { $0.value == "theirs" })
    }

    @Test func nobodysHeadersTakeTheGatewaysCredentialsAway() throws {
        let head = try head([("Connection", "X-Api-Key")], [(name: "X-Api-Key", value: "own")])
        #expect(head.headers["X-Api-Key"] == ["own"])
    }

    @Test func lengthIsOursAndOnlyWhereThereIsABody() throws {
        #expect(
            try head([("Content-Length", "99"), ("Transfer-Encoding", "chunked")]).headers["Content-Length"] == ["5"])
        let stream = try head([("Content-Length", "0")], length: nil, method: .GET)
        #expect(stream.headers["Content-Length"].isEmpty && stream.method == .GET)
        #expect(stream.headers["Transfer-Encoding"].isEmpty)
        #expect(try head([("Accept-Encoding", "gzip")]).headers["Accept-Encoding"] == ["identity"])
    }

    @Test func aSessionThatIsNotTheGrantsDoesNotPass() throws {
        let lines = [("mcp-session-ID", "s"), ("Mcp-Name", "n")]
        #expect(try names(head(lines, dropsSession: true)).contains("mcp-session-id") == false)
        #expect(try names(head(lines, dropsSession: false)).contains("mcp-session-id"))
    }

    @Test(arguments: [
        "Connection", "Keep-Alive", "Set-Cookie", "Trailer", "Upgrade", "WWW-Authenticate", "Proxy-Authenticate",
        "Transfer-Encoding",
    ])
    func whatBelongsToTheServersConnectionDoesNotReachTheClient(name: String) {
        for spelled in [name, name.lowercased()] {
            let head = HTTPResponseHead(
                version: .http1_0, status: .ok, headers: HTTPHeaders([(spelled, "x"), ("A", "b")]))
            #expect(lines(of: AnswerHead(of: head, keepsLength: true)) == ["A: b"])
        }
    }

    @Test func theRestOfAnAnswersHeadPassesInOrder() {
        let lines = [("Mcp-Session-Id", "s"), ("Content-Length", "3"), ("X-A", "1"), ("X-A", "2"), ("ETag", "\"x\"")]
        let head = HTTPResponseHead(version: .http1_1, status: .accepted, headers: HTTPHeaders(lines))
        let kept = AnswerHead(of: head, keepsLength: true)
        #expect(self.lines(of: kept) == lines.map { "\($0): \($1)" } && kept.hasLength && kept.status == .accepted)
        var changed = AnswerHead(of: head, keepsLength: false)
        #expect(self.lines(of: changed) == lines.filter { $0.0 != "Content-Length" }.map { "\($0): \($1)" })
        #expect(!changed.hasLength)
        changed.length = 7
        #expect(changed.hasLength)
    }

    private func lines(of head: AnswerHead) -> [String] {
        var lines: [String] = []
        head.forEachHeader { lines.append("\($0): \($1)") }
        return lines
    }
}

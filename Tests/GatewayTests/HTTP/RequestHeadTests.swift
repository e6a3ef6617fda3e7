import MCP
import NIOHTTP1
import Testing

@testable import Gateway

/// What is read of a request's headers, in one pass, whatever their order and spelling.
struct RequestHeadTests {
    private static let lines: [(name: String, value: String)] = [
        ("Host", "localhost:8700"), ("Origin", "http://localhost"), ("Content-Type", "application/json"),
        ("Authorization", "Bearer tg_x"), ("Content-Length", "17"), ("Mcp-Session-Id", "s1"),
        ("X-Forwarded-For", "192.0.2.1"), ("Transfer-Encoding", "chunked"), ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"), ("Mcp-Name", "build"),
    ]

    private func expectAll(_ head: RequestHead, _ comment: Comment) {
        #expect(head.host == "localhost:8700" && head.origin == "http://localhost", comment)
        #expect(head.contentType == "application/json" && head.authorization == "Bearer tg_x", comment)
        #expect(head.contentLength == 17 && head.session == "s1" && head.forwardedFor == "192.0.2.1", comment)
        #expect(head.transferCoding == "chunked" && !head.isEncoded && !head.repeats, comment)
        #expect(head.routing.protocolVersion == .once("2026-07-28"), comment)
        #expect(head.routing.method == .once("tools/call") && head.routing.name == .once("build"), comment)
    }

    @Test func orderAndCaseAndBlanksDoNotMatter() {
        for seed in UInt64(0)..<100 {
            var random = SeededGenerator(seed: seed)
            var headers = HTTPHeaders()
            for (name, value) in RequestHeadTests.lines.shuffled(using: &random) {
                let spelled = name.map { random.chance(50) ? $0.uppercased() : $0.lowercased() }.joined()
                let isTrimmed = name != "Content-Length" && name != "X-Forwarded-For"
                let (before, after) = (random.pick(["", " ", "\t "]), random.pick(["", " ", " \t"]))
                headers.add(name: spelled, value: isTrimmed ? before + value + after : value)
                if random.chance(30) { headers.add(name: "X-Other-\(random.below(9))", value: "x") }
            }
            expectAll(RequestHead(headers), "seed \(seed)")
        }
    }

    @Test(arguments: ["Host", "Origin", "Content-Type", "Authorization", "Mcp-Session-Id", "Transfer-Encoding"])
    func aHeaderThatDecidesMayComeOnlyOnce(name: String) {
        for second in [name, name.lowercased(), name.uppercased()] {
            let same = HTTPHeaders([(name, "a"), ("X", "y"), (second, "a")])
            #expect(RequestHead(same).repeats, "even when both say the same")
        }
        #expect(!RequestHead(HTTPHeaders([(name, "a"), ("X-\(name)", "a")])).repeats)
    }

    @Test func aRoutingHeaderThatComesTwiceIsNeither() {
        let head = RequestHead(HTTPHeaders([("Mcp-Name", "a"), ("mcp-name", "a"), ("Mcp-Method", "x")]))
        #expect(head.routing.name == .repeated && head.routing.method == .once("x"))
        #expect(head.routing.protocolVersion == .absent)
    }

    @Test func namesOfEqualLengthAreToldApart() {
        let head = RequestHead(
            HTTPHeaders([
                ("Hosu", "x"), ("Origim", "x"), ("Content-Typf", "x"), ("Authorizatiom", "x"), ("Content-Lengti", "1"),
                ("Mcp-Session-Ie", "x"), ("X-Forwarded-Fos", "x"), ("Content-Encodinh", "gzip"),
                ("Transfer-Encodinh", "x"), ("Mcp_Session_Id", "x"), ("Mcp-Nane", "x"),
            ]))
        #expect(head.host == nil && head.origin == nil && head.contentType == nil && head.authorization == nil)
        #expect(head.contentLength == nil && head.session == nil && head.forwardedFor == nil)
        #expect(head.transferCoding == nil && !head.isEncoded && head.routing == RoutingHeaders())
    }

    @Test func matchingFoldsLettersOnly() {
        #expect(RequestHead.matches("X-A", "x-a") && RequestHead.matches("x-a", "x-a"))
        // Bytes that differ from another only by the bit of case.
        #expect(!RequestHead.matches("x\ra", "x-a"))
        #expect(!RequestHead.matches("\u{0D}", "-") && !RequestHead.matches("@", "`") && !RequestHead.matches("[", "{"))
        #expect(!RequestHead.matches("", "x") && !RequestHead.matches("xx", "x") && RequestHead.matches("", ""))
    }

    @Test(arguments: [
        ("identity", false), ("IDENTITY", false), ("gzip", true), ("", true), ("identity, gzip", true), ("br", true),
    ])
    func onlyPlainBytesAreUnencoded(coding: String, isEncoded: Bool) {
        #expect(RequestHead(["Content-Encoding": coding]).isEncoded == isEncoded)
    }

    @Test func oneEncodedLineIsEnoughWhereverItStands() {
        #expect(RequestHead(HTTPHeaders([("Content-Encoding", "identity"), ("Content-Encoding", "gzip")])).isEncoded)
        let head = RequestHead(HTTPHeaders([("Content-Encoding", "deflate"), ("Content-Encoding", "identity")]))
        #expect(head.isEncoded)
    }

    @Test func trimmingTakesBlanksAndNothingElse() {
        let values = [
            (" a b ", "a b"), ("\ta\t", "a"), ("   ", ""), ("", ""), ("\u{A0}a\u{A0}", "\u{A0}a\u{A0}"),
            (" a\u{301} ", "a\u{301}"),
        ]
        for (value, trimmed) in values { #expect(RequestHead(["Origin": value]).origin == trimmed) }
        #expect(RequestHead(["Origin": " \u{301}a"]).origin?.utf8.elementsEqual("\u{301}a".utf8) ?? false)
    }
}

/// What a path asks for, and what must not stand in a query.
struct RequestTargetTests {
    @Test(arguments: [
        ("/ecs/mcp", RequestTarget.server("ecs")), ("/ecs/mcp/", .server("ecs")), ("/a.b-c_d/mcp", .server("a.b-c_d")),
        ("/e%2Fcs/mcp", .server("e%2Fcs")), ("/../mcp", .server("..")), ("/healthz", .health),
        ("/.well-known/oauth-protected-resource", .metadata("")),
        ("/.well-known/oauth-protected-resource/ecs/mcp", .metadata("/ecs/mcp")),
    ])
    func endpointsAreKnown(path: String, target: RequestTarget) {
        #expect(RequestTarget(path: path[...]) == target)
    }

    @Test(arguments: [
        "", "/", "//", "/mcp", "//mcp", "//mcp/", "/ecs", "/ecs/", "/ecs/mcp/x", "/ecs/mcp//", "/ecs//mcp", "ecs/mcp",
        "/ecs/MCP", "/ecs/mcp2", "/ecs/mc", "/healthz/", "/HEALTHZ", "/healthz/mcp/x", "*", "http://localhost/ecs/mcp",
        "/ecs/x/mcp", "/.well-known/", "/.well-known/oauth-authorization-server",
    ])
    func everythingElseIsOther(path: String) {
        #expect(RequestTarget(path: path[...]) == .other)
    }

    @Test(arguments: [
        "token=x", "TOKEN=x", "access_token=x", "a=b&access_token=x", "api_key=", "key", "a=b&key=1&c=d", "Bearer=x",
        "password=x", "x=tg_abc", "tg_abc", "a=1&b=xtg_y", "grant=g", "authorization=Bearer%20x", "secret=1",
    ])
    func credentialsInQueriesAreSeen(query: String) {
        #expect(RequestTarget.carriesCredential(query[...]))
    }

    @Test(arguments: ["", "&", "=", "a=b", "page=token", "tokens=1", "keyboard=1", "a=key", "mytoken=1", "tg=1"])
    func otherQueriesCarryNone(query: String) {
        #expect(!RequestTarget.carriesCredential(query[...]))
    }
}

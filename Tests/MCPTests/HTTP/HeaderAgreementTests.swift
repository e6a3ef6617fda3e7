import StrictJSON
import Testing

@testable import MCP

@Suite struct HeaderAgreementTests {
    private static let meta =
        #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
        + #""io.modelcontextprotocol/clientCapabilities":{}}"#
    private static let stateless = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call")]

    private enum Answer: Equatable {
        case era(ProtocolEra)
        case refused(HeaderDisagreement)
    }

    private func check(_ body: String, _ lines: [(String, String)]) throws -> Answer {
        var scanner = EnvelopeScanner()
        let message = try scanner.scan(Array(body.utf8), framing: .body)
        let headers = RoutingHeaders(of: lines.map { (name: $0.0, value: $0.1) })
        do throws(HeaderDisagreement) {
            return .era(try scanner.check(message, headers: headers))
        } catch {
            return .refused(error)
        }
    }

    private func request(_ method: String, _ params: String? = nil, meta: String = meta) -> String {
        let all = [params, meta].compactMap { $0 }.joined(separator: ",")
        return #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":{\#(all)}}"#
    }

    private func call(_ name: String = "echo") -> String { request("tools/call", #""name":"\#(name)""#) }

    private func named(_ name: String) -> [(String, String)] {
        HeaderAgreementTests.stateless + [("Mcp-Name", name)]
    }

    @Test(arguments: [
        ("echo", "echo"), ("echo", "=?base64?ZWNobw==?="), (#"\u0065cho"#, "echo"), ("søk", "=?base64?c8O4aw==?="),
        ("a b", "a b"), (#"a\/b"#, "a/b"),
    ])
    func sameNamesAgreeInEverySpelling(body: String, header: String) throws {
        #expect(try check(call(body), named(header)) == .era(.stateless))
    }

    @Test(arguments: [
        "Echo", "echo2", "ech", "", "=?base64?ZWNobw?=", "=?base64?RWNobw==?=", "=?BASE64?ZWNobw==?=", "echo,echo",
    ])
    func otherNamesDisagree(header: String) throws {
        #expect(try check(call(), named(header)) == .refused(.mismatch(.name)))
    }

    @Test func rawTextBeyondASCIIDisagrees() throws {
        #expect(try check(call("søk"), named("søk")) == .refused(.mismatch(.name)))
    }

    @Test(arguments: [
        ("prompts/get", "name", "p"), ("resources/read", "uri", "file:///a"), ("tools/call", "name", "echo"),
    ])
    func eachNamedMethodNeedsItsName(method: String, key: String, value: String) throws {
        let lines = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)]
        let body = request(method, #""\#(key)":"\#(value)""#)
        #expect(try check(body, lines) == .refused(.missing(.name)))
        #expect(try check(body, lines + [("Mcp-Name", "other")]) == .refused(.mismatch(.name)))
        #expect(try check(body, lines + [("mcp-name", value)]) == .era(.stateless))
        let ambiguous = request(method, #""\#(key)":"\#(value)","\#(key.uppercased())":"other""#)
        if method != "tools/call" {
            #expect(try check(ambiguous, lines + [("Mcp-Name", value)]) == .refused(.mismatch(.name)))
        }
    }

    @Test func whatTheBodyLacksTheHeaderMustLackToo() throws {
        let lines = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "prompts/get")]
        #expect(try check(request("prompts/get"), lines) == .era(.stateless))
        #expect(try check(request("prompts/get"), lines + [("Mcp-Name", "p")]) == .refused(.mismatch(.name)))
        #expect(
            try check(request("prompts/get", #""name":7"#), lines + [("Mcp-Name", "7")]) == .refused(.mismatch(.name)))
    }

    @Test func namesOfOtherMethodsAreNotLookedAt() throws {
        let lines = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tasks/get"), ("Mcp-Name", "t-1")]
        #expect(try check(request("tasks/get", #""taskId":"t-1""#), lines) == .era(.stateless))
    }

    @Test func methodsAgreeUnescaped() throws {
        #expect(
            try check(request(#"tools\/list"#), [statelessVersion, ("Mcp-Method", "tools/list")]) == .era(.stateless))
        #expect(try check(request(#"x\u002fy"#), [statelessVersion, ("Mcp-Method", "x/y")]) == .era(.stateless))
        for method in ["Tools/list", "tools/call", "", "=?base64?dG9vbHMvbGlzdA==?="] {
            let answer = try check(request("tools/list"), [statelessVersion, ("Mcp-Method", method)])
            #expect(answer == .refused(.mismatch(.method)), "\(method)")
        }
        #expect(try check(request("tools/list"), [statelessVersion]) == .refused(.missing(.method)))
    }

    private let statelessVersion = ("MCP-Protocol-Version", "2026-07-28")

    @Test(arguments: RoutingHeader.allCases) func twoLinesNeverPass(header: RoutingHeader) throws {
        let value = [.protocolVersion: "2025-11-25", .method: "tools/call", .name: "echo"][header] ?? ""
        let twice = [(header.rawValue, value), (header.rawValue.lowercased(), value)]
        let handshake = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#
        #expect(try check(handshake, twice) == .refused(.duplicate(header)))
        #expect(try check(call(), named("echo") + twice) == .refused(.duplicate(header)))
        #expect(try check(#"{"jsonrpc":"2.0","id":1,"result":{}}"#, twice) == .refused(.duplicate(header)))
    }

    @Test func theBodyMustCarryWhatTheEraRequires() throws {
        let plain = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#
        let method = ("Mcp-Method", "tools/list")
        #expect(try check(plain, [statelessVersion, method]) == .refused(.missingMeta(.protocolVersion)))
        for meta in [#""_meta":{}"#, #""_meta":null"#, #""_meta":[]"#, #""x":1"#] {
            let body = request("tools/list", meta: meta)
            #expect(try check(body, [statelessVersion, method]) == .refused(.missingMeta(.protocolVersion)))
        }
        let half = #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#
        let answer = try check(request("tools/list", meta: half), [statelessVersion, method])
        #expect(answer == .refused(.missingMeta(.clientCapabilities)))
        #expect(HeaderDisagreement.missingMeta(.clientCapabilities).code == .invalidParams)
        #expect(HeaderDisagreement.missing(.name).code.value == -32020)
    }

    @Test func revisionsMustAgree() throws {
        let body = request("tools/list")
        let method = ("Mcp-Method", "tools/list")
        #expect(try check(body, [method]) == .refused(.missing(.protocolVersion)))
        for version in ["2025-11-25", "2099-01-01", "", "2026-07-28 ", "2026-07-28, 2026-07-28"] {
            let answer = try check(body, [method, ("MCP-Protocol-Version", version)])
            #expect(answer == .refused(.mismatch(.protocolVersion)), "\(version)")
        }
        let number = body.replacing(#""2026-07-28""#, with: "20260728")
        #expect(
            try check(number, [method, ("MCP-Protocol-Version", "20260728")]) == .refused(.mismatch(.protocolVersion)))
    }

    @Test func unknownRevisionsAreTheServersToAnswer() throws {
        let body = request("tools/list").replacing("2026-07-28", with: "2099-01-01")
        let lines = [("Mcp-Method", "tools/list"), ("MCP-Protocol-Version", "2099-01-01")]
        #expect(try check(body, lines) == .era(.stateless))
    }

    @Test(arguments: ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
    func theHandshakeEraNeedsNoHeaders(version: String) throws {
        let body = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#
        #expect(try check(body, []) == .era(.handshake))
        #expect(try check(body, [("MCP-Protocol-Version", version)]) == .era(.handshake))
        #expect(try check(body, [("Mcp-Method", "tools/call"), ("Mcp-Name", "echo")]) == .era(.handshake))
        #expect(try check(body, [("Mcp-Method", "ping")]) == .refused(.mismatch(.method)))
        #expect(try check(body, [("Mcp-Name", "other")]) == .refused(.mismatch(.name)))
        let inBody = request("tools/list").replacing("2026-07-28", with: version)
        #expect(try check(inBody, []) == .era(.handshake))
        #expect(
            try check(inBody, [statelessVersion, ("Mcp-Method", "tools/list")]) == .refused(.mismatch(.protocolVersion))
        )
    }

    @Test func initializeIsOfTheErasOfItsHeader() throws {
        func initialize(_ version: String) -> String {
            #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"\#(version)"}}"#
        }
        #expect(try check(initialize("2025-11-25"), []) == .era(.handshake))
        #expect(try check(initialize("2026-07-28"), []) == .era(.handshake))
        #expect(try check(initialize("2025-11-25"), [("MCP-Protocol-Version", "2025-06-18")]) == .era(.handshake))
        #expect(try check(initialize("2025-11-25"), [statelessVersion]) == .refused(.missingMeta(.protocolVersion)))
        #expect(try check(request("initialize"), [statelessVersion, ("Mcp-Method", "initialize")]) == .era(.stateless))
    }

    @Test func ofNotificationsOnlyWhatIsThereMustAgree() throws {
        let body = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
        #expect(try check(body, []) == .era(.handshake))
        #expect(try check(body, [statelessVersion]) == .era(.stateless))
        #expect(try check(body, [statelessVersion, ("Mcp-Method", "notifications/cancelled")]) == .era(.stateless))
        #expect(try check(body, [statelessVersion, ("Mcp-Method", "tools/call")]) == .refused(.mismatch(.method)))
        let withMeta = #"{"jsonrpc":"2.0","method":"notifications/x","params":{\#(HeaderAgreementTests.meta)}}"#
        #expect(try check(withMeta, []) == .era(.stateless))
        #expect(try check(withMeta, [("MCP-Protocol-Version", "2025-11-25")]) == .refused(.mismatch(.protocolVersion)))
    }

    @Test func responsesHaveNoMethod() throws {
        let body = #"{"jsonrpc":"2.0","id":1,"result":{}}"#
        #expect(try check(body, []) == .era(.handshake))
        #expect(try check(body, [statelessVersion]) == .era(.stateless))
        #expect(try check(body, [("Mcp-Method", "tools/call")]) == .refused(.mismatch(.method)))
        #expect(try check(body, [("Mcp-Name", "echo")]) == .refused(.mismatch(.name)))
    }

    @Test(arguments: ["mcp-name", "MCP-NAME", "Mcp-Name", "mCP-nAME"]) func headersHaveNoCase(name: String) {
        #expect(RoutingHeader(named: name) == .name)
    }

    @Test(arguments: ["", "Mcp_Name", "Mcp\rName", "Mcp-Nam", "Mcp-Names", "MCP-Protocol\rVersion", "mcp-nameX"])
    func otherHeadersAreNone(name: String) {
        #expect(RoutingHeader(named: name) == nil)
    }

    @Test func whatIsSaidIsConstant() throws {
        for header in RoutingHeader.allCases {
            for error in [HeaderDisagreement.duplicate(header), .missing(header), .mismatch(header)] {
                #expect(error.description.contains(header.rawValue))
            }
        }
    }
}

import StrictJSON
import Testing

@testable import MCP

@Suite struct EnvelopeScannerTests {
    private func read(_ text: String, _ scanner: inout EnvelopeScanner) throws -> ClientRequest {
        guard case .request(let request) = try scanner.scan(Array(text.utf8), framing: .line) else {
            throw EnvelopeRefusal(reason: .malformed, detail: .neither, offset: 0, answer: .none)
        }
        return request
    }

    private func refuse(_ text: String, framing: MessageFraming = .line) -> EnvelopeRefusal? {
        var scanner = EnvelopeScanner()
        do throws(EnvelopeRefusal) {
            _ = try scanner.scan(Array(text.utf8), framing: framing)
            return nil
        } catch {
            return error
        }
    }

    @Test func aCallIsReadWithItsParts() throws {
        var scanner = EnvelopeScanner()
        let text =
            #"{"jsonrpc":"2.0","id":"a\/1","method":"tools/call","params":{"name":"get\u005fx","#
            + #""arguments":{"k":[1]},"task":{},"requestState":"s","_meta":{"progressToken":7,"#
            + #""traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}}"#
        let request = try read(text, &scanner)
        let call = try #require(request.call)
        #expect(request.method.known == .toolsCall)
        #expect(String(decoding: scanner.tree.bytes[request.id.range], as: UTF8.self) == #""a\/1""#)
        #expect(request.id.isString)
        #expect(scanner.tree.string(call.name) == "get_x")
        let arguments = try #require(call.arguments)
        #expect(String(decoding: scanner.tree.bytes[scanner.tree.range(arguments)], as: UTF8.self) == #"{"k":[1]}"#)
        #expect(call.isTask)
        #expect(call.requestState.flatMap { scanner.tree.string($0) } == "s")
        #expect(request.trace?.description == "0af7651916cd43dd8448eb211c80319c")
        #expect(request.progressToken.map { String(decoding: scanner.tree.bytes[$0.range], as: UTF8.self) } == "7")
        #expect(!request.identity.isFromMeta)
    }

    @Test func initializeTellsWhoTheClientIs() throws {
        var scanner = EnvelopeScanner()
        let request = try read(
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","#
                + #""capabilities":{},"clientInfo":{"name":"inspector","version":"1.2"}}}"#, &scanner)
        let identity = request.identity
        #expect(identity.name.flatMap { scanner.tree.string($0) } == "inspector")
        #expect(identity.version.flatMap { scanner.tree.string($0) } == "1.2")
        let revision = try #require(identity.protocolVersion.flatMap { scanner.revision($0) })
        #expect(revision == .v2025_11_25)
        #expect(revision.era == .handshake)
    }

    @Test func statelessRequestsTellItInMeta() throws {
        var scanner = EnvelopeScanner()
        let request = try read(
            #"{"jsonrpc":"2.0","id":0,"method":"tools/list","params":{"_meta":{"#
                + #""io.modelcontextprotocol/protocolVersion":"2026-07-28","#
                + #""io.modelcontextprotocol/clientInfo":{"name":"c","version":"9"}}}}"#, &scanner)
        #expect(request.identity.isFromMeta)
        #expect(request.identity.name.flatMap { scanner.tree.string($0) } == "c")
        #expect(request.identity.protocolVersion.flatMap { scanner.revision($0) }?.era == .stateless)
    }

    @Test func unknownRevisionsHaveNoName() throws {
        var scanner = EnvelopeScanner()
        let request = try read(
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2031-01-01"}}"#, &scanner)
        let version = try #require(request.identity.protocolVersion)
        #expect(scanner.revision(version) == nil)
    }

    @Test func cancellationNamesItsRequest() throws {
        var scanner = EnvelopeScanner()
        let text = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"r-1"}}"#
        guard case .notification(let notification) = try scanner.scan(Array(text.utf8), framing: .line) else {
            Issue.record("not a notification")
            return
        }
        let id = try #require(notification.cancelledRequest)
        #expect(scanner.key(of: id) == MessageKey(token: Array(#""r-1""#.utf8)))
    }

    @Test func everyKnownMethodIsRecognized() throws {
        var scanner = EnvelopeScanner()
        for method in MCPMethod.allCases where method != .toolsCall {
            let request = try read(#"{"jsonrpc":"2.0","id":1,"method":"\#(method.rawValue)"}"#, &scanner)
            #expect(request.method.known == method)
        }
        let other = try read(#"{"jsonrpc":"2.0","id":1,"method":"x/y"}"#, &scanner)
        #expect(other.method.known == nil)
        #expect(String(decoding: scanner.tree.bytes[other.method.range], as: UTF8.self) == #""x/y""#)
    }

    @Test func responsesAreToldApart() throws {
        var scanner = EnvelopeScanner()
        for (text, isError, hasID) in [
            (#"{"jsonrpc":"2.0","id":1,"result":null}"#, false, true),
            (#"{"jsonrpc":"2.0","id":1,"error":{}}"#, true, true),
            (#"{"jsonrpc":"2.0","id":null,"error":{}}"#, true, false),
        ] {
            guard case .response(let response) = try scanner.scan(Array(text.utf8), framing: .line) else {
                Issue.record("not a response: \(text)")
                continue
            }
            #expect(response.isError == isError)
            #expect((response.id != nil) == hasID)
        }
    }

    @Test(
        arguments: [
            (#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}"#, EnvelopeRefusal.Detail.params, "1", 55),
            (#"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":1}}"#, .toolName, #""x""#, 65),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":[]}}"#, .arguments,
                "1", 79
            ),
            (#"{"id":1,"method":"ping"}"#, .version, "1", 0),
            (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, .idType, nil, 22),
            (#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, .duplicateKey, nil, 24),
            (#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"x"}"#, .duplicateKey, "1", 40),
            (#"{"jsonrpc":"2.0","id":1,"method":"ping","ID":"x"}"#, .ambiguousKey, "1", 40),
            (#"{"jsonrpc":"2.0","id":1,"method":"TOOLS/call"}"#, .ambiguousMethod, "1", 33),
        ] as [(String, EnvelopeRefusal.Detail, String?, Int)])
    func refusalsOfRequestsAreAnswered(
        text: String, detail: EnvelopeRefusal.Detail, id: String?, offset: Int
    ) throws {
        let refusal = try #require(refuse(text))
        #expect(refusal.detail == detail)
        #expect(refusal.offset == offset)
        var answer: [UInt8] = []
        let isAnswered = Array(text.utf8).withUnsafeBytes {
            AnswerWriter.append(refusal, message: $0, record: "gw/7", to: &answer)
        }
        #expect(isAnswered)
        #expect(
            String(decoding: answer, as: UTF8.self)
                .hasPrefix(#"{"jsonrpc":"2.0","id":\#(id ?? "null"),"error":{"code":-32600,"message":""#))
        #expect(throws: Never.self) { try JSONTree(parsing: answer) }
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}"#, #"{"jsonrpc":"1.0","method":"n"}"#,
        #"{"jsonrpc":"2.0","result":{}}"#, #"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
    ])
    func refusedNotificationsAndResponsesAreNotAnswered(text: String) throws {
        let refusal = try #require(refuse(text))
        var answer: [UInt8] = []
        let isAnswered = Array(text.utf8).withUnsafeBytes { AnswerWriter.append(refusal, message: $0, to: &answer) }
        #expect(!isAnswered)
        #expect(answer.isEmpty)
    }

    @Test func whatIsNoJSONIsAParseError() throws {
        for text in ["{", "x", "[1,", #"{"a":1}}"#] {
            let refusal = try #require(refuse(text))
            #expect(refusal.code == .parseError)
            #expect(refusal.answer == .unknown)
        }
        #expect(refuse("[]")?.code == .invalidRequest)
        #expect(refuse("[]")?.reason == .batch)
    }

    @Test func refusedCallsStillTellTheirTool() throws {
        let text = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"del","arguments":7}}"#
        var scanner = EnvelopeScanner()
        do throws(EnvelopeRefusal) {
            _ = try scanner.scan(Array(text.utf8), framing: .line)
            Issue.record("not refused")
        } catch {
            #expect(error.method == .toolsCall)
            #expect(error.tool.flatMap { scanner.tree.string($0) } == "del")
        }
    }

    @Test func lineBreaksAreFineInABody() throws {
        let text = "{\r\n\"jsonrpc\": \"2.0\",\n\"id\": 1,\r\"method\": \"ping\"\r\n}\r\n"
        #expect(refuse(text, framing: .body) == nil)
        let refusal = try #require(refuse(text, framing: .line))
        #expect(refusal.detail == .lineBreak)
        #expect(refusal.offset == 1)
        var flat = Array(text.utf8)
        MessageFraming.flatten(&flat)
        #expect(flat.count == text.utf8.count)
        var scanner = EnvelopeScanner()
        #expect(throws: Never.self) { try scanner.scan(flat, framing: .line) }
    }

    @Test(arguments: 0..<40) func lineBreaksAreFoundAtEveryPlace(padding: Int) throws {
        let start = "{" + String(repeating: " ", count: padding)
        let text = start + "\r" + #""jsonrpc":"2.0","id":1,"method":"ping"}"#
        #expect(refuse(text)?.offset == start.utf8.count)
        for end in ["", "\r", "\n", "\r\n"] {
            #expect(refuse(start + #""jsonrpc":"2.0","id":1,"method":"ping"}"# + end) == nil)
        }
    }

    @Test func limitsAreTheCallers() {
        var scanner = EnvelopeScanner(limits: EnvelopeLimits(maximumBytes: 60, maximumDepth: 2, maximumIDBytes: 4))
        func detail(_ text: String) -> EnvelopeRefusal.Detail? {
            do throws(EnvelopeRefusal) {
                _ = try scanner.scan(Array(text.utf8), framing: .line)
                return nil
            } catch {
                return error.detail
            }
        }
        #expect(detail(#"{"jsonrpc":"2.0","id":1234,"method":"ping","params":{}}"#) == nil)
        #expect(detail(#"{"jsonrpc":"2.0","id":12345,"method":"ping","params":{}}"#) == .idTooLong)
        #expect(detail(#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[]}}"#) == .json(.tooDeep))
        #expect(detail(#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"aaaa"}}"#) == .json(.tooLarge))
    }

    @Test func paramsOfOtherMethodsAreNotJudged() throws {
        var scanner = EnvelopeScanner()
        for params in ["[1,2]", "null", #""x""#, "7", #"{"_meta":7}"#, #"{"value":{"a":1,"a":2}}"#] {
            let request = try read(#"{"jsonrpc":"2.0","id":1,"method":"x/y","params":\#(params)}"#, &scanner)
            #expect(request.params != nil)
            #expect(request.call == nil)
        }
    }

    @Test func blankLinesAreKnown() {
        for text in ["", " ", "\r", "\t \r\n"] {
            #expect(Array(text.utf8).withUnsafeBytes { MessageFraming.isBlank($0) })
        }
        #expect(!Array("x".utf8).withUnsafeBytes { MessageFraming.isBlank($0) })
    }
}

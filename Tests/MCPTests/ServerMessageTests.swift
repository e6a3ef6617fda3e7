import StrictJSON
import Testing

@testable import MCP

@Suite struct ServerMessageTests {
    private let scanner = ServerMessageScanner()

    private func read(_ text: String) -> ServerResponse? {
        guard case .response(let response) = scanner.scan(Array(text.utf8)) else { return nil }
        return response
    }

    @Test(
        arguments: [
            (#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#, ServerResponse.Outcome.result, #"{"content":[]}"#),
            (#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}"#, .toolError, nil),
            (#"{"jsonrpc":"2.0","id":1,"result":{"isError" : true , "content":[]}}"#, .toolError, nil),
            (#"{"jsonrpc":"2.0","id":1,"result":{"isError":false}}"#, .result, nil),
            (#"{"jsonrpc":"2.0","id":1,"result":{"isError":"true"}}"#, .result, nil),
            (#"{"jsonrpc":"2.0","id":1,"result":{"x":{"isError":true}}}"#, .result, nil),
            (#"{"jsonrpc":"2.0","id":1,"result":{"\u0069sError":true}}"#, .toolError, nil),
            (#"{"isError":true,"jsonrpc":"2.0","id":1,"result":{}}"#, .result, "{}"),
            (#"{"result":{},"id":1}"#, .result, "{}"), (#"{"id":1,"result":null}"#, .result, "null"),
            (#"{"id":1,"result":[1,"}"]}"#, .result, #"[1,"}"]"#),
            (
                #"{"id":1,"error":{"code":-32602,"message":"\"}{"}}"#, .rpcError(code: -32602),
                #"{"code":-32602,"message":"\"}{"}"#
            ),
            (#"{"id":1,"error":{"code":1.0}}"#, .rpcError(code: 1), nil),
            (#"{"id":1,"error":{"code":"x"}}"#, .rpcError(code: nil), nil),
            (#"{"id":1,"error":"broken"}"#, .rpcError(code: nil), nil),
            (#"{"id":null,"error":{"code":-32700}}"#, .rpcError(code: -32700), nil),
        ] as [(String, ServerResponse.Outcome, String?)])
    func outcomesAreRead(text: String, outcome: ServerResponse.Outcome, payload: String?) throws {
        let response = try #require(read(text))
        #expect(response.outcome == outcome)
        let bytes = Array(text.utf8)[response.payload]
        if let payload { #expect(String(decoding: bytes, as: UTF8.self) == payload) }
    }

    @Test func anotherRoundIsSeen() throws {
        let interim = try #require(read(#"{"id":"a","result":{"resultType":"input_required","inputRequests":{}}}"#))
        #expect(interim.needsInput)
        let escaped = try #require(read(#"{"id":"a","result":{"resultType":"input\u005frequired"}}"#))
        #expect(escaped.needsInput)
        let complete = try #require(read(#"{"id":"a","result":{"resultType":"complete"}}"#))
        #expect(!complete.needsInput)
    }

    @Test func requestsAndNotificationsAreToldApart() throws {
        let ask = Array(#"{"jsonrpc":"2.0","id":"s1","method":"sampling/createMessage","params":{}}"#.utf8)
        guard case .request(let id, let method) = scanner.scan(ask) else {
            Issue.record("not a request")
            return
        }
        #expect(String(decoding: ask[id.range], as: UTF8.self) == #""s1""#)
        #expect(method.known == .samplingCreateMessage)

        let tell = Array(
            #"{"jsonrpc":"2.0","method":"notifications\/progress","params":{"progressToken":"t","progress":1}}"#.utf8)
        guard case .notification(let notification) = scanner.scan(tell) else {
            Issue.record("not a notification")
            return
        }
        #expect(notification.method.known == .progress)
        #expect(notification.progressToken.map { String(decoding: tell[$0.range], as: UTF8.self) } == #""t""#)
    }

    @Test(arguments: [
        "", "   ", "null", "[]", #"[{"id":1,"result":{}}]"#, "{", "{}", #"{"id":1}"#, #"{"id":1,"result":{}"#,
        #"{"id":1,"result":{}} x"#, #"{"id":1,"result":{"a"}}"#, #"{"id":1.5,"result":{}}"#, #"{"id":1,"result":}"#,
        #"{"id":1 "result":{}}"#, #"{"method":7}"#, #"{"method":"x","id":{}}"#, "Starting server…", "{'id':1}",
        #"{"id":1,"result":[!]}"#, "{\"a\":\"\\", "{\"a\\", #"{"id":1,"result":{]}"#, "\u{0}\u{1}",
    ])
    func everythingElseIsOpaque(text: String) {
        guard case .opaque = scanner.scan(Array(text.utf8)) else {
            Issue.record("not opaque")
            return
        }
    }

    @Test func noDamageTraps() {
        let text = Array(
            #"{"jsonrpc":"2.0","id":"\u0031","result":{"content":[{"type":"text","text":"a\"\\b"}],"isError":true}}"#
                .utf8)
        for place in text.indices {
            _ = scanner.scan(Array(text[..<place]))
            for byte in [UInt8(0), 0x22, 0x5C, 0x7B, 0x7D, 0x5B, 0x5D, 0x2C, 0x3A, 0xFF] {
                var damaged = text
                damaged[place] = byte
                _ = scanner.scan(damaged)
            }
        }
    }

    @Test func theLastOfTwoKeysCounts() throws {
        let twice = try #require(
            read(#"{"id":1,"result":{"isError":true},"id":2,"result":{"isError":false}}"#))
        #expect(twice.outcome == .result)
        #expect(twice.id?.range == 39..<40)
    }

    @Test func invalidUTF8InAResultIsPassedOn() throws {
        let bytes = Array(#"{"id":1,"result":{"t":""#.utf8) + [0xFF, 0xC3] + Array(#""}}"#.utf8)
        guard case .response = scanner.scan(bytes) else {
            Issue.record("not a response")
            return
        }
    }
}

import StrictJSON
import Testing

@testable import MCP

@Suite struct AnswerWriterTests {
    private let denial = Denial(
        text: "[POLICY DENIED] Rate limit: build \"x\"\n\u{1B}", record: "gw-a/2611", decision: "throttle",
        rule: "/tools/build/limits/per-minute", retryAfterMilliseconds: 23000,
        limit: .init(counter: "per-minute", windowSeconds: 60, maximum: 10, used: 10))

    @Test func denialsAreToolResults() {
        var buffer: [UInt8] = []
        AnswerWriter.append(denial, id: Array(#""a\/1""#.utf8), era: .handshake, to: &buffer)
        #expect(
            String(decoding: buffer, as: UTF8.self)
                == #"{"jsonrpc":"2.0","id":"a\/1","result":{"content":[{"type":"text","text":"#
                + #""[POLICY DENIED] Rate limit: build \"x\"\n\u001b"}],"isError":true,"#
                + #""_meta":{"tollgate/decision":{"record":"gw-a/2611","decision":"throttle","#
                + #""rule":"/tools/build/limits/per-minute","retry_after_ms":23000,"#
                + #""limit":{"counter":"per-minute","window_s":60,"max":10,"used":10}}}}}"#)
    }

    @Test func theStatelessEraWantsAResultType() throws {
        var buffer: [UInt8] = []
        let plain = Denial(text: "t", record: "r/0", decision: "deny", rule: "(default deny)")
        AnswerWriter.append(plain, id: Array("7".utf8), era: .stateless, to: &buffer)
        let tree = try JSONTree(parsing: buffer)
        let result = try #require(tree.member(tree.root, "result"))
        #expect(tree.member(result, "resultType").flatMap { tree.string($0) } == "complete")
        let meta = try #require(tree.member(result, "_meta").flatMap { tree.member($0, "tollgate/decision") })
        #expect(tree.members(meta).compactMap { tree.string($0.key) } == ["record", "decision", "rule"])
        guard case .response(let response) = ServerMessageScanner().scan(buffer) else {
            Issue.record("not a response")
            return
        }
        #expect(response.outcome == .toolError)
    }

    @Test func errorsCarryTheIDAsItWasSent() throws {
        var buffer: [UInt8] = []
        AnswerWriter.append(
            error: .overloaded, message: "too many calls wait", id: Array("1e0".utf8), record: "gw/1", to: &buffer)
        #expect(
            String(decoding: buffer, as: UTF8.self)
                == #"{"jsonrpc":"2.0","id":1e0,"error":{"code":-32011,"message":"too many calls wait","#
                + #""data":{"tollgate/decision":{"record":"gw/1"}}}}"#)
    }

    @Test func ownCodesStayOutOfTheProtocolsRange() {
        for code in [
            RPCErrorCode.parseError, .invalidRequest, .methodNotFound, .invalidParams, .internalError,
            .upstreamUnavailable, .overloaded, .upstreamTimeout, .auditUnavailable,
        ] {
            #expect(!(-32099 ... -32020).contains(code.value))
        }
    }

    @Test func anyTextBecomesValidJSON() throws {
        for value in 0..<0x300 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            var buffer: [UInt8] = []
            AnswerWriter.append(
                error: .internalError, message: "a\(scalar)b", id: nil as [UInt8]?, to: &buffer)
            let tree = try JSONTree(parsing: buffer)
            let error = try #require(tree.member(tree.root, "error"))
            #expect(tree.member(error, "message").flatMap { tree.string($0) } == "a\(scalar)b")
        }
    }
}

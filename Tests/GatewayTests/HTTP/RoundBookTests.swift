import AuditLog
import Events
import MCP
import Policy
import StrictJSON
import Testing

@testable import Gateway

/// The rounds of one logical call are linked by what the server handed out, else by equal arguments.
struct RoundBookTests {
    private let log: GatewayLog
    private let key = DigestKey(bytes: [UInt8](repeating: 3, count: 32))

    init() throws {
        log = try GatewayLog()
    }

    private func request(
        _ tool: String = "build", grant: String = "g", digest: Digest64? = Digest64(1), round: String? = nil
    ) throws -> OpenRequest {
        let ticket = try #require(log.writer.append(Control(.heartbeat)))
        return OpenRequest(
            ticket: ticket, decided: Timestamp(microseconds: 0), idToken: [0x31], era: .stateless, method: .toolsCall,
            methodName: "tools/call", tool: tool,
            caller: Caller(agent: "a", grant: grant, session: nil, server: "ecs"), policy: nil, cost: nil,
            isCharged: false, argumentDigest: digest, round: round)
    }

    /// The round that a call is found to belong to.
    private func round(
        _ book: RoundBook, _ members: String, tool: String = "build", grant: String = "g", server: String = "ecs",
        digest: Digest64? = Digest64(1)
    ) throws -> String? {
        var scanner = EnvelopeScanner()
        let text = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{}\#(members)}}"#
        guard case .request(let request) = try scanner.scan(Array(text.utf8), framing: .body) else { return nil }
        let call = try #require(request.call)
        return book.round(
            of: call, in: scanner.tree, tool: tool, grant: grant, server: server, digest: digest, key: key)
    }

    private func note(_ book: inout RoundBook, _ request: OpenRequest, _ answer: String) {
        Array(answer.utf8).withUnsafeBytes { book.note(request, answer: $0, key: key) }
    }

    @Test func aStateLinksWhateverTheArgumentsAre() throws {
        var book = RoundBook()
        let first = try request()
        note(&book, first, #"{"result":{"resultType":"input_required","requestState":"abc"}}"#)
        let seq = String(try #require(first.ticket).seq)
        #expect(try round(book, #","requestState":"abc""#, digest: Digest64(99)) == seq)
        #expect(try round(book, #","requestState":"abd""#) == nil)
        #expect(try round(book, "") == nil, "without state or answers it is a first round")
        #expect(try round(book, #","inputResponses":{}"#) == nil, "a state was handed out: arguments do not link")
    }

    @Test func withoutAStateEqualArgumentsLinkOnlyWhatAnswers() throws {
        var book = RoundBook()
        let first = try request(digest: Digest64(5))
        note(&book, first, #"{"result":{"resultType":"input_required"}}"#)
        let seq = String(try #require(first.ticket).seq)
        #expect(try round(book, #","inputResponses":{}"#, digest: Digest64(5)) == seq)
        #expect(try round(book, #","inputResponses":{}"#, digest: Digest64(6)) == nil)
        #expect(try round(book, "", digest: Digest64(5)) == nil, "the same call again is a new one")
    }

    @Test func nobodyGoesOnWithAnothersCall() throws {
        var book = RoundBook()
        note(&book, try request(), #"{"result":{"requestState":"abc"}}"#)
        #expect(try round(book, #","requestState":"abc""#, grant: "h") == nil)
        #expect(try round(book, #","requestState":"abc""#, tool: "other") == nil)
        #expect(try round(book, #","requestState":"abc""#, server: "other") == nil)
        #expect(try round(book, #","requestState":"abc""#) != nil)
    }

    @Test func laterRoundsKeepTheNameOfTheFirst() throws {
        var book = RoundBook()
        note(&book, try request(round: "17"), #"{"result":{"requestState":2}}"#)
        #expect(try round(book, #","requestState":2"#) == "17")
    }

    @Test func theOldestAreForgottenFirstAndTheNewestNever() throws {
        var book = RoundBook()
        for number in 0..<9000 {
            note(&book, try request(round: String(number)), #"{"result":{"requestState":\#(number)}}"#)
        }
        let state = { (number: Int) in #","requestState":\#(number)"# }
        #expect(try round(book, state(8999)) == "8999" && round(book, state(9000 - 4096)) == "4904")
        #expect(try round(book, state(9000 - 4097)) == nil && round(book, state(0)) == nil)
    }
}

import AuditLog
import Events
import MCP
import Policy
import StrictJSON
import Testing

@testable import Gateway

/// Lists pass byte for byte, without what is hidden, or not at all.
final class ToolListFilterTests {
    private let log: GatewayLog
    private let hiding: CompiledPolicy
    private let open: CompiledPolicy
    private let catalog = ToolCatalog()

    init() throws {
        log = try GatewayLog()
        hiding = try GatewayFixture.policy(#"{"version":"1","default":"allow","hide":["secret"],"tools":{}}"#)
        open = try GatewayFixture.policy(#"{"version":"1","default":"allow","tools":{}}"#)
    }

    private func request(_ method: MCPMethod, era: ProtocolEra = .handshake) -> OpenRequest {
        OpenRequest(
            ticket: nil, decided: Timestamp(microseconds: 0), idToken: [0x31], era: era, method: method,
            methodName: method.rawValue, tool: nil,
            caller: Caller(agent: "a", grant: "g", session: nil, server: "ecs"), policy: nil, cost: nil,
            isCharged: false)
    }

    /// `pass`, `refuse`, or the new message.
    private func judge(_ message: String, _ request: OpenRequest?, _ policy: CompiledPolicy?) -> String {
        var filter = ToolListFilter(log: log.writer)
        let verdict = Array(message.utf8).withUnsafeBytes {
            filter.judge($0, answering: request, policy: policy, server: "ecs", catalog: catalog)
        }
        switch verdict {
        case .pass: return "pass"
        case .replace: return String(decoding: filter.filtered, as: UTF8.self)
        case .refuse: return "refuse"
        }
    }

    private static let list = #"{"id":1,"result":{"tools":[{"name":"a"}, {"name":"secret"}],"nextCursor":"c"}}"#

    @Test func hiddenToolsAreTakenOutAndCounted() throws {
        let expected = #"{"id":1,"result":{"tools":[{"name":"a"}],"nextCursor":"c"}}"#
        #expect(judge(ToolListFilterTests.list, request(.toolsList), hiding) == expected)
        let records = try log.closeAndRead().compactMap { record -> Control? in
            if case .control(let control) = record.body { control } else { nil }
        }
        #expect(records == [Control(.toolsFiltered).with(.server, "ecs").with(.removed, 1)])
    }

    @Test func aListIsKnownByWhatItIsNotByWhatItAnswers() {
        for request in [nil, request(.ping), request(.toolsCall), request(.initialize)] {
            #expect(!judge(ToolListFilterTests.list, request, hiding).contains("secret"))
        }
    }

    @Test func whereNothingIsHiddenNothingIsTouched() throws {
        let messages = [ToolListFilterTests.list, "", "not JSON", "[1]", #"{"result":{"tools":[],"tools":[]}}"#]
        for message in messages {
            for policy in [nil, open] {
                #expect(judge(message, request(.toolsList), policy) == "pass")
                #expect(judge(message, nil, policy) == "pass")
            }
        }
        let shadow = try GatewayFixture.policy(
            #"{"version":"1","default":"allow","mode":"shadow","hide":["secret"],"tools":{}}"#)
        #expect(judge(ToolListFilterTests.list, request(.toolsList), shadow) == "pass")
        #expect(try log.closeAndRead().isEmpty)
    }

    @Test func listsWithoutHiddenToolsPassByteForByte() {
        #expect(judge(#"{"id":1, "result":{"tools":[{"name":"a"}]}}"#, request(.toolsList), hiding) == "pass")
        #expect(judge(#"{"id":1,"error":{"code":-32601,"message":"x"}}"#, request(.toolsList), hiding) == "pass")
    }

    @Test(arguments: [
        "not JSON", #"{"result":{"tools":[{"name":"secret"}],}}"#, "{'result':{'tools':[{'name':'secret'}]}}",
        "/* */" + ToolListFilterTests.list, ToolListFilterTests.list + ToolListFilterTests.list,
        #"{"result":{"tools":[{"name":"secret"}]},"result":{"tools":[]}}"#,
        #"{"result":{"tools":[{"name":"secret"}],"tools":[]}}"#,
        #"{"result":{"tools":[{"name":"secret","name":"a"}]}}"#, "\u{FEFF}" + ToolListFilterTests.list,
        #"{"result":{"tools":[{"name":"\x73ecret"}]}}"#, "{\"result\":{\"tools\":[{\"name\":\"sec\nret\"}]}}", "x",
    ])
    func whatCannotBeReadIsRefusedWhereToolsAreHidden(message: String) {
        for request in [nil, request(.toolsList), request(.toolsCall)] {
            #expect(judge(message, request, hiding) == "refuse")
        }
    }

    @Test func batchesAreRefusedWhereToolsAreHidden() {
        for message in ["[" + ToolListFilterTests.list + "]", " \n[" + ToolListFilterTests.list + "]"] {
            #expect(judge(message, nil, hiding) == "refuse" && judge(message, request(.toolsCall), hiding) == "refuse")
            #expect(judge(message, request(.toolsList), hiding) == "refuse")
        }
    }

    @Test(arguments: [
        "", "\n", " \r\n", #"{"method":"notifications/tools/list_changed"}"#, #"{"id":1,"result":{"content":[]}}"#,
        #"{"id":1,"result":{"tools":{"name":"secret"}}}"#, #"{"id":1,"result":7}"#, "7", "null", #""secret""#,
    ])
    func whatIsNoListPasses(message: String) {
        #expect(judge(message, nil, hiding) == "pass")
        #expect(judge(message, request(.toolsCall), hiding) == "pass")
    }

    @Test func escapedNamesAreReadAsWhatTheyAre() {
        let message = #"{"result":{"tools":[{"n\u0061me":"s\u0065cret"},{"name":"a"}]}}"#
        #expect(judge(message, nil, hiding) == #"{"result":{"tools":[{"name":"a"}]}}"#)
    }

    @Test func statelessListsBecomePrivate() {
        let shared = #"{"result":{"tools":[{"name":"a"}],"cacheScope":"public"}}"#
        let personal = #"{"result":{"tools":[{"name":"a"}],"cacheScope":"private"}}"#
        #expect(judge(shared, request(.toolsList, era: .stateless), hiding) == personal)
        #expect(judge(shared, request(.toolsList), hiding) == "pass", "the handshake era knows no such thing")
        #expect(judge(personal, request(.toolsList, era: .stateless), hiding) == "pass")
    }

    @Test func onlyAnswersToListsTeachTheCatalog() throws {
        _ = judge(ToolListFilterTests.list, request(.toolsCall), hiding)
        #expect(catalog.tool("a") == nil)
        _ = judge(ToolListFilterTests.list, request(.toolsList), nil)
        #expect(catalog.tool("a") != nil && catalog.tool("secret") != nil)
        _ = judge(#"{"result":{"tools":[{"name":"a","description":"new"}]}}"#, request(.toolsList), nil)
        let changed = try log.closeAndRead().compactMap { record -> String? in
            if case .control(let control) = record.body, control.event == .toolChanged {
                control.text(.tool)
            } else {
                nil
            }
        }
        #expect(changed == ["a"])
    }
}

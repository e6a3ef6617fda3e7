import AuditLog
import Events
import Policy
import Testing

@testable import Gateway

/// What is told of servers' tools: class, coverage, and whether a definition changed.
struct OfferedToolTests {
    private let start = Timestamp(microseconds: 1_795_368_960_000_000)

    private func tool(_ name: String, _ digest: UInt64?, server: String = "ecs") -> OfferedTool {
        OfferedTool(
            server: server, tool: name, finding: RiskClassifier.classify(tool: name),
            digest: digest.map { Digest64($0) })
    }

    // MARK: Coverage

    private static let policy = """
        {"version":"1","default":"deny","hide":["delete_app"],
         "all_tools":{"limits":[{"counter":"calls","window":"minute","max":60,"scope":"grant"}]},
         "tools":{"get_app":{},
                  "run_build":{"mode":"shadow","risk":"destructive",
                               "limits":[{"counter":"builds","window":"minute","max":10,"scope":"grant"}]}}}
        """

    @Test func coverageSaysWhatDecides() throws {
        let policy = try GatewayFixture.policy(OfferedToolTests.policy)
        func words(_ tool: String) -> String { ToolCoverage(of: tool, in: policy).words }
        #expect(words("delete_app") == "hidden")
        #expect(words("other") == "default deny")
        #expect(words("get_app") == "listed: /all_tools/limits/calls")
        #expect(words("run_build") == "listed (shadow): /all_tools/limits/calls, /tools/run_build/limits/builds")
        let open = try GatewayFixture.policy(#"{"version":"1","default":"allow","tools":{}}"#)
        #expect(ToolCoverage(of: "other", in: open).words == "default allow")
        let closed = try GatewayFixture.policy(#"{"version":"1","default":"allow","hide":["*"],"tools":{"a":{}}}"#)
        #expect(ToolCoverage(of: "a", in: closed).standing == .hidden)
    }

    @Test func thePoliciesWordGoesBeforeTheServers() throws {
        let policy = try GatewayFixture.policy(OfferedToolTests.policy)
        let build = tool("run_build", 1)
        #expect(build.finding(under: nil).risk == .execute)
        let found = build.finding(under: ToolCoverage(of: "run_build", in: policy))
        #expect(found == RiskFinding(risk: .destructive, why: "the policy says so"))
        #expect(tool("get_app", 1).finding(under: ToolCoverage(of: "get_app", in: policy)).risk == .read)
    }

    // MARK: From a log

    private func decision(
        _ tool: String, _ digest: UInt64?, risk: Risk = .read, unlisted: Bool = false, at seconds: Int64
    ) -> Record {
        var decision = Decision(
            gateway: "g", identity: .flag, server: "ecs", transport: .stdio, method: "tools/call", verdict: .allow,
            mode: .enforce, reason: .allowed)
        decision.tool = tool
        decision.toolDigest = digest.map { Digest64($0) }
        decision.risk = risk
        decision.unlisted = unlisted
        decision.policy = "page"
        decision.policyDigest = Digest64(7)
        return Record(seq: 1, timestamp: start.advanced(by: seconds * 1_000_000), body: .decision(decision))
    }

    private func change(_ tool: String, _ digest: UInt64, at seconds: Int64) -> Record {
        let control = Control(.toolChanged).with(.server, "ecs").with(.tool, tool)
            .with(.toolDigest, Digest64(digest).description)
        return Record(seq: 1, timestamp: start.advanced(by: seconds * 1_000_000), body: .control(control))
    }

    private func offered(_ records: [Record]) -> [OfferedTool] {
        var tools = LoggedTools()
        for record in records { tools.take(record) }
        return tools.offered
    }

    @Test func aLogTellsOfEachToolThatWasCalledOrChanged() throws {
        let found = offered([
            decision("get_app", 1, at: 0), decision("get_app", 1, at: 1),
            decision("repeat", 2, risk: .read, at: 2), decision("no_such_tool", nil, unlisted: true, at: 3),
            decision("run_build", 3, risk: .execute, at: 4), change("run_build", 4, at: 5), change("idle", 9, at: 6),
        ])
        #expect(found.map(\.tool) == ["get_app", "idle", "no_such_tool", "repeat", "run_build"])
        #expect(found.map(\.definition) == [.same, .changed, .unlisted, .same, .changed])
        #expect(found.map(\.digest?.value) == [1, 9, nil, 2, 4])
        #expect(found.map(\.previous?.value) == [nil, nil, nil, nil, 3])
        #expect(found[4].changed == start.advanced(by: 5_000_000))
        #expect(found[0].why == "\"get\" is a word for read")
        // The name says nothing, the record does.
        #expect(found[3].risk == .read && found[3].why.contains("annotation"))
    }

    @Test func aDefinitionThatChangedWhileNobodyLookedIsAChange() throws {
        let found = offered([decision("get_app", 1, at: 0), decision("get_app", 2, at: 600)])
        #expect(found.map(\.definition) == [.changed])
        #expect(found.first?.previous == Digest64(1))
    }

    @Test func aCallThatWasOvertakenByAChangeIsNoChangeBack() throws {
        let late = offered([decision("get_app", 1, at: 0), change("get_app", 2, at: 1), decision("get_app", 1, at: 2)])
        #expect(late.first?.digest == Digest64(2) && late.first?.previous == Digest64(1))
        let back = offered([decision("get_app", 1, at: 0), change("get_app", 2, at: 1), decision("get_app", 1, at: 99)])
        #expect(back.first?.digest == Digest64(1) && back.first?.previous == Digest64(2))
    }

    @Test func strangersNamesDoNotFillTheMemory() throws {
        var tools = LoggedTools()
        for number in 0..<LoggedTools.maximumTools + 5 {
            tools.take(decision("tool-\(number)", nil, unlisted: true, at: 0))
        }
        #expect(tools.offered.count == LoggedTools.maximumTools && tools.omitted == 5)
        #expect(tools.policyDigests == ["ecs": ["page": Digest64(7)]])
    }

    @Test func whatARunningGatewayListedGoesBeforeItsLog() throws {
        var tools = LoggedTools()
        for record in [decision("get_app", 1, at: 0), decision("run_build", 2, at: 1)] { tools.take(record) }
        let live = [tool("get_app", 1), tool("run_build", 5), tool("new", 6)]
        let now = start.advanced(by: 9_000_000)
        let found = tools.offered(relistedBy: live, now: now)
        #expect(found.map(\.tool) == ["get_app", "new", "run_build"])
        #expect(found.map(\.definition) == [.same, .first, .changed])
        #expect(found[2].digest == Digest64(5) && found[2].previous == Digest64(2) && found[2].changed == now)
    }

    @Test func aToolGoesThroughTheControlSocketUnchanged() throws {
        var changed = tool("run_build", 5)
        changed.previous = Digest64(4)
        changed.definition = .changed
        for tool in [changed, tool("get_app", 1), tool("größe \"x\"\n", nil)] {
            let reply = ControlReply.done([("tools", .list([tool.controlValue]))])
            let back = try ControlReply(line: Array(reply.line.dropLast()))["tools"]?.list?.first
            #expect(back.flatMap { OfferedTool($0) } == tool)
        }
        #expect(OfferedTool(.object([("tool", .text("x"))])) == nil)
    }

    // MARK: Between two listings

    @Test func aListingIsComparedWithTheLastOne() throws {
        let folder = try TemporaryFolder()
        func update(_ tools: [OfferedTool], _ seconds: Int64) throws -> [String] {
            try ToolMemory(server: "ecs", stateFolder: folder.path)
                .update(tools, now: start.advanced(by: seconds * 1_000_000))
                .map { "\($0.tool) \($0.definition.rawValue) \($0.previous.map { "\($0.value)" } ?? "-")" }
        }
        #expect(try update([tool("a", 1), tool("b", 2)], 0) == ["a first listed -", "b first listed -"])
        #expect(try update([tool("a", 1), tool("b", 3)], 1) == ["a same -", "b tool_changed 2"])
        #expect(
            try update([tool("a", 1), tool("b", 3), tool("c", 4)], 2) == ["a same -", "b same 2", "c first listed -"])
        #expect(try update([tool("b", 2)], 3) == ["a gone -", "b tool_changed 3", "c gone -"])
        #expect(try update([tool("b", 2)], 4) == ["b same 3"])
        // Another server's memory is another.
        let other = try ToolMemory(server: "ecs!", stateFolder: folder.path).update([tool("b", 9)], now: start)
        #expect(other.map(\.definition) == [.first])
    }

    @Test func aDamagedMemoryIsToldAndNotOverwritten() throws {
        let folder = try TemporaryFolder()
        let memory = ToolMemory(server: "ecs", stateFolder: folder.path)
        _ = try memory.update([tool("a", 1)], now: start)
        let files = PosixFileSystem()
        let name = try #require(try files.list(folder.path + "/tools").first { $0.hasSuffix(".json") })
        let path = folder.path + "/tools/" + name
        try files.replace(path, with: Array("{".utf8))
        let error = #expect(throws: GatewayError.self) { try memory.update([tool("a", 2)], now: start) }
        #expect(error?.code == .memory && error?.hint == "rm \(path)")
        #expect(try files.contents(of: path) == Array("{".utf8))
    }
}

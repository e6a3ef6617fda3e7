import AuditLog
import Events
import Policy
import Testing

@testable import Dashboard

@Suite struct PolicyToolRowTests {
    private func card(servers: [String]?) -> PolicyCard {
        var card = PolicyCard(id: "p", name: "p", file: "/p.json", isWritable: true, logs: [])
        card.users = servers.map { [PolicyCard.User(grant: "g", agent: "a", servers: $0)] }
        return card
    }

    @Test func toolsOfTheDocumentStandBeforeThoseThatAreOnlyListed() throws {
        let text = try #require(
            PolicyText(
                Array(#"{"version":"1","default":"deny","hide":["z"],"tools":{"b":{"risk":"financial"},"a":{}}}"#.utf8))
        )
        let listed = [
            ListedTool(server: "one", tool: "a", risk: .read, hasChanged: false),
            ListedTool(server: "one", tool: "b", risk: .write, hasChanged: false),
            ListedTool(server: "one", tool: "delete_x", risk: .destructive, hasChanged: true),
            ListedTool(server: "two", tool: "elsewhere", risk: .read, hasChanged: false),
            ListedTool(server: "one", tool: "line\nbreak", risk: .read, hasChanged: false),
        ]
        let found = PolicyToolRow.all(
            text, card(servers: ["one"]), listed: listed, store: nil, now: Timestamp(microseconds: 0))
        #expect(found.rows.map(\.tool) == ["b", "a", "z", "delete_x"])
        #expect(found.rows.map(\.risk) == [.financial, .read, .unknown, .destructive])
        #expect(found.rows.map(\.entry.state) == [.allow, .allow, .hide, .deny])
        #expect(found.rows.map(\.hasChanged) == [false, false, false, true])
        let all = PolicyToolRow.all(
            text, card(servers: ["*"]), listed: listed, store: nil, now: Timestamp(microseconds: 0))
        #expect(all.rows.contains { $0.tool == "elsewhere" })
    }

    @Test func aPolicyDecidesForItsGrantsElseByItsName() {
        var decision = Decision(
            gateway: "gw", identity: .grant, server: "one", transport: .http, method: "tools/call", verdict: .allow,
            mode: .enforce, reason: .allowed)
        decision.grant = "g"
        decision.policy = "was another"
        #expect(card(servers: ["one"]).decides(decision), "who has been given it since is asked about")
        #expect(!card(servers: nil).decides(decision))
        decision.grant = "h"
        decision.policy = "p"
        #expect(!card(servers: ["one"]).decides(decision) && card(servers: nil).decides(decision))
    }
}

import Events
import Testing

@testable import Gateway

/// A token is what the table says, by all 32 bytes of its digest.
struct GrantTableTests {
    private let now = Timestamp(microseconds: 1_000_000)

    private func grant(_ id: String, _ digest: [UInt8], expires: Timestamp? = nil) -> Grant {
        Grant(id: id, agent: "a", servers: ["ecs"], tokenSHA256: digest, expires: expires)
    }

    @Test func everyTokenFindsItsGrantAndNothingElseDoes() {
        var generator = SeededGenerator(seed: 7)
        let tokens = (0..<500).map { _ in Token(using: &generator) }
        let table = GrantTable(tokens.enumerated().map { grant("g\($0.offset)", $0.element.sha256) })
        for (index, token) in tokens.enumerated() {
            #expect(table.look(up: token.sha256, now: now) == .grant(table.grants[index]))
            var near = token.sha256
            near[generator.below(32)] ^= 1 << UInt8(generator.below(8))
            #expect(table.look(up: near, now: now) == .unknown)
        }
        #expect(table.look(up: [], now: now) == .unknown)
        #expect(table.look(up: Array(tokens[0].sha256.prefix(31)), now: now) == .unknown)
        #expect(table.grant(id: "g3") == table.grants[3] && table.grant(id: "x") == nil)
    }

    @Test func digestsThatBeginAlikeAreToldApart() {
        let head = [UInt8](repeating: 7, count: 8)
        let digests = (0..<10).map { head + [UInt8](repeating: $0, count: 24) }
        let table = GrantTable(
            digests.prefix(5).enumerated().map { grant("g\($0.offset)", $0.element) },
            revoked: digests[5..<9].enumerated().map {
                RevokedGrant(id: "r\($0.offset)", tokenSHA256: $0.element, at: now)
            })
        for index in 0..<5 { #expect(table.look(up: digests[index], now: now) == .grant(table.grants[index])) }
        for index in 5..<9 { #expect(table.look(up: digests[index], now: now) == .revoked(id: "r\(index - 5)")) }
        #expect(table.look(up: digests[9], now: now) == .unknown)
    }

    @Test func aGrantEndsAtItsMoment() {
        let digest = TokenDigest.hash("t".utf8)
        let table = GrantTable([grant("g", digest, expires: now)])
        #expect(table.look(up: digest, now: Timestamp(microseconds: now.microseconds - 1)) == .grant(table.grants[0]))
        #expect(table.look(up: digest, now: now) == .expired(id: "g"))
    }

    @Test func revokedWinsOverGrantedAndExpired() {
        let digest = TokenDigest.hash("t".utf8)
        let table = GrantTable(
            [grant("g", digest, expires: now)], revoked: [RevokedGrant(id: "g", tokenSHA256: digest, at: now)])
        #expect(table.look(up: digest, now: now) == .revoked(id: "g"))
    }

    @Test func aGrantOpensItsServersOnly() {
        var grant = grant("g", [])
        #expect(grant.opens(server: "ecs") && !grant.opens(server: "ec") && !grant.opens(server: "ECS"))
        grant.servers = [Grant.everyServer]
        #expect(grant.opens(server: "ecs") && grant.opens(server: "anything"))
    }
}

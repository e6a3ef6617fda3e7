import Testing

@testable import Gateway

/// A session belongs to the grant that opened it, at its server.
struct SessionTableTests {
    private func session(_ id: String, _ grant: String, _ server: String = "ecs") -> Session {
        Session(id: id, grant: grant, server: server, client: nil, revision: nil, child: nil)
    }

    @Test func nobodyButItsGrantFindsASession() {
        var table = SessionTable()
        let own = session("s", "g")
        #expect(table.add(own) == true)
        #expect(table.session("s", grant: "g", server: "ecs") === own)
        #expect(table.session("s", grant: "h", server: "ecs") == nil)
        #expect(table.session("s", grant: "g", server: "other") == nil)
        #expect(table.session("S", grant: "g", server: "ecs") == nil)
    }

    @Test func anotherGrantCannotTakeAnIdOver() {
        var table = SessionTable()
        let own = session("s", "g")
        #expect(table.add(own) == true)
        #expect(table.add(session("s", "h")) == false)
        #expect(table.session("s", grant: "g", server: "ecs") === own && table.count(of: "h") == 0)
        #expect(table.add(session("s", "h", "other")) == true, "at another server it is another session")
    }

    @Test func aServerThatRepeatsAnIdReplacesTheSession() {
        var table = SessionTable()
        let (old, new) = (session("s", "g"), session("s", "g"))
        for session in [old, new, new] { #expect(table.add(session) == true) }
        #expect(table.count == 1 && table.count(of: "g") == 1)
        table.remove(old)
        #expect(table.session("s", grant: "g", server: "ecs") === new, "what was replaced cannot end its successor")
    }

    @Test(arguments: UInt64(0)..<20)
    func countsAreExact(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = SessionTable()
        var model: [String: Session] = [:]
        var known: [Session] = []
        for _ in 0..<500 {
            if random.chance(60) || known.isEmpty {
                let new = session("s\(random.below(12))", "g\(random.below(3))", "u\(random.below(2))")
                let name = new.id + new.server
                let isFree = model[name].map { $0.grant == new.grant } ?? true
                if table.add(new) != isFree { Issue.record("seed \(seed): add") }
                if isFree { model[name] = new }
                known.append(new)
            } else {
                let gone = random.pick(known)
                table.remove(gone)
                if model[gone.id + gone.server] === gone { model[gone.id + gone.server] = nil }
            }
            let counts = (0..<3).map { grant in model.values.count { $0.grant == "g\(grant)" } }
            if table.count != model.count || (0..<3).map({ table.count(of: "g\($0)") }) != counts {
                Issue.record("seed \(seed): counts")
                return
            }
        }
        #expect(table.all { $0.grant == "g1" }.count == table.count(of: "g1"), "seed \(seed)")
    }
}

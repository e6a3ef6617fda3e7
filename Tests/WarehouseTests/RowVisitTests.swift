import GRDB
import Testing

@testable import Warehouse

@Suite struct RowVisitTests {
    private struct Stop: Error {}

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func ask<Answer>(_ body: (Database) throws -> Answer) throws -> Answer {
        try WarehouseStore(creating: folder.file("w.sqlite")).pool.read(body)
    }

    @Test func rowsComeInTheirOrderWithWhatIsNoNumberAsZero() throws {
        let rows = try ask { db in
            var rows: [[Int64]] = []
            try db.forEachNumbers(
                "SELECT column1, column2 FROM (VALUES (3, NULL), (1, 'x'), (2, 9223372036854775807)) ORDER BY 1 LIMIT -1"
            ) { rows.append(Array($0)) }
            return rows
        }
        #expect(rows == [[1, 0], [2, .max], [3, 0]])
    }

    @Test func noRowIsNoVisit() throws {
        let visits = try ask { db in
            var visits = 0
            try db.forEachNumbers("SELECT 1 WHERE false") { _ in visits += 1 }
            return visits
        }
        #expect(visits == 0)
    }

    @Test func anErrorOfTheVisitorEndsTheQueryAndIsThrown() throws {
        var visits = 0
        #expect(throws: Stop.self) {
            try ask { db in
                try db.forEachNumbers("SELECT column1 FROM (VALUES (1), (2), (3))") { _ in
                    visits += 1
                    if visits == 2 { throw Stop() }
                }
            }
        }
        #expect(visits == 2)
    }

    @Test func anErrorOfSQLiteIsThrown() throws {
        #expect(throws: DatabaseError.self) {
            try ask { db in try db.forEachNumbers("SELECT abs(-9223372036854775807 - 1)") { _ in } }
        }
        #expect(throws: DatabaseError.self) {
            try ask { db in try db.forEachNumbers("SELECT nothing FROM nowhere") { _ in } }
        }
    }

    @Test func aVisitMayVisit() throws {
        let sums = try ask { db in
            var sums: [Int64] = []
            try db.forEachNumbers("SELECT column1 FROM (VALUES (10), (20))") { outer in
                let first = outer[0]
                try db.forEachNumbers("SELECT column1 FROM (VALUES (1), (2))") { sums.append(first + $0[0]) }
            }
            return sums
        }
        #expect(sums == [11, 12, 21, 22])
    }

    /// Only a visitor of ours is called: SQL that is put together elsewhere has none to give.
    @Test func theFunctionWantsAVisitor() throws {
        #expect(throws: DatabaseError.self) {
            try ask { db in try Int.fetchOne(db, sql: "SELECT tollgate_visit(1, 2)") }
        }
    }
}

import Events
import Testing

@testable import Terminal

@Suite("TopSort")
struct TopSortTests {
    private func row(_ agent: String, _ tool: String, _ lastMinute: Int, _ usual: Double?, p95: Int64? = nil) -> TopRow
    {
        TopRow(
            subject: .pair(agent, TopTool(server: "s", name: tool)), lastMinute: lastMinute, usual: usual,
            counts: TopCounts(calls: lastMinute, denied: 9 - lastMinute), p95: p95,
            newest: Fixture.at(Double(lastMinute)), why: "", partners: 0)
    }

    private var rows: [TopRow] {
        [row("b", "x", 2, 1, p95: 5), row("a", "y", 8, nil), row("c", "x", 5, 1, p95: 9), row("a", "x", 2, 2)]
    }

    private func order(_ column: TopColumn, reversed: Bool = false) -> String {
        var sort = TopSort(column)
        sort.isReversed = reversed
        return sort.sorted(rows).map { ($0.subject.agent ?? "") + ($0.subject.tool?.name ?? "") }
            .joined(separator: " ")
    }

    @Test func numbersGoDownAndNamesUp() {
        #expect(order(.rate) == "ay cx ax bx")
        #expect(order(.denied) == "ax bx cx ay")
        #expect(order(.agent) == "ax ay bx cx")
        #expect(order(.tool) == "ax bx cx ay")
        #expect(order(.newest) == "ay cx ax bx")
    }

    @Test func whatIsNotKnownIsLast() {
        #expect(order(.times) == "cx bx ax ay")
        #expect(order(.p95) == "cx bx ax ay")
    }

    @Test func theOrderTurnsRoundAndEqualRowsStayByName() {
        #expect(order(.rate, reversed: true) == "ax bx cx ay")
        #expect(order(.agent, reversed: true) == "cx bx ay ax")
    }

    @Test func everyColumnGivesATotalOrder() {
        for column in TopColumn.sortable {
            for reversed in [false, true] {
                var sort = TopSort(column)
                sort.isReversed = reversed
                #expect(sort.sorted(rows) == sort.sorted(rows.reversed()), "\(column)")
            }
        }
    }
}

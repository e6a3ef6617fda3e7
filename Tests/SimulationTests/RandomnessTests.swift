import Testing

@testable import Simulation

@Suite struct RandomnessTests {
    /// Values to 17 digits from a table, not from this machine's C library.
    @Test(arguments: [
        (0.0, 1.0), (1, 2.718_281_828_459_045), (-1, 0.367_879_441_171_442_33), (10, 22_026.465_794_806_718),
        (-20, 2.061_153_622_438_558e-9), (0.5, 1.648_721_270_700_128_2),
    ]) func exponentialIsExactToTheLastDigits(_ x: Double, _ expected: Double) {
        #expect(abs(exponential(x) - expected) <= 1e-14 * expected)
    }

    @Test func streamsHaveTheirMomentsAndDiffer() {
        var random = Randomness(seed: 7, stream: 1)
        var other = Randomness(seed: 7, stream: 2)
        #expect(random.next() != other.next())
        let count = 20_000
        let normal = (0..<count).map { _ in random.normal() }
        let mean = normal.reduce(0, +) / Double(count)
        let variance = normal.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        #expect(abs(mean) < 0.03 && abs(variance - 1) < 0.04)
        for expected in [0.2, 3, 50] {
            let sum = (0..<count).reduce(0) { total, _ in total + random.poisson(expected) }
            #expect(abs(Double(sum) / Double(count) - expected) < 0.05 * expected + 0.01)
        }
        #expect((0..<1000).allSatisfy { _ in (0..<7).contains(random.below(7)) })
    }

    @Test func queueGivesTheEarliestAndKeepsTheOrderOfEquals() {
        var queue = EventQueue()
        var random = Randomness(seed: 9, stream: 0)
        let times = (0..<500).map { _ in Int64(random.below(40)) }
        for (index, time) in times.enumerated() { queue.push(.session(index), at: time) }
        var popped: [(Int64, Int)] = []
        while let (time, event) = queue.pop() {
            if case .session(let index) = event { popped.append((time, index)) }
        }
        let expected = times.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }
        #expect(popped.map(\.1) == expected.map(\.offset))
    }

    @Test func everyToolThatARoleNamesExists() {
        for role in FleetRole.all {
            let unknown = role.tools.filter { $0.number == 0 }.count
            #expect(unknown == (role.name == "builder" ? 1 : 0), "\(role.name) names a tool that is not in the catalog")
        }
        let names = ToolCatalog.tools.map(\.name)
        #expect(Set(names).count == names.count)
        for limit in FleetPolicy.limits { #expect(names.contains(limit.tool) && limit.maximum <= 32) }
        #expect(Set(FleetPolicy.hidden + FleetPolicy.unnamed).isSubset(of: names))
    }
}

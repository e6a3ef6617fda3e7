import Testing

@testable import Gateway

/// Turns by owner, held against a queue that is nothing but arrays.
struct FairQueueTests {
    /// The same queue, written for being read.
    private struct Model {
        var owners: [(name: String, items: [Int])] = []
        var count: Int { owners.reduce(0) { $0 + $1.items.count } }

        mutating func push(_ item: Int, _ owner: String) {
            if let index = owners.firstIndex(where: { $0.name == owner }) {
                owners[index].items.append(item)
            } else {
                owners.append((owner, [item]))
            }
        }

        mutating func pop() -> Int? {
            guard !owners.isEmpty else { return nil }
            var first = owners.removeFirst()
            let item = first.items.removeFirst()
            if !first.items.isEmpty { owners.append(first) }
            return item
        }

        /// The owners whose newest item may go for `owner`: the ones with the most, if that is at least two more.
        func victims(for owner: String) -> [Int] {
            let own = owners.first { $0.name == owner }?.items.count ?? 0
            let most = owners.map(\.items.count).max() ?? 0
            return most > own + 1 ? owners.indices.filter { owners[$0].items.count == most } : []
        }

        mutating func remove(where isOver: (Int) -> Bool) {
            for index in owners.indices { owners[index].items.removeAll(where: isOver) }
            owners.removeAll { $0.items.isEmpty }
        }
    }

    @Test(arguments: UInt64(0)..<40)
    func randomOperationsAgreeWithAPlainModel(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = FairQueue<Int>()
        var model = Model()
        let owners = (0...random.below(6)).map { "o\($0)" }
        for item in 0..<600 {
            switch random.below(100) {
            case 0..<50:
                let owner = random.pick(owners)
                queue.push(item, owner: owner)
                model.push(item, owner)
            case 50..<80:
                let (own, expected) = (queue.pop(), model.pop())
                if own != expected { Issue.record("seed \(seed): pop \(own ?? -1), not \(expected ?? -1)") }
            case 80..<95:
                let owner = random.pick(owners)
                let victims = model.victims(for: owner)
                let gone = queue.displace(for: owner)
                let index = victims.first { model.owners[$0].items.last == gone }
                if let index {
                    model.owners[index].items.removeLast()
                } else if gone != nil || !victims.isEmpty {
                    Issue.record("seed \(seed): displaced \(gone ?? -1) for \(owner)")
                }
            default:
                let modulus = random.below(4) + 1
                queue.removeAll { $0 % 5 < modulus }
                model.remove { $0 % 5 < modulus }
            }
            if queue.count != model.count {
                Issue.record("seed \(seed): counts \(queue.count), not \(model.count)")
                return
            }
        }
        while let expected = model.pop() {
            if queue.pop() != expected { Issue.record("seed \(seed): another order at the end") }
        }
        #expect(queue.pop() == nil && queue.count == 0, "seed \(seed)")
    }

    @Test func aCrowdDelaysANeighbourByOneItem() {
        var queue = FairQueue<String>()
        for number in 0..<1000 { queue.push("crowd \(number)", owner: "crowd") }
        queue.push("neighbour", owner: "neighbour")
        #expect(queue.pop() == "crowd 0")
        #expect(queue.pop() == "neighbour")
        #expect(queue.pop() == "crowd 1")
    }

    @Test func whoHasTheMostIsNeverSparedByTheirOwnCrowd() {
        var queue = FairQueue<Int>()
        for item in 0..<10 { queue.push(item, owner: "crowd") }
        #expect(queue.displace(for: "crowd") == nil, "one's own crowd makes no room")
        #expect(queue.displace(for: "other") == 9, "the newest goes")
        #expect(queue.count == 9)
    }

    @Test func displacingEndsWhereSharesAreEqual() {
        var queue = FairQueue<Int>()
        for item in 0..<10 { queue.push(item, owner: "crowd") }
        var taken = 0
        while queue.displace(for: "late") != nil {
            queue.push(100 + taken, owner: "late")
            taken += 1
        }
        #expect(taken == 5 && queue.count == 10, "five and five: nobody can take any more")
    }
}

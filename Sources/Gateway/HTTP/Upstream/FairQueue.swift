import NIOCore

/// Waiting work, taken in turns: one item of each owner, then the next of each, so that nobody's crowd delays a
/// neighbour by more than one item.
struct FairQueue<Item> {
    private var waiting: [String: CircularBuffer<Item>] = [:]
    /// Owners with work, in the order of their turns.
    private var turns = CircularBuffer<String>()
    /// How many items wait.
    private(set) var count = 0

    /// Adds an item behind all others of its owner.
    mutating func push(_ item: Item, owner: String) {
        count += 1
        if waiting[owner] == nil {
            waiting[owner] = CircularBuffer(initialCapacity: 2)
            turns.append(owner)
        }
        waiting[owner]?.append(item)
    }

    /// Takes the item whose turn it is.
    mutating func pop() -> Item? {
        guard let owner = turns.popFirst(), let item = waiting[owner]?.popFirst() else { return nil }
        count -= 1
        if waiting[owner]?.isEmpty ?? true {
            waiting[owner] = nil
        } else {
            turns.append(owner)
        }
        return item
    }

    /// Takes out the newest item of the owner who has the most, if that is more than `owner` has.
    ///
    /// So a full queue is shared: whoever comes with less displaces whoever filled it.
    mutating func displace(for owner: String) -> Item? {
        guard let (longest, items) = waiting.max(by: { $0.value.count < $1.value.count }), longest != owner,
            items.count > (waiting[owner]?.count ?? 0) + 1, let item = waiting[longest]?.popLast()
        else { return nil }
        count -= 1
        return item
    }

    /// Takes out all items that `isOver` names.
    mutating func removeAll(where isOver: (Item) -> Bool) {
        for owner in Array(waiting.keys) {
            waiting[owner]?.removeAll(where: isOver)
            if waiting[owner]?.isEmpty ?? true {
                waiting[owner] = nil
                turns.removeAll { $0 == owner }
            }
        }
        count = waiting.values.reduce(0) { $0 + $1.count }
    }
}

/// The exchanges that are under way, in no order.
///
/// Each knows its place, so that it is added and removed without being searched for.
struct ExchangeList: Sequence {
    private var exchanges: [Exchange] = []

    var count: Int { exchanges.count }
    var isEmpty: Bool { exchanges.isEmpty }

    mutating func insert(_ exchange: Exchange) {
        exchange.place = exchanges.count
        exchanges.append(exchange)
    }

    /// Does nothing where it has been removed before.
    mutating func remove(_ exchange: Exchange) {
        let place = exchange.place
        guard place < exchanges.count, exchanges[place] === exchange, let last = exchanges.popLast() else { return }
        if last !== exchange {
            exchanges[place] = last
            last.place = place
        }
    }

    func makeIterator() -> IndexingIterator<[Exchange]> { exchanges.makeIterator() }
}

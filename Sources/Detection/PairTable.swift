/// The states of all pairs, found by name; bounded, so that made-up names cannot fill the memory.
struct PairTable: Sendable {
    private struct ToolName: Hashable {
        var server: String
        var tool: String
    }

    private var indices: [PairName: Int] = [:]
    private var toolIndices: [ToolName: Int] = [:]
    private var freeTools: [Int] = []
    private var hand = 0
    private let capacity: Int
    private let declarations: [Declaration]
    private(set) var names: [PairName] = []
    var pairs: [PairState] = []
    var tools: [ToolState] = []

    init(settings: DetectionSettings) {
        capacity = max(1, settings.maximumPairs)
        declarations = settings.declarations
    }

    /// A known pair's index.
    func index(of name: PairName) -> Int? {
        indices[name]
    }

    /// A pair's index; an unknown one is made, in the place of an idle one where there is no more room.
    mutating func index(of name: PairName, at time: Int64) -> Int {
        if let index = indices[name] { return index }
        let index = pairs.count < capacity ? pairs.count : idleIndex(at: time)
        if index < pairs.count { forget(index) }
        let state = PairState(
            firstSeen: time, toolIndex: UInt32(toolIndex(of: name)), polling: polling(of: name),
            retries: retries(of: name))
        if index < pairs.count {
            pairs[index] = state
            names[index] = name
        } else {
            pairs.append(state)
            names.append(name)
        }
        indices[name] = index
        return index
    }

    /// The next pair, round and round, that is idle for 30 minutes and has no finding; after a few tries any without one.
    private mutating func idleIndex(at time: Int64) -> Int {
        var fallback: Int?
        for _ in 0..<min(pairs.count, 64) {
            hand = (hand + 1) % pairs.count
            guard pairs[hand].raised == 0 else { continue }
            if time - pairs[hand].lastSeen > LoopTable.window { return hand }
            fallback = fallback ?? hand
        }
        return fallback ?? pairs.count
    }

    private mutating func forget(_ index: Int) {
        indices[names[index]] = nil
        let tool = Int(pairs[index].toolIndex)
        tools[tool].pairs -= 1
        guard tools[tool].pairs == 0 else { return }
        toolIndices[ToolName(server: names[index].server, tool: names[index].tool)] = nil
        tools[tool] = ToolState()
        freeTools.append(tool)
    }

    private mutating func toolIndex(of name: PairName) -> Int {
        let key = ToolName(server: name.server, tool: name.tool)
        if let index = toolIndices[key] {
            tools[index].pairs += 1
            return index
        }
        let index = freeTools.popLast() ?? tools.count
        if index == tools.count { tools.append(ToolState()) }
        tools[index].pairs = 1
        toolIndices[key] = index
        return index
    }

    private func polling(of name: PairName) -> PollingDeclaration {
        switch declarations.last(where: { $0.polling != nil && $0.applies(to: name) })?.polling {
        case true?: .declared
        case false?: .never
        case nil: .undeclared
        }
    }

    private func retries(of name: PairName) -> UInt8? {
        let declared = declarations.last { $0.retries != nil && $0.applies(to: name) }?.retries
        return declared.map { UInt8(clamping: max(0, $0)) }
    }
}

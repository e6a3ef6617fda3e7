/// The states of all pairs, found by name; bounded, so that made-up names cannot fill the memory.
struct PairTable: Sendable {
    private struct ToolName: Hashable {
        var server: String
        var tool: String
    }

    private var indices: [PairName: Int] = [:]
    private var toolIndices: [ToolName: Int] = [:]
    private var agentIndices: [String: Int] = [:]
    private var freeTools: [Int] = []
    private var freeAgents: [Int] = []
    private var freeTroubles: [Int] = []
    private var hand = 0
    private let capacity: Int
    private let declarations: [Declaration]
    private(set) var names: [PairName] = []
    var pairs: [PairState] = []
    var tools: [ToolState] = []
    var agents: [AgentState] = []
    private(set) var agentNames: [String] = []
    var troubles: [TroubleState] = []

    init(settings: DetectionSettings) {
        capacity = max(1, settings.maximumPairs)
        declarations = settings.declarations
    }

    /// A known pair's index.
    func index(of name: PairName) -> Int? {
        indices[name]
    }

    /// A known tool's index.
    func toolIndex(server: String, tool: String) -> Int? {
        toolIndices[ToolName(server: server, tool: tool)]
    }

    /// A pair's index; an unknown one is made, in the place of an idle one where there is no more room.
    mutating func index(of name: PairName, at time: Int64) -> Int {
        if let index = indices[name] { return index }
        let index = pairs.count < capacity ? pairs.count : idleIndex(at: time)
        if index < pairs.count { forget(index) }
        let state = PairState(
            firstSeen: time, toolIndex: UInt32(toolIndex(of: name, at: time)),
            agentIndex: UInt32(agentIndex(of: name.agent, at: time)),
            declared: PairDeclaration(of: name, in: declarations))
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
        if pairs[index].trouble > 0 {
            troubles[Int(pairs[index].trouble) - 1] = TroubleState()
            freeTroubles.append(Int(pairs[index].trouble) - 1)
        }
        forgetAgent(Int(pairs[index].agentIndex))
        let tool = Int(pairs[index].toolIndex)
        tools[tool].pairs -= 1
        // One whose silence is being told is kept until it is over.
        guard tools[tool].pairs == 0, !tools[tool].refusals.isTold else { return }
        toolIndices[ToolName(server: names[index].server, tool: names[index].tool)] = nil
        tools[tool] = ToolState()
        freeTools.append(tool)
    }

    private mutating func toolIndex(of name: PairName, at time: Int64) -> Int {
        let key = ToolName(server: name.server, tool: name.tool)
        if let index = toolIndices[key] {
            tools[index].pairs += 1
            return index
        }
        let index = freeTools.popLast() ?? tools.count
        if index == tools.count { tools.append(ToolState()) }
        tools[index].pairs = 1
        tools[index].firstSeen = time
        toolIndices[key] = index
        return index
    }

    /// The state for what few pairs ever have, made where there is none yet.
    mutating func trouble(of index: Int) -> Int {
        if pairs[index].trouble > 0 { return Int(pairs[index].trouble) - 1 }
        let place = freeTroubles.popLast() ?? troubles.count
        if place == troubles.count { troubles.append(TroubleState()) }
        pairs[index].trouble = UInt32(place + 1)
        return place
    }

    private mutating func agentIndex(of name: String, at time: Int64) -> Int {
        if let index = agentIndices[name] {
            agents[index].pairs += 1
            return index
        }
        let index = freeAgents.popLast() ?? agents.count
        if index == agents.count {
            agents.append(AgentState())
            agentNames.append(name)
        }
        agents[index] = AgentState(pairs: 1, firstSeen: time, lastSeen: time)
        agentNames[index] = name
        agentIndices[name] = index
        return index
    }

    private mutating func forgetAgent(_ index: Int) {
        agents[index].pairs -= 1
        // One whose silence is being told is kept until it speaks.
        guard agents[index].pairs == 0, !agents[index].habits.isSilent else { return }
        agentIndices[agentNames[index]] = nil
        freeAgents.append(index)
    }

    // MARK: - Snapshot

    mutating func code(_ coder: inout SnapshotCoder) {
        coder.raw(&pairs)
        coder.raw(&tools)
        coder.raw(&agents)
        coder.raw(&troubles)
        coder.raw(&freeTools)
        coder.raw(&freeAgents)
        coder.raw(&freeTroubles)
        coder.value(&hand)
        coder.strings(&agentNames)
        var words = names.flatMap { [$0.agent, $0.server, $0.tool] }
        coder.strings(&words)
        guard coder.isReading, coder.isSound else { return }
        guard words.count == pairs.count * 3, agentNames.count == agents.count,
            pairs.allSatisfy({
                $0.toolIndex < tools.count && $0.agentIndex < agents.count && $0.trouble <= troubles.count
            })
        else { return coder.refuse() }
        restore(words)
    }

    /// Makes the look-up tables anew, and takes over what is declared now.
    private mutating func restore(_ words: [String]) {
        names = pairs.indices.map { PairName(agent: words[3 * $0], server: words[3 * $0 + 1], tool: words[3 * $0 + 2]) }
        for index in pairs.indices {
            indices[names[index]] = index
            toolIndices[ToolName(server: names[index].server, tool: names[index].tool)] = Int(pairs[index].toolIndex)
            pairs[index].apply(PairDeclaration(of: names[index], in: declarations))
        }
        let free = Set(freeAgents)
        for index in agents.indices where !free.contains(index) { agentIndices[agentNames[index]] = index }
    }
}

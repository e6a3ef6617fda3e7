public import Events

/// What `tollgate top` shows and what its keys do.
///
/// A pure machine: models, alerts, keys and sizes go in, lines for the screen and wishes come out. Keys act on what was shown
/// last, so that nobody silences a row that has just taken another's place.
public struct TopScreen: Sendable {
    /// How far back counts may go, in minutes.
    public static let windows = [5, 15, 60]

    /// One of the places that were gone into, and where in it.
    struct Level: Sendable {
        var place: TopPlace
        var filter = ""
        /// The row that keys act on.
        var index = 0
        /// What that row is about, once it was chosen: it is followed when rows change places.
        var subject: TopSubject?
        var call: TailRecordID?
        var offset = 0
    }

    /// The order of rows.
    public var sort: TopSort
    /// How far back counts go, in minutes.
    public private(set) var minutes: Int
    var levels: [Level]
    var rows: [TopRow] = []
    var calls: [TopCall] = []
    var total: TopRow?
    var alerts = TopAlerts()
    var now: Timestamp
    /// The model as it was when the screen was stopped.
    private var frozen: (model: TopModel, at: Timestamp)?
    private(set) var recordsSincePause = 0
    private(set) var lost = 0
    private(set) var forgotten = 0
    var prompt: TopPrompt?
    /// What has been typed behind the prompt.
    var typed = ""
    private(set) var isHelping = false
    private(set) var message = StyledLine()
    /// The logs' names, by their places in the merger.
    public var logs: [String] = []
    /// Lines of rows that the last drawing had.
    var page = 10
    /// The widest names so far, so that columns do not move from one second to the next.
    var nameWidths = (agent: 5, tool: 4)

    /// A screen that has nothing to show yet.
    ///
    /// - Parameters:
    ///   - sort: the order of rows.
    ///   - minutes: how far back counts go.
    ///   - filter: words that names must contain.
    public init(sort: TopSort = TopSort(.rate), minutes: Int = 5, filter: String = "", now: Timestamp) {
        self.sort = sort
        self.minutes = minutes
        self.now = now
        levels = [Level(place: .pairs, filter: filter)]
    }

    var level: Level {
        get { levels[levels.count - 1] }
        set { levels[levels.count - 1] = newValue }
    }

    /// Whether the screen is stopped.
    public var isPaused: Bool { frozen != nil }

    /// Takes over what is known now.
    public mutating func update(_ model: TopModel, alerts: TopAlerts, now: Timestamp) {
        self.alerts = alerts
        (lost, forgotten) = (model.lost, model.forgotten)
        recordsSincePause = frozen.map { model.records - $0.model.records } ?? 0
        show(frozen?.model ?? model, at: frozen?.at ?? now)
    }

    /// Says something on the last line, until the next key.
    public mutating func say(_ text: String, _ ink: Ink = .plain) {
        message = StyledLine(text, ink)
    }

    private mutating func show(_ model: TopModel, at now: Timestamp) {
        self.now = now
        total = model.total(at: now, minutes: minutes)
        if case .calls(let agent, let tool) = level.place {
            rows = []
            let words = level.filter.lowercased().split(separator: " ").map(String.init)
            calls = model.calls(agent, tool).filter { call in
                let text = (call.verdict + " " + call.why + " " + call.ended).lowercased()
                return words.allSatisfy { text.contains($0) }
            }
        } else {
            calls = []
            rows = sort.sorted(model.rows(level.place, at: now, minutes: minutes, filter: level.filter))
        }
        follow()
    }

    /// Finds the chosen row again.
    private mutating func follow() {
        if let subject = level.subject, let place = rows.firstIndex(where: { $0.subject == subject }) {
            level.index = place
        } else if let call = level.call, let place = calls.firstIndex(where: { $0.id == call }) {
            level.index = place
        }
        level.index = max(0, min(level.index, count - 1))
    }

    /// Rows of the place.
    var count: Int { max(rows.count, calls.count) }

    // MARK: - Keys

    /// Does what a key asks for.
    ///
    /// - Parameter model: what is known now, for places that are gone into.
    public mutating func press(_ key: TopKey, _ model: TopModel, now: Timestamp) -> TopAction {
        message = StyledLine()
        if key == .redraw { return .redraw }
        if isHelping {
            isHelping = false
            return .none
        }
        let action = prompt.map { answer($0, key) } ?? act(key, model, now)
        show(frozen?.model ?? model, at: frozen?.at ?? now)
        return action
    }

    private mutating func act(_ key: TopKey, _ model: TopModel, _ now: Timestamp) -> TopAction {
        switch key {
        case .up, .character("k"): move(by: -1)
        case .down, .character("j"): move(by: 1)
        case .pageUp: move(by: -page)
        case .pageDown: move(by: page)
        case .home, .character("g"): move(by: -count)
        case .end, .character("G"): move(by: count)
        case .enter, .right, .character("l"): goIn()
        case .escape, .left, .backspace, .character("h"): goBack()
        case .tab, .backTab: turn(key == .tab ? 1 : -1)
        case .character("<"), .character(","): sort.move(by: -1)
        case .character(">"), .character("."): sort.move(by: 1)
        case .character("r"): sort.isReversed.toggle()
        case .character("w"): widen()
        case .character("p"), .character(" "): frozen = frozen == nil ? (model, now) : nil
        case .character("/"): ask(.filter(before: level.filter), level.filter)
        case .character("s"): return silence()
        case .character("?"), .help: isHelping = true
        case .character("q"): return .quit
        case .character(let character): sort(by: character)
        case .clear, .redraw: break
        }
        return .none
    }

    private mutating func move(by steps: Int) {
        level.index = max(0, min(level.index + steps, count - 1))
        // The first row is whoever is first.
        level.subject = level.index > 0 && level.index < rows.count ? rows[level.index].subject : nil
        level.call = level.index > 0 && level.index < calls.count ? calls[level.index].id : nil
    }

    private mutating func goIn() {
        if level.index < calls.count {
            let call = calls[level.index].id
            let name = logs.indices.contains(call.log) ? logs[call.log] : "LOG"
            return say("tollgate explain \(TailReference.text(name, call.seq))", .cyan)
        }
        guard level.index < rows.count else { return }
        let subject = rows[level.index].subject
        level.subject = subject
        switch (level.place, subject) {
        case (.pairs, .pair(let agent, _)):
            levels.append(Level(place: .toolsOf(agent), subject: subject))
        case (_, .pair(let agent, let tool)): levels.append(Level(place: .calls(agent, tool)))
        case (_, .agent(let agent)): levels.append(Level(place: .toolsOf(agent)))
        case (_, .tool(let tool)): levels.append(Level(place: .agentsOf(tool)))
        }
    }

    private mutating func goBack() {
        if !level.filter.isEmpty {
            level.filter = ""
        } else if levels.count > 1 {
            levels.removeLast()
        }
    }

    /// Agents × tools, agents, tools.
    private mutating func turn(_ steps: Int) {
        let places: [TopPlace] = [.pairs, .agents, .tools]
        guard let place = places.firstIndex(of: level.place) else { return }
        level = Level(place: places[(place + steps + places.count) % places.count], filter: level.filter)
    }

    private mutating func widen() {
        let place = TopScreen.windows.firstIndex(of: minutes) ?? 0
        minutes = TopScreen.windows[(place + 1) % TopScreen.windows.count]
    }

    /// `1` for the first column, and so on; the same once more turns the order round.
    private mutating func sort(by digit: Character) {
        guard let number = digit.wholeNumberValue, (1...TopColumn.sortable.count).contains(number) else { return }
        let column = TopColumn.sortable[number - 1]
        if sort.column == column { sort.isReversed.toggle() } else { sort = TopSort(column) }
    }

    // MARK: - Questions

    private mutating func ask(_ question: TopPrompt, _ text: String = "") {
        (prompt, typed) = (question, text)
    }

    private mutating func silence() -> TopAction {
        let subject: TopSubject? =
            if case .calls(let agent, let tool) = level.place {
                .pair(agent, tool)
            } else {
                level.index < rows.count ? rows[level.index].subject : nil
            }
        guard let subject else { return .none }
        guard TopSilence.isPossible(subject) else {
            say("no alert is about \(subject.text): there is nothing to silence", .yellow)
            return .none
        }
        ask(.duration(subject), "1h")
        return .none
    }

    private mutating func answer(_ question: TopPrompt, _ key: TopKey) -> TopAction {
        if key == .escape {
            if case .filter(let before) = question { level.filter = before } else { say("not silenced") }
            prompt = nil
            return .none
        }
        if case .confirmation(let silence) = question {
            prompt = nil
            guard key == .character("y") || key == .character("Y") else {
                say("not silenced")
                return .none
            }
            return .silence(silence)
        }
        switch key {
        case .character(let character) where typed.utf8.count + character.utf8.count <= 500: typed.append(character)
        case .backspace: _ = typed.popLast()
        case .clear: typed = ""
        case .enter: take(question)
        default: break
        }
        if case .filter = question, prompt != nil { level.filter = typed }
        return .none
    }

    /// Takes an answer and asks what is next; one that cannot be used is asked for again.
    private mutating func take(_ question: TopPrompt) {
        switch question {
        case .filter: prompt = nil
        case .duration(let subject):
            guard let length = TimeArgument.duration(typed), length > 0, length <= TopScreen.longestSilence else {
                return say("a duration is 30m, 2h or 7d, and at most a year", .red)
            }
            ask(.reason(subject, duration: typed))
        case .reason(let subject, let duration):
            guard !typed.allSatisfy(\.isWhitespace) else { return say("a silence needs a reason", .red) }
            ask(.confirmation(TopSilence(subject, duration: duration, reason: typed)))
        case .confirmation: break
        }
    }

    /// A year, in microseconds: as `tollgate alerts silence` has it.
    private static let longestSilence: Int64 = 366 * 86_400_000_000
}

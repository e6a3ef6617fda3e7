import Events
import Hummingbird
import Reports
import Terminal
import Warehouse

/// Pages and JSON about a time: made for each who asks where the time has few records, kept where it has many.
extension Site {
    /// From how many records on an answer is kept: so many are read in some 40 ms.
    static let keptFrom = 20_000

    /// What makes an answer about a time.
    typealias Making = @Sendable (WarehouseStore, Period) throws -> String

    /// A page about a time.
    ///
    /// - Parameters:
    ///   - title: its heading.
    ///   - path: its address without the time.
    ///   - span: the time.
    ///   - longest: the longest time that it looks at, where that is another.
    ///   - make: what it shows, made on a thread that may block.
    func page(
        _ title: String, in place: PageShell.Place, _ context: DashboardContext, path: String, span: Span,
        longest: Span? = nil,
        _ make: @escaping @Sendable (WarehouseStore, Period) throws -> HTML
    ) async -> Response {
        await answer(title, in: place, context) {
            let given = try await given(path, span, longest: longest ?? span, Self.making(span, make))
            let body: HTML = "\(note(given))\(HTML(trusted: given.text))"
            let page = shell.page(title, in: place, for: context.visitor, aside: span.choice(path), body)
            return .page(page).aged(given)
        }
    }

    /// JSON about a time.
    func json(_ path: String, span: Span, _ make: @escaping Making) async -> Response {
        await answerJSON {
            let given = try await given(path, span, longest: span, make)
            return .json(given.text).aged(given)
        }
    }

    /// Has a page made once in the background.
    func order(
        _ path: String, _ span: Span, _ make: @escaping @Sendable (WarehouseStore, Period) throws -> HTML
    ) {
        answers.order(Self.key(path, span), recipe(span, Self.making(span, make)))
    }

    /// Whether answers about a time are kept: its size decides, so that the same warehouse is always asked the same way.
    ///
    /// - Throws: `ReportError` where nothing has been loaded, `WarehouseError`.
    func isKept(_ span: Span) throws -> Bool {
        let (store, state) = try stores.look(settings.warehouse)
        return try isKept(store, span.period(in: store, state))
    }

    /// How far the warehouse is.
    ///
    /// - Throws: `WarehouseError`.
    func version() throws -> String { try stores.look(settings.warehouse).state.version }

    // MARK: - Parts

    private static func key(_ path: String, _ span: Span) -> String { "\(path)?span=\(span.rawValue)" }

    /// The text of a page that says first which time it is about.
    private static func making(
        _ span: Span, _ make: @escaping @Sendable (WarehouseStore, Period) throws -> HTML
    ) -> Making {
        { store, period in
            let body: HTML = "<p class=\"quiet\">\(span.words(period))</p>\n\(try make(store, period))"
            return body.markup
        }
    }

    private func given(
        _ path: String, _ span: Span, longest: Span, _ make: @escaping Making
    ) async throws -> GivenAnswer {
        let asked = answers.moment
        let (text, version) = try await work { () throws -> (text: String?, version: String) in
            let (store, state) = try stores.look(settings.warehouse)
            let isKept = try isKept(store, longest.period(in: store, state))
            return (isKept ? nil : try make(store, span.period(in: store, state)), state.version)
        }
        if let text { return GivenAnswer(text: text, age: nil, isCurrent: true) }
        return try await answers.answer(Self.key(path, span), version: version, asked: asked, recipe(span, make))
    }

    private func recipe(_ span: Span, _ make: @escaping Making) -> AnswerShelf.Recipe {
        {
            // How far it is first: what is loaded meanwhile makes the answer newer than it says, never older.
            let (store, state) = try stores.look(settings.warehouse)
            return (try make(store, span.period(in: store, state)), state.version)
        }
    }

    private func isKept(_ store: WarehouseStore, _ period: Period) throws -> Bool {
        try store.size(of: period) > Self.keptFrom
    }

    /// Says since when a page is not what it would be now.
    private func note(_ given: GivenAnswer) -> HTML? {
        guard !given.isCurrent, let age = given.age else { return nil }
        let seconds = max(1, Int(age.components.seconds))
        let moment = settings.now().advanced(by: -Int64(seconds) * 1_000_000)
        return """
            <p class="notice" role="note">As of \(Words.time(moment)), \
            \(Words.duration(microseconds: Int64(seconds) * 1_000_000)) ago: it is made again in the background.</p>

            """
    }
}

extension Response {
    /// The same with its age in whole seconds (RFC 9111 §5.1), where it may have one.
    fileprivate func aged(_ given: GivenAnswer) -> Response {
        guard let age = given.age else { return self }
        var response = self
        response.headers[.age] = String(max(0, age.components.seconds))
        return response
    }
}

import Alerts
import Events
import Hummingbird
import Reports
import StrictJSON
import Terminal
import Warehouse

/// What the routes share: who is asked for what is shown, and how an answer is made of it.
struct Site: Sendable {
    let settings: DashboardSettings
    let shell: PageShell
    let feed: LiveFeed
    let metrics: MetricsDesk
    let work: BlockingWork
    let answers: AnswerShelf
    let stores = StoreShelf()

    static let links = PageLinks(agent: { PageAddress.agent($0) }, tool: { PageAddress.tool($0, $1) })

    /// An answer, or the page that says why there is none.
    func answer(
        _ title: String, in place: PageShell.Place?, _ context: DashboardContext,
        _ make: () async throws -> Response
    ) async -> Response {
        do {
            return try await make()
        } catch {
            let problem = Self.problem(error)
            let page = shell.problem(title, problem.message, hint: problem.hint, in: place, for: context.visitor)
            return .page(page, status: problem.status)
        }
    }

    /// JSON, or the reason why there is none.
    func answerJSON(_ make: () async throws -> Response) async -> Response {
        do {
            return try await make()
        } catch {
            let problem = Self.problem(error)
            let hint = problem.hint.map { ",\"hint\":\(JSONString.of($0))" } ?? ""
            return .json("{\"error\":\(JSONString.of(problem.message))\(hint)}\n", status: problem.status)
        }
    }

    /// What an error says to people.
    static func problem(_ error: any Error) -> PageError {
        switch error {
        case let error as PageError: error
        case let error as DeskRefusal:
            PageError(error.isConflict ? .conflict : .serviceUnavailable, error.message, hint: error.hint)
        case let error as ReportError:
            // A name that nobody called or was called by is not there; that nothing is loaded yet passes.
            PageError(error.code == .usage ? .notFound : .serviceUnavailable, error.message, hint: error.hint)
        case let error as WarehouseError: PageError(.serviceUnavailable, "\(error)", hint: "tollgate ingest")
        case let error as OutboxError: PageError(.serviceUnavailable, "\(error)", hint: "tollgate watch")
        default: PageError(.internalServerError, "this went wrong: \(error)", hint: "tollgate doctor")
        }
    }
}

import Alerts
import Events
import Foundation
import Hummingbird
import Reports
import StrictJSON
import Synchronization
import Terminal
import Warehouse

/// What the routes share: who is asked for what is shown, and how an answer is made of it.
struct Site: Sendable {
    let settings: DashboardSettings
    let shell: PageShell
    let feed: LiveFeed
    let metrics: MetricsDesk
    let work: BlockingWork
    let stores = StoreShelf()

    static let links = PageLinks(agent: { PageAddress.agent($0) }, tool: { PageAddress.tool($0, $1) })

    /// A page made of the warehouse.
    ///
    /// - Parameters:
    ///   - title: its heading.
    ///   - aside: what stands beside it.
    ///   - make: what it shows, made on a thread that may block.
    func page(
        _ title: String, in place: PageShell.Place, _ context: DashboardContext, aside: HTML = "",
        _ make: @escaping @Sendable (WarehouseStore) throws -> HTML
    ) async -> Response {
        await answer(title, in: place, context) {
            let body = try await work { try make(try stores.open(settings.warehouse)) }
            return .page(shell.page(title, in: place, for: context.visitor, aside: aside, body))
        }
    }

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

    /// JSON made of the warehouse.
    func json(_ make: @escaping @Sendable (WarehouseStore) throws -> String) async -> Response {
        await answerJSON { .json(try await work { try make(try stores.open(settings.warehouse)) }) }
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

/// The warehouse, opened when it is first asked and again when its file is another one (`ingest --rebuild`).
final class StoreShelf: Sendable {
    private struct Opened {
        var store: WarehouseStore
        var file: UInt64
    }

    private let opened = Mutex<Opened?>(nil)

    /// - Throws: `WarehouseError`.
    func open(_ path: String) throws -> WarehouseStore {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let file = (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
        return try opened.withLock { opened in
            if let opened, opened.file == file { return opened.store }
            let store = try WarehouseStore(reading: path)
            opened = Opened(store: store, file: file)
            return store
        }
    }
}

import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// The web pages of `serve`: who calls what, live, and what people do about it.
///
/// Server-rendered, so that everything can be read without a script; a script adds what is live. It changes nothing by itself:
/// what a page asks for goes the way that the command line's requests go.
public struct DashboardServer: Service {
    private static let mostConnections = 512
    private let settings: DashboardSettings

    /// Makes a server.
    ///
    /// - Throws: `DashboardError` where it could be reached from elsewhere and asks for no token.
    public init(_ settings: DashboardSettings) throws {
        guard settings.tokenDigest != nil || settings.isLoopback else {
            throw DashboardError(
                "a dashboard on \(settings.host) can be reached from other machines and needs a token",
                hint: "\"dashboard\": { \"listen\": …, \"token_sha256\": … }, or listen on 127.0.0.1")
        }
        self.settings = settings
    }

    /// Serves until the service is asked to end.
    ///
    /// - Throws: `DashboardError` where the address cannot be listened on.
    public func run() async throws {
        let metrics = MetricsDesk(settings)
        let feed = LiveFeed(settings, metrics: metrics)
        let work = BlockingWork(threads: 4)
        let secrets = Secrets(tokenDigest: settings.tokenDigest)
        let site = Site(
            settings: settings, shell: PageShell(version: settings.version, hasLogin: secrets.asksForToken), feed: feed,
            metrics: metrics, work: work, answers: AnswerShelf())
        let router = Self.router(site, secrets)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let application = Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: .seconds(120))),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? settings.port
                let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
                settings.report("dashboard on http://\(host):\(port)/")
            },
            eventLoopGroupProvider: .shared(group),
            logger: Logger(label: "tollgate.dashboard") { _ in SwiftLogNoOpLogHandler() })
        feed.start()
        let result: Result<Void, any Error>
        do {
            try await withTaskCancellationOrGracefulShutdownHandler {
                try await Self.run(application, keeping: site)
            } onCancelOrGracefulShutdown: {
                feed.stop()
                site.answers.stop()
            }
            result = .success(())
        } catch let error as IOError {
            let why = String(cString: strerror(error.errnoCode)).lowercased()
            result = .failure(
                DashboardError(
                    "the dashboard cannot listen on \(settings.host):\(settings.port): \(why)",
                    hint: "ss -ltnp 'sport = :\(settings.port)'"))
        } catch {
            result = .failure(error)
        }
        feed.stop()
        await site.answers.end()
        await work.end()
        try? await group.shutdownGracefully()
        try result.get()
    }

    /// Serves, and makes answers again meanwhile; neither outlives the other.
    private static func run(_ application: some ApplicationProtocol, keeping site: Site) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await ReportPages(site: site).order()
                await site.answers.keepWarm { try site.version() }
            }
            defer { group.cancelAll() }
            try await application.run()
        }
    }

    /// All that can be asked.
    static func router(_ site: Site, _ secrets: Secrets) -> Router<DashboardContext> {
        let settings = site.settings
        let router = Router(context: DashboardContext.self)
        router.add(middleware: HeaderMiddleware())
        let own = settings.host.lowercased()
        let hosts = Set(settings.hosts + [own, "[\(own)]"])
        router.add(middleware: NotFoundMiddleware(site: site))
        router.add(middleware: AccessMiddleware(secrets: secrets, hosts: hosts, now: settings.now))
        AssetRoutes.add(to: router)
        LoginRoutes(site: site, secrets: secrets).add(to: router)
        OverviewPage(site: site).add(to: router)
        LivePage(site: site).add(to: router)
        ReportPages(site: site).add(to: router)
        AlertPages(site: site).add(to: router)
        ExplainPage(site: site).add(to: router)
        ApprovalPages(site: site).add(to: router)
        PolicyPages(site: site).add(to: router)
        LogPage(site: site).add(to: router)
        APIDescription.add(to: router, version: settings.version)
        MetricsPage(site: site).add(to: router)
        return router
    }
}

/// Says so where there is no such page.
struct NotFoundMiddleware: RouterMiddleware {
    let site: Site

    func handle(
        _ request: Request, context: DashboardContext,
        next: (Request, DashboardContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let page = site.shell.problem(
                "No such page", "There is nothing here.", hint: nil, in: nil, for: context.visitor)
            return .page(page, status: .notFound)
        }
    }
}

import NIOCore
import NIOSSL

/// Makes the routes to the configured servers.
struct RouteBuilder {
    let loop: any EventLoop
    let flushes: FlushBatch

    /// One route for each server; those whose configuration has not changed are kept, with their connections.
    ///
    /// - Throws: `GatewayError` when certificates cannot be used.
    func routes(
        _ configuration: ServeConfiguration, keeping old: [String: ServerRoute]
    ) throws -> [String: ServerRoute] {
        var routes: [String: ServerRoute] = [:]
        for (name, server) in configuration.servers {
            let answerTime = TimeAmount(server.timeout ?? configuration.timeouts.answer)
            var authorities: FileStamp?
            if case .http(let upstream) = server.upstream { authorities = upstream.authorities.map { FileStamp($0) } }
            let timeouts = configuration.timeouts
            let making = ServerRoute.Making(
                connect: timeouts.connect, queue: timeouts.queue, childIdle: timeouts.childIdle,
                answer: server.timeout ?? timeouts.answer, answerBytes: configuration.limits.answerBytes,
                authorities: authorities)
            if let route = old[name], route.configuration == server, route.making == making {
                routes[name] = route
                continue
            }
            routes[name] = ServerRoute(
                name, server, try upstream(name, server, configuration), answerTime: answerTime,
                making: making)
        }
        return routes
    }

    private func upstream(
        _ name: String, _ server: ServeConfiguration.Server, _ configuration: ServeConfiguration
    ) throws -> ServerRoute.Upstream {
        let timeouts = configuration.timeouts
        switch server.upstream {
        case .http(let upstream):
            let address = UpstreamPool.Address(
                host: upstream.url.host, port: upstream.url.port,
                tls: upstream.url.isSecure ? try RouteBuilder.tls(name, authorities: upstream.authorities) : nil)
            let bounds = UpstreamPool.Bounds(
                concurrency: server.concurrency, queue: server.queue, connect: TimeAmount(timeouts.connect),
                wait: TimeAmount(timeouts.queue))
            return .http(HTTPTarget(upstream, pool: UpstreamPool(address, bounds: bounds, on: loop, flushes: flushes)))
        case .command(let command):
            let bounds = ChildPool.Bounds(
                concurrency: server.concurrency, pending: server.concurrency + server.queue,
                wait: TimeAmount(timeouts.queue), messageBytes: configuration.limits.answerBytes,
                idle: TimeAmount(timeouts.childIdle))
            return .command(ChildPool(command, name: name, bounds: bounds, on: loop))
        }
    }

    static func tls(_ name: String, authorities: String?) throws -> NIOSSLContext {
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            if let authorities { configuration.trustRoots = .file(authorities) }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw GatewayError(
                .usage, "the certificate authorities of the server '\(name)' cannot be used",
                hint: "openssl x509 -noout -text -in \(authorities ?? "FILE")")
        }
    }
}

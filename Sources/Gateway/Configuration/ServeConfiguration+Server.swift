extension ServeConfiguration {
    /// One server behind the gateway.
    public struct Server: Sendable, Equatable {
        /// How it is reached.
        public var upstream: Upstream
        /// Requests at it at once (64).
        public var concurrency = 64
        /// Requests that may wait for their turn (1024).
        public var queue = 1024
        /// Until it has answered; nil for `timeouts.answer`.
        public var timeout: Duration?

        /// Makes a server with default bounds.
        public init(_ upstream: Upstream) {
            self.upstream = upstream
        }
    }

    /// How a server is reached.
    public enum Upstream: Sendable, Equatable {
        /// Over Streamable HTTP.
        case http(HTTPUpstream)
        /// As a child process over stdio.
        case command(CommandUpstream)
    }

    /// A server over Streamable HTTP.
    public struct HTTPUpstream: Sendable, Equatable {
        /// Where it is.
        public var url: UpstreamURL
        /// Headers that go with every request, in the order of the document.
        public var headers: [Header] = []
        /// A PEM file of authorities that are believed instead of the system's.
        public var authorities: String?
    }

    /// A header with the gateway's own credentials or marks.
    public struct Header: Sendable, Equatable {
        /// The name as written.
        public var name: String
        /// The value.
        public var value: Secret
    }

    /// A server as a child process.
    public struct CommandUpstream: Sendable, Equatable {
        /// Program and arguments.
        public var command: [String]
        /// Variables that are added to those of the gateway.
        public var environment: [String: Secret] = [:]
        /// The folder it starts in; nil for the one that the gateway runs in.
        public var folder: String?
    }
}

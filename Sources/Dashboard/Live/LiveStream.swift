import Events
import Hummingbird
import Reports
import ServiceLifecycle

/// Server-sent events (WHATWG HTML §9.2): lines as they become durable, and the pulse each second.
struct LiveStream: Sendable {
    private static let pollMilliseconds = 100
    private static let pulseSeconds = 60

    let feed: LiveFeed
    let filter: LiveFilter
    /// From which line on; nil for those that come.
    let from: UInt64?

    /// The answer that does not end before its reader or the dashboard does.
    var response: Response {
        let body = ResponseBody { writer in
            var next = from ?? feed.next
            var ticks = 0
            try await writer.write(ByteBuffer(string: "retry: 2000\n\n" + pulse()))
            while !feed.isStopped, !Task.isShuttingDownGracefully, !Task.isCancelled {
                var text = ""
                let (missed, events) = feed.events(from: next)
                if missed > 0 { text += "event: skipped\ndata: \(missed)\n\n" }
                if let last = events.last { next = last.number + 1 }
                for event in events where filter.passes(event) {
                    text += "id: \(event.number)\nevent: line\ndata: \(event.json)\n\n"
                }
                ticks += 1
                if ticks % (1_000 / Self.pollMilliseconds) == 0 { text += pulse() }
                // A reader that does not take it holds only itself up.
                if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
                try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
            }
            try await writer.finish(nil)
        }
        var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
        // A proxy in front would keep lines back otherwise.
        headers.set("X-Accel-Buffering", "no")
        return Response(status: .ok, headers: headers, body: body)
    }

    private func pulse() -> String {
        let (seconds, agents) = feed.pulse(seconds: Self.pulseSeconds)
        let sum = seconds.suffix(10).reduce(LivePulse.Second(), +)
        let list = seconds.map { "[\($0.allowed),\($0.denied),\($0.throttled),\($0.held)]" }.joined(separator: ",")
        return """
            event: pulse
            data: {"agents":\(agents),"ten":[\(sum.allowed),\(sum.denied),\(sum.throttled),\(sum.held)],"seconds":[\(list)]}


            """
    }
}

/// Which lines somebody wants to see.
struct LiveFilter: Sendable {
    /// Text that a line has somewhere; empty for all.
    var text = ""
    /// Only what did not simply go on: refusals, bad outcomes, notices.
    var onlyNotable = false

    init(_ request: Request) {
        let query = request.uri.queryParameters
        text = query["q"].map(String.init) ?? ""
        onlyNotable = query["notable"].map(String.init) == "1"
    }

    func passes(_ event: LiveEvent) -> Bool {
        if onlyNotable, event.kind == .decision, event.decision == "allow" { return false }
        return text.isEmpty || event.contains(text)
    }
}

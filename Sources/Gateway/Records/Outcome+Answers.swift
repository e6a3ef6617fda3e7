import Events
import MCP
import Policy

extension Outcome {
    /// The outcome that a server's answer is.
    init(_ response: ServerResponse, to request: OpenRequest, seq: UInt64, now: Timestamp) {
        var code: Int?
        let ending: Ending
        switch response.outcome {
        case .result: ending = .ok
        case .toolError: ending = .toolError
        case .rpcError(let number):
            // How servers answer what was cancelled; a result may still come, and is one.
            ending = request.cancelled == nil ? .rpcError : .cancelled
            code = number.map { Int(clamping: $0) }
        }
        self.init(ending, of: request, seq: seq, now: now)
        self.code = code
        resultBytes = response.payload.count
    }

    /// An outcome that no answer brought.
    init(_ ending: Ending, of request: OpenRequest, seq: UInt64, now: Timestamp) {
        self.init(of: seq, ending: ending)
        agent = request.caller.agent
        server = request.caller.server
        tool = request.tool
        method = request.methodName
        guard let forwarded = request.forwarded else { return }
        if request.isCharged { reservation = .committed }
        upstreamMicroseconds = Int(max(0, now.since(forwarded)))
        gatewayMicroseconds = Int(max(0, forwarded.since(request.decided)))
    }
}

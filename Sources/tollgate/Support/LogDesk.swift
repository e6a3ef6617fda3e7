import AuditLog
import Foundation
import Gateway

/// Has work done on a log by whoever may write it: the gateway that holds it, else this process.
struct LogDesk {
    let log: LogDirectory
    let identity: LogIdentity

    /// Sealing reads and writes whole segments.
    private static let patienceMilliseconds = 600_000

    /// - Parameter local: what this process does where nobody else holds the log.
    /// - Throws: `Failure`, `LogError` (`.locked` where a process without a control socket holds the log), `ControlError`.
    func ask(_ request: ControlRequest, locally local: (LogWriter) throws(LogError) -> ControlReply) throws
        -> ControlReply
    {
        do throws(ControlError) {
            return try check(ControlClient.send(request, log: log.path, milliseconds: LogDesk.patienceMilliseconds))
        } catch {
            guard error.code == .notRunning else { throw error }
        }
        var options = LogOptions()
        options.purpose = identity.purpose
        options.writesOwnRecords = identity.purpose != .imported
        options.stateFolder = identity.key == nil ? nil : Places.state
        options.version = Version.text
        options.sealsByItself = false
        let writer = try LogWriter.open(log, options: options)
        let result = Result { () throws(LogError) in try local(writer) }
        try writer.close()
        return try result.get()
    }

    private func check(_ reply: ControlReply) -> ControlReply {
        if let refusal = reply.refusal { Failure(refusal.error, hint: refusal.hint, status: 6).report() }
        return reply
    }
}

import Alerts
import AuditLog
import Dashboard
import Gateway
import Glibc
import Ingest
import Reports
import Terminal
import Warehouse

/// An error as the person at the terminal sees it: what, where, and a hint; with the exit status of `docs/OPERATIONS.md`.
struct Failure: Error {
    let message: String
    let hint: String?
    let status: Int32

    init(_ message: String, hint: String? = nil, status: Int32 = 2) {
        self.message = message
        self.hint = hint
        self.status = status
    }

    /// Takes over the errors of the libraries; nil for any other.
    init?(_ error: any Error) {
        switch error {
        case let error as LogError: self.init(error.description, hint: error.hint, status: error.exitCode)
        case let error as GatewayError: self.init(error.description, hint: error.hint, status: error.exitCode)
        case let error as ConfigurationError: self.init(error.description, hint: error.hint, status: error.exitCode)
        case let error as GrantError: self.init(error.message, hint: error.hint, status: error.exitCode)
        case let error as ControlError: self.init(error.message, hint: error.hint, status: error.exitCode)
        case let error as WarehouseError: self.init(error.description, hint: error.hint, status: error.exitCode)
        case let error as IngestError: self.init(error.description, hint: error.hint, status: error.exitCode)
        case let error as ReportError: self.init(error.message, hint: error.hint, status: error.exitCode)
        case let error as SinkError:
            self.init(
                error.message, hint: error.hint ?? "tollgate watch --help", status: error.code == .disk ? 6 : 2)
        case let error as DashboardError: self.init(error.message, hint: error.hint)
        case let error as OutboxError: self.init(error.message, hint: error.hint ?? "tollgate doctor", status: 6)
        case let error as SystemError: self.init(error.description, hint: "tollgate doctor", status: 6)
        default: return nil
        }
    }

    /// Prints the error and ends the process.
    func report() -> Never {
        var text = "tollgate: \(message)\n"
        if let hint { text += "hint: \(hint)\n" }
        Console.error(text)
        exit(status)
    }
}

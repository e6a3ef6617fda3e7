public import AuditLog
public import Warehouse

/// What went wrong between a log and the warehouse.
public enum IngestError: Error, Sendable, CustomStringConvertible {
    /// A log cannot be read, or is not the one that was loaded.
    case log(LogError)
    /// The warehouse cannot be written.
    case warehouse(WarehouseError)

    /// Message and path.
    public var description: String {
        switch self {
        case .log(let error): error.description
        case .warehouse(let error): error.description
        }
    }

    /// A command that helps.
    public var hint: String? {
        switch self {
        case .log(let error): error.hint
        case .warehouse(let error): error.hint
        }
    }

    /// The process's exit status for this error.
    public var exitCode: Int32 {
        switch self {
        case .log(let error): error.exitCode
        case .warehouse(let error): error.exitCode
        }
    }

    /// Whether it may pass by itself: a lock that another process holds, a disk that is full or hangs.
    var isPassing: Bool {
        switch self {
        case .log(let error): error.code == .disk
        case .warehouse(let error): error.code == .busy || error.code == .disk
        }
    }
}

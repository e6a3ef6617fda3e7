import AuditLog
import Events
import NIOCore
import Policy
import Synchronization
import Testing

@testable import Gateway

/// A log in a folder of its own, on a disk that can be held up and can refuse.
final class GatewayLog: Sendable, CustomReflectable {
    // A failing expectation looks into its operands; not into what cannot be copied.
    var customMirror: Mirror { Mirror(self, children: []) }

    let disk = TroubledDisk()
    let writer: LogWriter
    private let folder: TemporaryFolder

    init(_ change: (inout LogOptions) -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        var options = LogOptions()
        options.writesOwnRecords = false
        options.heartbeatSeconds = 0
        options.probeMilliseconds = 5
        change(&options)
        writer = try LogWriter.open(LogDirectory(path: folder.path + "/log"), options: options, files: disk)
    }

    /// Ends the log and gives all of its records.
    func closeAndRead() throws -> [Record] {
        try writer.close()
        let reader = try LogReader(writer.log)
        var records: [Record] = []
        while let block = try reader.nextBlock() {
            block.forEachLine { _, line in
                if let record = try? Record(utf8: line) { records.append(record) }
            }
        }
        return records
    }
}

/// The machine's file system, whose syncs can be held up and whose writes can fail.
final class TroubledDisk: LogFileSystem {
    struct State {
        var refuses = false
        var holds = false
        var held = 0
    }

    let state = Monitor(State())
    private let real = PosixFileSystem()

    func refuse(_ refuses: Bool) {
        state.withLock { $0.refuses = refuses }
    }

    func hold(_ holds: Bool) {
        state.withLock { $0.holds = holds }
        state.wakeAll()
    }

    /// Waits until a sync is being held up.
    func awaitHeld() {
        _ = state.wait { $0.held > 0 ? true : nil }
    }

    func makeDirectory(_ path: String) throws(SystemError) { try real.makeDirectory(path) }
    func list(_ path: String) throws(SystemError) -> [String] { try real.list(path) }
    func space(at path: String) throws(SystemError) -> (free: Int, total: Int) { try real.space(at: path) }
    func remove(_ path: String) throws(SystemError) { try real.remove(path) }
    func rename(_ path: String, to target: String) throws(SystemError) { try real.rename(path, to: target) }
    func syncDirectory(_ path: String) throws(SystemError) { try real.syncDirectory(path) }

    func open(_ path: String, _ access: FileAccess) throws(SystemError) -> any LogFile {
        File(try real.open(path, access), self)
    }

    private final class File: LogFile {
        private let real: any LogFile
        private let disk: TroubledDisk

        init(_ real: any LogFile, _ disk: TroubledDisk) {
            self.real = real
            self.disk = disk
        }

        func size() throws(SystemError) -> Int { try real.size() }
        func truncate(to size: Int) throws(SystemError) { try real.truncate(to: size) }
        func close() { real.close() }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
            try real.read(into: buffer, at: offset)
        }

        func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
            if disk.state.withLock({ $0.refuses }) { throw SystemError("write", "injected", 28) }
            return try real.write(bytes)
        }

        func sync() throws(SystemError) {
            let isHeld = disk.state.withLock { state in
                if state.holds { state.held += 1 }
                return state.holds
            }
            if isHeld {
                disk.state.wakeAll()
                _ = disk.state.wait { $0.holds ? nil : true }
                disk.state.withLock { $0.held -= 1 }
                if disk.state.withLock({ $0.refuses }) { throw SystemError("fdatasync", "injected", 5) }
            }
            try real.sync()
        }
    }
}

/// A clock that stands still until it is moved.
final class GatewayClock: LogClock {
    private let microseconds = Atomic<Int64>(1_795_368_960_000_000)

    func now() -> Timestamp { Timestamp(microseconds: microseconds.load(ordering: .relaxed)) }

    func advance(seconds: Int64) {
        microseconds.wrappingAdd(seconds * 1_000_000, ordering: .relaxed)
    }
}

enum GatewayFixture {
    static let token = "tg_test"

    /// A policy made of a document in JSON.
    static func policy(_ json: String) throws -> CompiledPolicy {
        let reading = PolicyDocument.read(Array(json.utf8))
        let document = try #require(reading.document, "\(reading.errors.map(\.description))")
        return CompiledPolicy(document, name: "p", digest: Digest64(1))
    }

    /// A server over HTTP with headers of the gateway's own.
    static func upstream(
        _ url: String, headers: [(name: String, value: String)] = []
    ) throws -> ServeConfiguration.HTTPUpstream {
        let own = headers.map { ServeConfiguration.Header(name: $0.name, value: Secret($0.value)) }
        return ServeConfiguration.HTTPUpstream(url: try UpstreamURL(parsing: url), headers: own)
    }

    /// A gateway with one server `ecs`, and one grant without a policy, whose token is ``token``.
    static func core(
        _ log: GatewayLog, on loop: any EventLoop, clock: GatewayClock = GatewayClock(),
        _ change: (inout ServeConfiguration) -> Void = { _ in }
    ) throws -> GatewayCore {
        var configuration = ServeConfiguration(folder: "/nowhere")
        configuration.servers["ecs"] = ServeConfiguration.Server(.http(try upstream("http://127.0.0.1:1/mcp")))
        change(&configuration)
        let grant = Grant(id: "g", agent: "a", servers: ["ecs"], tokenSHA256: TokenDigest.hash(token.utf8))
        let settings = ServeSettings(
            configuration: configuration, policies: [:], grants: GrantTable([grant]), files: [])
        let key = DigestKey(bytes: [UInt8](repeating: 7, count: 32))
        let recorder = OutcomeRecorder(log: log.writer, key: key, decider: Decider())
        return try GatewayCore(
            settings, log: log.writer, clock: clock, recorder: recorder, name: "test", loop: loop)
    }
}

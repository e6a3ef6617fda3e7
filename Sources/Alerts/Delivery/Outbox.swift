public import Events
import Foundation
import GRDB
import Glibc

/// The deliveries still to be made, beside the watch's log: `alerts.sqlite`.
///
/// A step is on the log first. Then one transaction notes how far the log is in here, how each alert stands, and a
/// message for every sink; once it is committed, the message is delivered at least once, whatever is killed when. Steps
/// that a killed watch had logged and not noted are found behind the cursor by the next one. Each message has a key that
/// is made of its content, so that nothing is queued twice.
public final class Outbox: Sendable {
    /// The most messages that may wait for one sink; what comes beyond is dead at once.
    public static let capacity = 10_000

    /// The file.
    public let path: String
    let pool: DatabasePool

    /// Opens the file, and makes it, readable by its owner only.
    ///
    /// - Throws: `OutboxError`.
    public init(path: String) throws(OutboxError) {
        self.path = path
        // SQLite gives its other files the permissions of this one.
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw OutboxError("cannot make \(path): \(Descriptor.message(errno))", hint: "ls -ld \(path)")
        }
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.label = "tollgate.outbox"
        // A message must not be forgotten by a power cut after its step was noted as queued.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.write { try OutboxSchema.prepare($0, path: path) }
        } catch {
            throw Outbox.failure(error, path)
        }
    }

    /// Opens a file that is there, for the commands beside a watch.
    ///
    /// - Throws: `OutboxError` with a hint where there is none.
    public convenience init(existing path: String) throws(OutboxError) {
        guard access(path, F_OK) == 0 else {
            throw OutboxError("no watch has run here: there is no \(path)", hint: "tollgate watch --sink stdout")
        }
        try self.init(path: path)
    }

    /// The first seq of the watch's log that is not in here; nil in a new file.
    public func cursor() throws(OutboxError) -> UInt64? {
        try read { db in
            try Int64.fetchOne(db, sql: "SELECT next_seq FROM cursor").map { UInt64(bitPattern: $0) }
        }
    }

    /// Notes that everything before a seq is in here: where a log is older than its outbox.
    public func begin(at seq: UInt64) throws(OutboxError) {
        try write { try Outbox.setCursor(seq, $0) }
    }

    /// Notes a step: how its alert stands, a message for each sink that hears of it, and how far the log is.
    ///
    /// - Parameters:
    ///   - seq: the seq of the step's record.
    ///   - sinks: those that hear of it.
    ///   - now: the clock, which is not the calls' time.
    public func note(_ standing: AlertStanding, seq: UInt64?, sinks: [any AlertSink], now: Timestamp)
        throws(OutboxError)
    {
        try write { db in
            try Outbox.save(standing, db)
            for sink in sinks {
                if sink.gathers {
                    try Outbox.gather(standing.notice, sink.name, now, db)
                } else {
                    try Outbox.queue(
                        AlertDelivery(
                            key: standing.notice.key, lane: standing.notice.id, notices: [standing.notice]),
                        sink.name, now, db)
                }
            }
            if let seq { try Outbox.setCursor(seq + 1, db) }
        }
    }

    // MARK: - Steps

    private static func setCursor(_ seq: UInt64, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO cursor (id, next_seq) VALUES (0, ?)
                ON CONFLICT DO UPDATE SET next_seq = max(next_seq, excluded.next_seq)
                """, arguments: [Int64(bitPattern: seq)])
    }

    private static func save(_ standing: AlertStanding, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO alert (id, state, is_told, notice, who, reason, updated_us) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET state = excluded.state, is_told = excluded.is_told, notice = excluded.notice,
                    who = excluded.who, reason = excluded.reason, updated_us = excluded.updated_us
                """,
            arguments: [
                standing.notice.id, standing.state, standing.isTold, try text(standing.notice), standing.who,
                standing.reason, standing.notice.at,
            ])
    }

    private static func gather(_ notice: AlertNotice, _ sink: String, _ now: Timestamp, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR IGNORE INTO gathered (sink, key, lane, notice, at_us) VALUES (?, ?, ?, ?, ?)",
            arguments: [sink, notice.key, AlertGroup.key(notice), try text(notice), now.microseconds])
    }

    /// Queues a message, or buries it where too many wait; one that was queued before is not queued again.
    static func queue(_ delivery: AlertDelivery, _ sink: String, _ now: Timestamp, _ db: Database) throws {
        let waiting =
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM delivery WHERE sink = ? AND state = 'waiting'", arguments: [sink]) ?? 0
        let isFull = waiting >= capacity
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO delivery (sink, key, lane, notices, state, due_us, queued_us, ended_us, error)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                sink, delivery.key, delivery.lane, try text(delivery.notices), isFull ? "dead" : "waiting",
                now.microseconds, now.microseconds, isFull ? now.microseconds : nil,
                isFull ? "its queue is full" : nil,
            ])
    }

    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    // MARK: - Access

    func read<Answer>(_ body: (Database) throws -> Answer) throws(OutboxError) -> Answer {
        do { return try pool.read(body) } catch { throw Outbox.failure(error, path) }
    }

    func write<Answer>(_ body: (Database) throws -> Answer) throws(OutboxError) -> Answer {
        do { return try pool.write(body) } catch { throw Outbox.failure(error, path) }
    }

    private static func failure(_ error: any Error, _ path: String) -> OutboxError {
        switch error {
        case let error as OutboxError: error
        case let error as DatabaseError:
            OutboxError("\(path): \(error.message ?? error.resultCode.description)", hint: "ls -l \(path)*")
        default: OutboxError("\(path): \(error)")
        }
    }
}

/// How an alert stands: its newest notice, and what people did about it.
public struct AlertStanding: Sendable, Equatable {
    /// The newest notice.
    public var notice: AlertNotice
    /// `pending`, `firing`, `acknowledged`, `silenced`, `inhibited` or `resolved`.
    public var state: String
    /// Whether sinks were told that it fires.
    public var isTold: Bool
    /// Who acknowledged or silenced it, or the alert that inhibits it.
    public var who: String?
    /// Why.
    public var reason: String?

    /// Makes a standing.
    public init(notice: AlertNotice, state: String, isTold: Bool, who: String? = nil, reason: String? = nil) {
        self.notice = notice
        self.state = state
        self.isTold = isTold
        self.who = who
        self.reason = reason
    }
}

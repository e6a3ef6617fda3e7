public import Events
import Foundation
import GRDB

/// What a person asks of a watch.
public enum DeskRequest: Sendable, Equatable, Codable {
    /// Acknowledge an alert.
    case acknowledge(id: String, reason: String?)
    /// Mute matching alerts from now on, for so many microseconds; with a factor, only those below it.
    case silence(matchers: [AlertMatcher], microseconds: Int64, reason: String, factor: Double?)
    /// End a silence.
    case unsilence(id: String)
    /// Deliver an alert's dead messages again, or what it says now where none is dead.
    case resend(id: String)
}

/// What a watch answers.
public struct DeskAnswer: Sendable, Equatable, Codable {
    /// The alert's or the silence's id.
    public var id: String
    /// What was done; nil where it was refused.
    public var done: String?
    /// Why not.
    public var refusal: String?
}

extension Outbox {
    /// Leaves a request for the watch, running or not.
    ///
    /// - Returns: the request's number.
    public func ask(_ request: DeskRequest, who: String, now: Timestamp) throws(OutboxError) -> Int64 {
        try write { db in
            try db.execute(
                sql: "INSERT INTO request (body, who, at_us) VALUES (?, ?, ?)",
                arguments: [try Outbox.text(request), who, now.microseconds])
            return db.lastInsertedRowID
        }
    }

    /// The watch's answer; nil while there is none.
    public func answer(to number: Int64) throws(OutboxError) -> DeskAnswer? {
        try read { db in
            try String.fetchOne(db, sql: "SELECT answer FROM request WHERE n = ?", arguments: [number])
                .map { try Outbox.value(DeskAnswer.self, $0) }
        }
    }

    /// The requests that nobody has answered, oldest first.
    func requests() throws(OutboxError) -> [(number: Int64, request: DeskRequest, who: String, at: Timestamp)] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM request WHERE answer IS NULL ORDER BY n").map { row in
                (
                    row["n"], try Outbox.value(DeskRequest.self, row["body"]), row["who"],
                    Timestamp(microseconds: row["at_us"])
                )
            }
        }
    }

    func put(_ answer: DeskAnswer, to number: Int64) throws(OutboxError) {
        try write { db in
            try db.execute(
                sql: "UPDATE request SET answer = ? WHERE n = ?", arguments: [try Outbox.text(answer), number])
        }
    }

    /// How all alerts stand, the newest change last.
    public func standings() throws(OutboxError) -> [AlertStanding] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM alert ORDER BY updated_us, id").map { try AlertStanding($0) }
        }
    }

    /// How the alerts stand that are not resolved, the newest change last.
    public func openStandings() throws(OutboxError) -> [AlertStanding] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM alert WHERE state <> 'resolved' ORDER BY updated_us, id")
                .map { try AlertStanding($0) }
        }
    }

    /// All silences that are not over, the first to end first.
    public func silences(now: Timestamp) throws(OutboxError) -> [Silence] {
        try read { db in
            try String.fetchAll(
                db, sql: "SELECT body FROM silence WHERE until_us > ? ORDER BY until_us, id",
                arguments: [now.microseconds]
            ).map { try Outbox.value(Silence.self, $0) }
        }
    }

    func save(_ silence: Silence) throws(OutboxError) {
        try write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO silence (id, body, until_us) VALUES (?, ?, ?)",
                arguments: [silence.id, try Outbox.text(silence), silence.until])
        }
    }

    func remove(silence id: String) throws(OutboxError) {
        try write { try $0.execute(sql: "DELETE FROM silence WHERE id = ?", arguments: [id]) }
    }

    /// The messages about an alert, oldest first.
    public func deliveries(of id: String) throws(OutboxError) -> [QueuedDelivery] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM delivery WHERE instr(notices, ?) > 0 ORDER BY n", arguments: ["\"\(id)\""]
            ).map { try QueuedDelivery($0) }.filter { $0.delivery.notices.contains { $0.id == id } }
        }
    }

    /// Lets an alert's dead messages wait again, as if they had just been queued.
    ///
    /// - Returns: how many there were.
    func revive(_ id: String, now: Timestamp) throws(OutboxError) -> Int {
        let dead = try deliveries(of: id).filter { $0.state == "dead" }.map(\.number)
        try write { db in
            for number in dead {
                try db.execute(
                    sql: """
                        UPDATE delivery SET state = 'waiting', ended_us = NULL, error = NULL, due_us = ?2, queued_us = ?2
                        WHERE n = ?1
                        """, arguments: [number, now.microseconds])
            }
        }
        return dead.count
    }
}

extension AlertStanding {
    fileprivate init(_ row: Row) throws {
        self.init(
            notice: try Outbox.value(AlertNotice.self, row["notice"]), state: row["state"], isTold: row["is_told"],
            who: row["who"], reason: row["reason"])
    }
}

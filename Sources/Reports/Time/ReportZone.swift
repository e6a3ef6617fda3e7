import Events
import Foundation
public import Warehouse

/// The time zone in which a report's days and weeks begin, and in which people read its times.
///
/// The figures' moments stay in UTC; the zone says where its midnights lie and how a moment is written for people.
public struct ReportZone: Sendable, Equatable {
    private struct Change: Sendable, Equatable {
        /// From when on, in microseconds since 1970.
        let from: Int64
        let offsetSeconds: Int
    }

    private static let day: Int64 = 86_400_000_000
    private static let second: Int64 = 1_000_000

    /// Universal time.
    public static let utc = ReportZone(name: "UTC", changes: [])

    /// `UTC`, `Europe/Berlin`.
    public let name: String
    /// The offset's changes, in the order of time; before the first its own offset holds.
    private let changes: [Change]

    private init(name: String, changes: [Change]) {
        self.name = name
        self.changes = changes
    }

    /// A zone of the tz database, by its name there.
    ///
    /// - Parameter period: the time for which the zone's changes are looked up, with six weeks on both sides; beyond it
    ///   the last offset known holds.
    /// - Throws: `ReportError` with the nearest names where there is none of this name.
    public init(_ name: String, covering period: Period) throws(ReportError) {
        guard name != "UTC" else {
            self = .utc
            return
        }
        guard let zone = TimeZone(identifier: name) else {
            let near = NearNames.of(name, among: TimeZone.knownTimeZoneIdentifiers)
            throw ReportError(
                .usage, "there is no time zone '\(name)'", hint: "tollgate report weekly --tz \(near.first ?? "UTC")")
        }
        let from = period.from.microseconds - 42 * ReportZone.day
        var changes = [Change(from: from, offsetSeconds: ReportZone.offset(zone, at: from))]
        var moment = from
        while moment < period.to.microseconds + 42 * ReportZone.day {
            let next = moment + ReportZone.day
            let offset = ReportZone.offset(zone, at: next)
            if let last = changes.last, last.offsetSeconds != offset {
                changes.append(Change(from: ReportZone.change(zone, moment, next), offsetSeconds: offset))
            }
            moment = next
        }
        self.init(name: name, changes: changes)
    }

    /// Local time minus UTC, in seconds; whole quarters of an hour, which all zones have kept since 1972.
    private static func offset(_ zone: TimeZone, at microseconds: Int64) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(microseconds / second))) / 900 * 900
    }

    /// The first second with the offset that holds at `end`, where `start` has another.
    private static func change(_ zone: TimeZone, _ start: Int64, _ end: Int64) -> Int64 {
        let wanted = offset(zone, at: end)
        var low = start / second
        var high = end / second
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if offset(zone, at: middle * second) == wanted { high = middle } else { low = middle }
        }
        return high * second
    }

    /// Local time minus UTC at a moment, in seconds.
    func offsetSeconds(_ moment: Timestamp) -> Int {
        let known = changes.last { $0.from <= moment.microseconds } ?? changes.first
        return known?.offsetSeconds ?? 0
    }

    /// The moment's local clock, as the moment at which a clock in UTC shows the same.
    func local(_ moment: Timestamp) -> Timestamp {
        moment.advanced(by: Int64(offsetSeconds(moment)) * ReportZone.second)
    }

    /// The moment at which the local clock shows what a clock in UTC shows at `clock`; where an hour is left out, the
    /// moment at which it is; where one comes twice, the first.
    func moment(showing clock: Timestamp) -> Timestamp {
        let candidates = Set(changes.map(\.offsetSeconds)).map { clock.advanced(by: Int64(-$0) * ReportZone.second) }
        if let first = candidates.filter({ local($0) == clock }).min() { return first }
        // Left out: the change behind which the clock shows more.
        let after = changes.map { Timestamp(microseconds: $0.from) }.first { change in
            local(change) > clock && local(change.advanced(by: -1)) < clock
        }
        return after ?? clock
    }

    /// The first moment of a local day, in days since 1970-01-01.
    func start(ofDay day: Int) -> Timestamp {
        moment(showing: Timestamp(microseconds: Int64(day) * ReportZone.day))
    }

    /// The local day of a moment, in days since 1970-01-01.
    func day(of moment: Timestamp) -> Int {
        let clock = local(moment).microseconds
        return Int((clock >= 0 ? clock : clock - ReportZone.day + 1) / ReportZone.day)
    }

    /// A stretch some local days earlier: from and to the same readings of the clock.
    func period(_ period: Period, daysEarlier days: Int) -> Period {
        let shift = -Int64(days) * ReportZone.day
        return Period(
            from: moment(showing: local(period.from).advanced(by: shift)),
            to: moment(showing: local(period.to).advanced(by: shift)))
    }
}

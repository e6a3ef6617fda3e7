import AuditLog
import Dashboard
import Events
import Foundation
import Gateway
import Policy
import Warehouse

/// The policies that `run` decided by, as their logs keep them: a file that `--policy` names is not known here, so they can be tried
/// out and not saved.
struct KeptPolicyDesk: PolicyDesk {
    /// How far back a policy is looked for that is in no file here.
    private static let past: Int64 = 366 * 86_400_000_000
    /// A gateway says which policy it has among the first of a log's records.
    private static let firstRecords: UInt64 = 8
    /// The logs, as they are by now.
    let logs: @Sendable () -> [LogDirectory]
    /// The warehouse's file.
    let warehouse: String

    func policies() throws -> [PolicyCard] {
        guard let store = try? WarehouseStore(reading: warehouse) else { return [] }
        let loaded = loaded(store)
        let coverage = try? store.logCoverage()
        return logs().flatMap { log -> [PolicyCard] in
            let origin = (try? LogIdentity.read(log))?.origin
            let next = coverage?.first { $0.origin == origin }?.nextSeq ?? 0
            let own = loaded[log.name] ?? (next > Self.firstRecords ? newest(in: log) : [:])
            return own.compactMap { name, digest in card(log, name, digest) }
        }.sorted { $0.id < $1.id }
    }

    /// The digests that logs' policies had last, by log and name.
    private func loaded(_ store: WarehouseStore) -> [String: [String: Digest64]] {
        let now = Console.now
        let period = Period(from: now.advanced(by: -Self.past), to: now.advanced(by: 1_000_000))
        guard let records = try? store.controlEvents(in: period, of: [.policyLoaded]) else { return [:] }
        var newest: [String: [String: Digest64]] = [:]
        for row in records {
            guard let name = row.control.text(.policy),
                let digest = row.control.text(.policyDigest).flatMap({ Digest64(hex: $0.utf8) })
            else { continue }
            newest[row.record.log, default: [:]][name] = digest
        }
        return newest
    }

    /// The copy that was made last, where no record says what it is called, as in a simulated log.
    private func newest(in log: LogDirectory) -> [String: Digest64] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: log.policiesPath)) ?? []
        func made(_ file: String) -> Date {
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(log.policiesPath)/\(file)")
            return attributes?[.modificationDate] as? Date ?? .distantPast
        }
        guard let file = files.filter({ $0.hasSuffix(".json") }).max(by: { made($0) < made($1) }),
            let digest = Digest64(hex: file.dropLast(5).utf8)
        else { return [:] }
        return [digest.description: digest]
    }

    private func card(_ log: LogDirectory, _ name: String, _ digest: Digest64) -> PolicyCard? {
        let file = "\(log.policiesPath)/\(digest).json"
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        var card = PolicyCard(
            id: "\(log.name)/\(name)", name: "\(name) (\(log.name))", file: file, isWritable: false, logs: [log])
        card.inForce = digest
        card.policy = name
        return card
    }

    func text(of card: PolicyCard) throws -> PolicyBytes {
        guard let data = FileManager.default.contents(atPath: card.file) else {
            throw DeskRefusal("The copy of this policy cannot be read: \(card.file)", hint: "ls -l \(card.file)")
        }
        // What is kept is the normal form, in one line.
        let kept = [UInt8](data)
        let bytes = PolicyDocument.read(kept).document.map { Array($0.laidOut.utf8) } ?? kept
        return PolicyBytes(bytes: bytes, digest: PolicyFile.digest(bytes))
    }

    func check(_ bytes: [UInt8], as card: PolicyCard) -> PolicyReading { PolicyDocument.read(bytes) }

    func listedTools(of card: PolicyCard) -> [ListedTool] {
        let paths = card.logs.map(\.path)
        return RunningGateways { paths }.listedTools()
    }

    func save(
        _ bytes: [UInt8], as card: PolicyCard, over base: String
    ) throws -> (digest: Digest64?, refusal: String?) {
        throw DeskRefusal("This is a copy that a log keeps, and is not written.", hint: "tollgate run --policy FILE")
    }
}

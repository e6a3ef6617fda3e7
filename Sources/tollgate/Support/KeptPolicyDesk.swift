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
    /// The logs, as they are by now.
    let logs: @Sendable () -> [LogDirectory]
    /// The warehouse's file.
    let warehouse: String

    private struct Key: Hashable {
        let log: String
        let policy: String
    }

    func policies() throws -> [PolicyCard] {
        let now = Console.now
        let period = Period(from: now.advanced(by: -Self.past), to: now.advanced(by: 1_000_000))
        guard let store = try? WarehouseStore(reading: warehouse),
            let loaded = try? store.controlEvents(in: period, of: [.policyLoaded])
        else { return [] }
        var newest: [Key: Digest64] = [:]
        for row in loaded {
            guard let name = row.control.text(.policy),
                let digest = row.control.text(.policyDigest).flatMap({ Digest64(hex: $0.utf8) })
            else { continue }
            newest[Key(log: row.record.log, policy: name)] = digest
        }
        let known = Dictionary(logs().map { ($0.name, $0) }) { first, _ in first }
        return newest.compactMap { key, digest -> PolicyCard? in
            guard let log = known[key.log] else { return nil }
            let file = "\(log.policiesPath)/\(digest).json"
            guard FileManager.default.fileExists(atPath: file) else { return nil }
            var card = PolicyCard(
                id: "\(key.log)/\(key.policy)", name: "\(key.policy) (\(key.log))", file: file, isWritable: false,
                logs: [log])
            card.inForce = digest
            card.policy = key.policy
            return card
        }.sorted { $0.id < $1.id }
    }

    func text(of card: PolicyCard) throws -> PolicyBytes {
        guard let data = FileManager.default.contents(atPath: card.file) else {
            throw DeskRefusal("The copy of this policy cannot be read: \(card.file)", hint: "ls -l \(card.file)")
        }
        let bytes = [UInt8](data)
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

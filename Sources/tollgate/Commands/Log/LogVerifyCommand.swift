import ArgumentParser
import AuditLog
import Events
import Foundation
import Replay
import Terminal

/// `tollgate log verify`: reads a log whole and says whether it is.
struct LogVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every member's CRC, every record, seqs and times of a log, and all its signed heads.",
        discussion: """
            Whoever can write the log's files and has its key can make another log that fits itself. So keep the key's
            public half (identity.json) and now and then a head somewhere else: every weekly report and alert carries
            one.

            With --redecide, every verdict of a policy is recomputed too, from the records and from the policies kept beside
            them: verdict, mode, reason, rule, message, limit and cost. Decisions about no tool, made without a policy or
            before one was asked, and a person's, are not a policy's. Where records before the first one are gone, verdicts that hang on
            them are not judged.

            Exit status: 0 whole, 1 whole but a verdict does not recompute or its policy is not kept, 3 damaged (the first bad record is named), 4 other records than a head was made of,
            5 records are gone that a head covers.

            Examples:
              tollgate log verify --log ~/.local/share/tollgate/logs/ecs-mcp-server
              tollgate log verify --redecide --log DIR
              tollgate log verify --log DIR --key 'host/ecs/1f..+a1b2c3d4+AS..' --checkpoint mondays-report.html
            """)

    @OptionGroup var selection: LogSelection
    @Option(help: ArgumentHelp("The key that the log is known to have, or a file with it.", valueName: "key"))
    var key: String?
    @Option(
        name: .customLong("checkpoint"),
        help: ArgumentHelp(
            "A file with a head that was kept elsewhere: a report, an alert, a checkpoint. May be repeated.",
            valueName: "file"))
    var checkpoints: [String] = []
    @Flag(help: "Recompute every verdict from the log alone.")
    var redecide = false
    @Flag(help: "Print one JSON object for each log.")
    var json = false

    func run() throws {
        let trusted = try key.map { try trustedKey($0) }
        let logs = try selection.logs()
        let files = try checkpoints.map { (path: $0, text: try contents($0)) }
        var used: Set<String> = []
        var damages: [(log: LogDirectory, text: String, status: Int32)] = []
        for log in logs {
            let origin = try LogIdentity.read(log).origin
            var witnesses: [(note: SignedNote, head: TreeHead, place: String)] = []
            for file in files {
                let heads = HeadFinder.heads(of: origin, in: file.text)
                if !heads.isEmpty { used.insert(file.path) }
                witnesses += heads.map { ($0.note, $0.head, file.path) }
            }
            let (result, redecided) = try check(log, trusted.flatMap { $0.name == origin ? $0 : nil }, witnesses)
            if let redecided, !redecided.isWhole { damages.append((log, describe(redecided), 1)) }
            if let fault = result.fault {
                damages.append((log, describe(fault, after: result.records), fault.kind.exitCode))
            } else if let trusted, trusted.name == origin, result.signedSize == 0 {
                damages.append((log, "is another's: nothing in it is signed by key \(trusted.shortID)", 4))
            }
        }
        guard let first = damages.first else {
            if let trusted, !logs.contains(where: { (try? LogIdentity.read($0).origin) == trusted.name }) {
                throw Failure(
                    "no log here has the name of this key, \(trusted.name)", hint: "tollgate log verify --help",
                    status: 4)
            }
            if let unused = files.first(where: { !used.contains($0.path) }) {
                throw Failure(
                    "\(unused.path) has no head of \(logs.count == 1 ? "this log" : "any of these logs")",
                    hint: "grep -A4 \((try? LogIdentity.read(logs[0]).origin) ?? "ORIGIN") \(unused.path)")
            }
            return
        }
        throw Failure(
            damages.map { "\($0.log.name) \($0.text)" }.joined(separator: "\n"),
            hint: "tollgate tail --json --log \(first.log.path)   (prints what can still be read)",
            status: damages.map(\.status).max() ?? 3)
    }

    /// Verifies a log, recomputes the verdicts of one that is whole, and prints both.
    private func check(
        _ log: LogDirectory, _ trusted: NoteVerifier?,
        _ witnesses: [(note: SignedNote, head: TreeHead, place: String)]
    ) throws -> (LogVerification, Redecision?) {
        let result = try verify(log, trusted, witnesses)
        let redecided = redecide && result.fault == nil ? try recompute(log) : nil
        if json {
            Console.output(jsonLine(log, result, trusted, redecided) + "\n")
        } else if result.fault == nil {
            Console.output(text(log, result, trusted) + "\n")
            if let redecided { Console.output("\(log.name): \(redecided)\n") }
        }
        return (result, redecided)
    }

    private func recompute(_ log: LogDirectory) throws -> Redecision {
        var progress = Console.progress("recomputing", unit: "records")
        defer { progress.finish() }
        return try LogRedecider(log).run { progress.update($0, now: Console.now) }
    }

    private func describe(_ redecided: Redecision) -> String {
        guard let first = redecided.first else { return "has verdicts of a policy that is not kept beside it" }
        let count = redecided.different == 1 ? "a verdict" : "\(redecided.different) verdicts"
        return "has \(count) that its policies do not come to; the first: \(VisibleText.of(first.description))"
    }

    private func verify(
        _ log: LogDirectory, _ trusted: NoteVerifier?,
        _ witnesses: [(note: SignedNote, head: TreeHead, place: String)]
    ) throws -> LogVerification {
        var progress = Console.progress("verifying", unit: "records")
        let result = try LogVerifier(log, trusted: trusted, witnesses: witnesses) { state in
            progress.update(state.records, now: Console.now)
        }.verify()
        progress.finish()
        return result
    }

    private func trustedKey(_ text: String) throws -> NoteVerifier {
        let found = text.contains("+") ? text : try contents(text)
        guard let key = NoteVerifier(found.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Failure(
                "this is no key of a log: \(text)", hint: "it looks like NAME+8 hexadecimal digits+44 of base64")
        }
        return key
    }

    private func contents(_ path: String) throws -> String {
        do {
            return try String(contentsOfFile: Places.absolute(path), encoding: .utf8)
        } catch {
            throw Failure("cannot read \(path) as text", hint: "ls -l \(path)")
        }
    }

    private func describe(_ fault: LogVerification.Fault, after records: Int) -> String {
        let kind =
            switch fault.kind {
            case .damage: "is damaged"
            case .incomparable: "cannot be compared"
            case .fork: "is not what was signed:"
            case .missing: "has lost records:"
            }
        return """
            \(kind) at seq \(fault.seq): \(fault.what) (segment \(fault.segment), offset \(fault.offset)); \
            \(records) records before it are whole
            """
    }

    private func text(_ log: LogDirectory, _ result: LogVerification, _ trusted: NoteVerifier?) -> String {
        guard result.records > 0 else { return "\(log.name): empty" }
        var text = "\(log.name): log verified to seq \(result.nextSeq - 1), \(result.records) records"
        text += ", \(result.heads) heads, \(result.gapRecords) gaps"
        if result.lostRecords > 0 { text += " (\(result.lostRecords) records lost)" }
        if result.removed > 0 { text += ", \(result.removed) records removed by retention and known by manifests only" }
        if result.sealed > 0 { text += ", \(result.sealed) of \(result.segments) segments sealed" }
        if !result.damagedIndexes.isEmpty {
            text += ", \(result.damagedIndexes.count) damaged indexes (tollgate log reindex)"
        }
        if result.acceptedLoss > 0 { text += ", \(result.acceptedLoss) records gone and accepted as lost" }
        if result.tornBytes > 0 { text += ", \(result.tornBytes) bytes of a torn tail that the next writer repairs" }
        let key = trusted ?? result.key.flatMap { NoteVerifier($0) }
        let name = key.map { "key \($0.shortID)" } ?? "no key"
        if result.signedSize == 0 { return text + "; self-consistent, no head (\(name))" }
        let through = "to seq \(result.signedSize - 1)"
        return text + "; \(trusted == nil ? "self-consistent, signed" : "authentic") \(through) (\(name))"
    }

    private func jsonLine(
        _ log: LogDirectory, _ result: LogVerification, _ trusted: NoteVerifier?, _ redecided: Redecision?
    ) -> String {
        var object: [String: Any] = [
            "log": log.name, "path": log.path, "records": result.records, "blocks": result.blocks,
            "segments": result.segments, "compressed_bytes": result.compressedBytes,
            "plaintext_bytes": result.plaintextBytes, "first_seq": Int(result.firstSeq),
            "next_seq": Int(result.nextSeq),
            "gaps": result.gapRecords, "lost": result.lostRecords, "torn_bytes": result.tornBytes,
            "accepted_loss": Int(result.acceptedLoss), "heads": result.heads, "signed_size": Int(result.signedSize),
            "authentic": trusted != nil && result.fault == nil && result.signedSize > 0, "ok": result.fault == nil,
        ]
        object["removed"] = Int(result.removed)
        object["sealed"] = result.sealed
        object["damaged_indexes"] = result.damagedIndexes
        object["key"] = result.key
        object["first_ts"] = result.firstTimestamp?.description
        object["last_ts"] = result.lastTimestamp?.description
        object["redecide"] = redecided.map { self.object($0) }
        if let fault = result.fault {
            object["fault"] = [
                "kind": fault.kind.rawValue, "seq": Int(fault.seq), "segment": fault.segment, "offset": fault.offset,
                "what": fault.what,
            ]
        }
        return JSONText.line(object)
    }

    private func object(_ redecided: Redecision) -> [String: Any] {
        var object: [String: Any] = [
            "ok": redecided.isWhole, "judged": redecided.judged, "recomputed": redecided.recomputed,
            "different": redecided.different, "not_the_policys": redecided.notThePolicys,
            "unjudged": redecided.unjudged,
            "without_policy": Dictionary(
                uniqueKeysWithValues: redecided.withoutPolicy.map { ($0.key.description, $0.value) }),
        ]
        if let first = redecided.first {
            var difference: [String: Any] = [
                "seq": Int(first.seq), "tool": first.tool, "recorded": first.recorded.rawValue, "fields": first.fields,
            ]
            difference["agent"] = first.agent
            difference["recorded_rule"] = first.recordedRule
            difference["recomputed"] = first.recomputed?.rawValue
            difference["recomputed_rule"] = first.recomputedRule
            object["first"] = difference
        }
        return object
    }
}

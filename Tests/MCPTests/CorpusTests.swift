import StrictJSON
import Testing

@testable import MCP

@Suite struct CorpusTests {
    @Test func everyLineGetsItsVerdict() throws {
        let lines = try EnvelopeCorpus.load()
        var scanner = EnvelopeScanner()
        var forwarded = 0
        var refused: [String: Int] = [:]
        for line in lines {
            let verdict = verdict(of: line.bytes, &scanner)
            #expect(verdict.isForwarded == line.isForwarded, "\(line.name): \(verdict.reason ?? "forwarded")")
            #expect(verdict.reason == line.reason, "\(line.name)")
            forwarded += line.isForwarded ? 1 : 0
            if !line.isForwarded { refused[line.reason ?? "?", default: 0] += 1 }
        }
        #expect(lines.count >= 250)
        #expect(Set(lines.map(\.name)).count == lines.count)
        let reasons = refused.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        print("envelopes: \(lines.count) lines, forwarded \(forwarded), refused: \(reasons)")
    }

    /// What would happen over stdio where only the tool `echo` is allowed.
    private func verdict(
        of bytes: [UInt8], _ scanner: inout EnvelopeScanner
    ) -> (isForwarded: Bool, reason: String?) {
        do throws(EnvelopeRefusal) {
            guard case .request(let request) = try scanner.scan(bytes, framing: .line), let call = request.call else {
                return (true, nil)
            }
            return scanner.tree.text(call.name, is: "echo") ? (true, "allowed") : (false, "default_deny")
        } catch {
            return (false, error.reason.rawValue)
        }
    }
}

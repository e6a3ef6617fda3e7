import Events
import Glibc

/// Texts that come again and again, each built once.
///
/// Each place holds the text that was met there last; a text of at most 15 bytes needs no memory and is built anew.
struct TextCache {
    private var places = [String](repeating: "", count: 1024)

    /// A text of ASCII.
    mutating func text(_ bytes: UnsafeRawBufferPointer) -> String {
        guard bytes.count > 15 else { return String(decoding: bytes, as: UTF8.self) }
        let place = Int(truncatingIfNeeded: bytes.mixed) & (places.count - 1)
        if places[place].utf8.count == bytes.count, places[place].withUTF8({ bytes.equals(UnsafeRawBufferPointer($0)) })
        {
            return places[place]
        }
        places[place] = String(decoding: bytes, as: UTF8.self)
        return places[place]
    }
}

/// The verdicts of calls that a rule decided alike, each decoded once.
struct VerdictCache {
    private var places = [(bytes: [UInt8], decision: Decision)?](repeating: nil, count: 1024)

    /// A decision with the verdict of a line and nothing else; nil where the line is no record.
    mutating func decision(_ line: DecisionLine, _ whole: UnsafeRawBufferPointer) -> Decision? {
        let bytes = UnsafeRawBufferPointer(rebasing: whole[line.verdict])
        let place = Int(truncatingIfNeeded: bytes.mixed) & (places.count - 1)
        if let known = places[place], known.bytes.withUnsafeBytes({ bytes.equals($0) }) { return known.decision }
        guard case .decision(let first) = try? Record(utf8: whole).body else { return nil }
        var decision = Decision(
            gateway: "", identity: .unresolved, server: "", transport: first.transport, method: "",
            verdict: first.verdict, mode: first.mode, reason: first.reason)
        (decision.rule, decision.message, decision.limit) = (first.rule, first.message, first.limit)
        (decision.policy, decision.policyDigest) = (first.policy, first.policyDigest)
        places[place] = (Array(bytes), decision)
        return decision
    }
}

extension UnsafeRawBufferPointer {
    /// A number made of all bytes, eight at a time; of at least eight.
    @inline(__always)
    fileprivate var mixed: UInt64 {
        var sum = UInt64(count) &* 0x9E37_79B9_7F4A_7C15
        var offset = 0
        while offset < count {
            // The last eight overlap those before them.
            let word = loadUnaligned(fromByteOffset: Swift.min(offset, count - 8), as: UInt64.self)
            sum = (sum ^ word) &* 0xD6E8_FEB8_6659_FD93
            sum ^= sum >> 32
            offset += 8
        }
        return sum
    }

    @inline(__always)
    fileprivate func equals(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count, let one = baseAddress, let two = other.baseAddress else { return false }
        return memcmp(one, two, count) == 0
    }
}

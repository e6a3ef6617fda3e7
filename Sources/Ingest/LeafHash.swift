import AuditLog
import Crypto

/// The hash that tells one line from every other.
enum LeafHash {
    /// The hash of a block's last line; nil for an empty one.
    static func hex(ofLastLine block: LogBlock) -> String? {
        block.bytes.withUnsafeBytes { bytes in
            let lines = bytes.last == 0x0A ? bytes.dropLast() : bytes[...]
            let start = lines.lastIndex(of: 0x0A).map { $0 + 1 } ?? lines.startIndex
            return bytes.isEmpty ? nil : hex(UnsafeRawBufferPointer(rebasing: lines[start...]))
        }
    }

    /// RFC 6962, section 2.1: SHA-256 over 0x00 and the line without its newline; 64 hexadecimal digits.
    static func hex(_ line: UnsafeRawBufferPointer) -> String {
        var hash = SHA256()
        hash.update(data: [0] as [UInt8])
        hash.update(bufferPointer: line)
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in hash.finalize() {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

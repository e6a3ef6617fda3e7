import CZlib

/// Decompresses BGZF members; one stream of zlib's, reused.
final class Inflater {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    private var unusedBits: Int32 = 0

    /// - Throws: `SystemError` when zlib cannot begin (no memory).
    init() throws(SystemError) {
        stream.initialize(to: z_stream())
        guard inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw SystemError("inflateInit", "zlib", 12)
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// The plaintext of one whole member; nil when header, length or CRC are not as they must be.
    func plaintext(of member: UnsafeRawBufferPointer) -> [UInt8]? {
        guard BGZFMember.size(header: member) == member.count else { return nil }
        let trailer = member.count - BGZFMember.trailerSize
        let crc = UInt32(littleEndian: member.loadUnaligned(fromByteOffset: trailer, as: UInt32.self))
        let size = Int(UInt32(littleEndian: member.loadUnaligned(fromByteOffset: trailer + 4, as: UInt32.self)))
        guard size <= BGZFMember.maximumSize else { return nil }
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
            let (status, written) = inflate(member, into: UnsafeMutableRawBufferPointer(buffer))
            // The stream must end where the trailer begins: bytes between would be read by nobody.
            isWhole = status == Z_STREAM_END && written == size && stream.pointee.avail_in == 0 && paddingIsZero(member)
            count = isWhole ? size : 0
        }
        guard isWhole,
            bytes.withUnsafeBufferPointer({ UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, UInt32(size))) }) == crc
        else { return nil }
        return bytes
    }

    /// The first bytes of a member's plaintext, unchecked: to see a seq without inflating it all.
    func prefix(of member: UnsafeRawBufferPointer, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
            length = inflate(member, into: UnsafeMutableRawBufferPointer(buffer)).written
        }
    }

    /// The bits after the last code up to the byte's end are zero when zlib writes them; no CRC covers them, so a flip
    /// there would go unseen (zlib.h: `data_type & 63` is the number of unused bits in the last byte).
    private func paddingIsZero(_ member: UnsafeRawBufferPointer) -> Bool {
        let unused = unusedBits & 63
        guard unused > 0, unused < 8 else { return unused == 0 }
        return member[member.count - BGZFMember.trailerSize - 1] >> UInt8(8 - unused) == 0
    }

    private func inflate(
        _ member: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> (status: Int32, written: Int) {
        let data = UnsafeRawBufferPointer(
            rebasing: member[BGZFMember.headerSize..<member.count - BGZFMember.trailerSize])
        stream.pointee.next_in = UnsafeMutablePointer(mutating: data.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(data.count)
        stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        let status = CZlib.inflate(stream, Z_FINISH)
        unusedBits = stream.pointee.data_type
        inflateReset(stream)
        return (status, output.count - Int(stream.pointee.avail_out))
    }
}

import CZlib
import Events

/// Compresses plaintext into BGZF members; one stream of zlib's, reused.
final class Deflater {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: BGZFMember.maximumSize, alignment: 16)

    /// - Throws: `SystemError` when zlib cannot begin (no memory).
    init(level: Int32) throws(SystemError) {
        stream.initialize(to: z_stream())
        let status = deflateInit2_(
            stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw SystemError("deflateInit", "zlib", 12) }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        scratch.deallocate()
    }

    /// Appends one member that holds `plaintext`, at most `BGZFMember.maximumPlaintext` bytes.
    ///
    /// - Throws: `SystemError` when zlib refuses, which the bounds rule out.
    func append(_ plaintext: UnsafeRawBufferPointer, to output: inout LineBuffer) throws(SystemError) {
        let crc = crc32(0, plaintext.bindMemory(to: UInt8.self).baseAddress, UInt32(plaintext.count))
        let room = scratch.count - BGZFMember.headerSize - BGZFMember.trailerSize
        stream.pointee.next_in = UnsafeMutablePointer(mutating: plaintext.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(plaintext.count)
        stream.pointee.next_out = scratch.bindMemory(to: UInt8.self).baseAddress.map { $0 + BGZFMember.headerSize }
        stream.pointee.avail_out = UInt32(room)
        let status = deflate(stream, Z_FINISH)
        let deflated = room - Int(stream.pointee.avail_out)
        deflateReset(stream)
        guard status == Z_STREAM_END else { throw SystemError("deflate", "zlib", 75) }
        let size = BGZFMember.headerSize + deflated + BGZFMember.trailerSize
        BGZFMember.writeHeader(size: size, to: scratch)
        scratch.storeBytes(
            of: UInt32(truncatingIfNeeded: crc).littleEndian, toByteOffset: size - 8, as: UInt32.self)
        scratch.storeBytes(of: UInt32(plaintext.count).littleEndian, toByteOffset: size - 4, as: UInt32.self)
        output.append(UnsafeRawBufferPointer(rebasing: scratch[..<size]))
    }
}

import Glibc

/// The few system calls on file descriptors that sinks need.
enum Descriptor {
    /// Writes all bytes, however often it takes.
    ///
    /// - Throws: `SinkError` with code `disk`; how many bytes were written before is not told.
    static func write(_ bytes: [UInt8], to descriptor: Int32, named name: String) throws(SinkError) {
        var start = 0
        while start < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + start }, buffer.count - start)
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw SinkError(.disk, "cannot write \(name): \(message(errno))")
            }
            start += written
        }
    }

    /// What the system says about an error number.
    static func message(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}

extension AlertDelivery {
    /// A line for each notice.
    func lines(_ text: KeyPath<AlertNotice, String>) -> [UInt8] {
        notices.flatMap { Array($0[keyPath: text].utf8) + [UInt8(ascii: "\n")] }
    }
}

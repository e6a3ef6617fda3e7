import Glibc
import NIOSSL

/// Certificates of the authorities that a receiver's own may be signed by, instead of the system's.
public struct SinkAuthorities: Sendable, Equatable {
    let certificates: [NIOSSLCertificate]

    /// Reads a PEM file, once: another one is read after a restart.
    ///
    /// - Throws: `SinkError` with code `usage` where it cannot be read or holds no certificate.
    public init(file path: String) throws(SinkError) {
        guard access(path, R_OK) == 0 else {
            throw SinkError(.usage, "cannot read \(path): \(Descriptor.message(errno))", hint: "ls -l \(path)")
        }
        guard let found = try? NIOSSLCertificate.fromPEMFile(path), !found.isEmpty else {
            throw SinkError(
                .usage, "\(path) has no certificate that can be read", hint: "openssl x509 -noout -text -in \(path)")
        }
        certificates = found
    }
}

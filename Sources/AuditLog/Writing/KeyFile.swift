import Glibc

/// A secret of 32 bytes in a file of its own: `<folder>/keys/<origin>/<name>`, mode 0600.
///
/// Kept away from the log, which is made to be copied.
package enum KeyFile {
    /// Reads a key, or makes one.
    ///
    /// - Parameters:
    ///   - name: what the key is for: `sign` or `digest`.
    ///   - folder: tollgate's state folder.
    /// - Throws: `LogError.format` where others can read the file or it is none, `.disk`.
    package static func load(
        _ name: String, of origin: String, in folder: String, on files: any LogFileSystem = PosixFileSystem()
    ) throws(LogError) -> [UInt8] {
        let place = folder + "/keys/" + origin
        let path = place + "/" + name
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & 0o077 != 0 {
            throw LogError(.format, "others can read the \(name) key \(path)", path: path, hint: "chmod 600 \(path)")
        }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try files.exists(path) ? files.contents(of: path) : make(path, in: place, files)
        } catch {
            throw LogError(.disk, "cannot use the \(name) key: \(error)", path: path, hint: "tollgate doctor")
        }
        guard bytes.count == 32 else {
            throw LogError(.format, "the \(name) key \(path) is not 32 bytes long", path: path, hint: "ls -l \(path)")
        }
        return bytes
    }

    /// Whether a key has been made.
    package static func exists(
        _ name: String, of origin: String, in folder: String, on files: any LogFileSystem = PosixFileSystem()
    ) -> Bool {
        files.exists(folder + "/keys/" + origin + "/" + name)
    }

    private static func make(
        _ path: String, in folder: String, _ files: any LogFileSystem
    ) throws(SystemError) -> [UInt8] {
        // The system's generator: cryptographically secure (getrandom).
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        try files.makeDirectory(folder)
        try files.replace(path, with: bytes)
        return bytes
    }
}

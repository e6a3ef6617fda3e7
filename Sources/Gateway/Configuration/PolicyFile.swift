import AuditLog
import Crypto
import Glibc

/// A policy's file, replaced as a whole: a crash leaves the old one or the new one, and the one before is kept beside it.
public struct PolicyFile: Sendable {
    /// Why it could not be replaced.
    public struct Trouble: Error, Sendable {
        /// What happened.
        public var message: String
        /// A command that helps.
        public var hint: String?
        /// Whether it is another file by now than the one that was looked at.
        public var isStale = false

        /// Makes one.
        public init(message: String, hint: String? = nil, isStale: Bool = false) {
            self.message = message
            self.hint = hint
            self.isStale = isStale
        }
    }

    /// The file itself, where the configuration names a symbolic link.
    public let path: String

    /// A file by its path.
    public init(_ path: String) {
        guard let real = realpath(path, nil) else {
            self.path = path
            return
        }
        defer { free(real) }
        self.path = String(cString: real)
    }

    /// Where the file that was replaced last is kept.
    public var previousPath: String { path + ".previous" }

    /// The bytes and what tells them from others.
    ///
    /// - Throws: ``Trouble`` where it cannot be read.
    public func read() throws(Trouble) -> (bytes: [UInt8], digest: String) {
        do {
            let bytes = try ConfigurationSurroundings.read(path).bytes
            return (bytes, PolicyFile.digest(bytes))
        } catch {
            throw Trouble(message: "cannot read the policy \(path): \(error.words)", hint: "ls -l \(path)")
        }
    }

    /// SHA-256 of bytes, in hex.
    public static func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Writes bytes into a new file beside it, durable, with the mode and the owner of the one that it is to replace.
    ///
    /// - Returns: the new file's path.
    /// - Throws: ``Trouble``.
    public func prepare(_ bytes: [UInt8]) throws(Trouble) -> String {
        let new = "\(path).\(UInt64.random(in: .min ... .max)).new"
        do throws(SystemError) {
            try write(bytes, to: new)
            return new
        } catch {
            unlink(new)
            throw Trouble(message: "cannot write beside \(path): \(error)", hint: "ls -ld \(path.parentFolder)")
        }
    }

    /// Removes a prepared file that is not wanted any more.
    public func discard(_ prepared: String) {
        if isOurs(prepared) { unlink(prepared) }
    }

    private func isOurs(_ prepared: String) -> Bool {
        prepared.hasPrefix(path + ".") && prepared.hasSuffix(".new") && !prepared.dropFirst(path.count).contains("/")
    }

    /// Puts a prepared file in its place, and keeps what was there as ``previousPath``.
    ///
    /// - Parameters:
    ///   - prepared: what ``prepare(_:)`` returned; gone afterwards, whatever comes of it.
    ///   - base: the digest of the file as it was looked at.
    /// - Throws: ``Trouble``, stale where it is another file by now; then nothing was replaced.
    public func replace(by prepared: String, over base: String) throws(Trouble) {
        guard isOurs(prepared) else { throw Trouble(message: "what is to replace \(path) does not lie beside it") }
        defer { unlink(prepared) }
        let now = try read()
        guard now.digest == base else {
            throw Trouble(
                message: "\(path) has changed since it was looked at: nothing was saved", hint: "load the page again",
                isStale: true)
        }
        let files = PosixFileSystem()
        do throws(SystemError) {
            let copy = previousPath + ".new"
            try write(now.bytes, to: copy)
            try files.rename(copy, to: previousPath)
            try files.rename(prepared, to: path)
            try files.syncDirectory(path.parentFolder)
        } catch {
            throw Trouble(message: "cannot replace \(path): \(error)", hint: "ls -ld \(path.parentFolder)")
        }
    }

    private func write(_ bytes: [UInt8], to new: String) throws(SystemError) {
        var status = stat()
        let isThere = stat(path, &status) == 0
        let file = try PosixFileSystem().open(new, .replace)
        defer { file.close() }
        try file.write(whole: bytes)
        if isThere {
            // Root keeps the owner; anybody else owns the file already, or could not have replaced it.
            if geteuid() == 0, chown(new, status.st_uid, status.st_gid) != 0 {
                throw SystemError("chown", new, errno)
            }
            guard chmod(new, status.st_mode & 0o777) == 0 else { throw SystemError("chmod", new, errno) }
        }
        try file.sync()
    }
}

extension String {
    fileprivate var parentFolder: String {
        lastIndex(of: "/").map { $0 == startIndex ? "/" : String(self[..<$0]) } ?? "."
    }
}

extension LogFile {
    fileprivate func write(whole bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = try rest.withUnsafeBytes { raw in Result { () throws(SystemError) in try write(raw) } }.get()
            rest = rest.dropFirst(written)
        }
    }
}

import AuditLog
import Crypto
import Events
public import Policy

/// Policies from files.
public enum PolicyLoader {
    /// Reads and checks a policy; every error is told at once, each with its place.
    ///
    /// - Throws: `GatewayError.policy`.
    public static func load(_ path: String, named name: String? = nil) throws(GatewayError) -> CompiledPolicy {
        let reading = try read(path)
        guard let document = reading.document else {
            let lines = reading.errors.map { "  \($0)" }.joined(separator: "\n")
            throw GatewayError(
                .policy, "the policy \(path) is refused:\n\(lines)", hint: "tollgate policy check \(path)")
        }
        return compile(document, name: name ?? ConfigurationPath.stem(path))
    }

    /// Reads a policy's file, whatever is in it: JSON, or in a file ending in .yaml YAML that says the same.
    ///
    /// - Throws: `GatewayError.policy` when there is no such file or it cannot be read.
    public static func read(_ path: String) throws(GatewayError) -> PolicyReading {
        do {
            return read(try ConfigurationSurroundings.read(path).bytes, of: path)
        } catch {
            throw GatewayError(.policy, "cannot read the policy \(path): \(error.words)", hint: "ls -l \(path)")
        }
    }

    /// Reads what stands, or is to stand, in a policy's file: JSON, or where its name ends in .yaml YAML that says the same.
    public static func read(_ bytes: [UInt8], of path: String) -> PolicyReading {
        ConfigurationText.Form(path: path) == .yaml ? yaml(bytes) : PolicyDocument.read(bytes)
    }

    /// Whether a file of this name is read as YAML.
    public static func isYAML(_ path: String) -> Bool { ConfigurationText.Form(path: path) == .yaml }

    private static func yaml(_ bytes: [UInt8]) -> PolicyReading {
        let (json, marks): ([UInt8], [YAMLDocument.Place])
        do throws(ConfigurationProblem) {
            (json, marks) = try YAMLDocument.json(of: bytes)
        } catch {
            return .unreadable(line: error.line, column: error.column, found: error.found, expected: error.expected)
        }
        // The JSON has one line, and its columns count characters.
        return PolicyDocument.read(json).placed { _, column in
            var (offset, left) = (0, column)
            while offset < json.count {
                if json[offset] & 0xC0 != 0x80 { left -= 1 }
                if left == 0 { break }
                offset += 1
            }
            let mark = marks.last { $0.offset <= offset } ?? marks.first
            return (mark?.line ?? 1, mark?.column ?? 1)
        }
    }

    /// A policy that decides, named and digested as records name it.
    public static func compile(_ document: PolicyDocument, name: String) -> CompiledPolicy {
        let digest = Digest64(prefixOf: SHA256.hash(data: document.normalForm)) ?? Digest64(0)
        return CompiledPolicy(document, name: name, digest: digest)
    }
}

/// Finds a name for a wrapped server: the package behind its launcher, without version.
public enum ServerName {
    /// The name for a command: what `uvx`, `npx -y`, `python -m`, `node` or `docker run` starts, else the program.
    public static func infer(from command: [String]) -> String {
        guard let program = command.first?.lastPathPart else { return "server" }
        let rest = Array(command.dropFirst())
        let base = program.prefix { !$0.isNumber && $0 != "." }
        switch base {
        case "uvx", "pipx":
            return clean(firstOperand(rest, skipping: ["--from", "--with", "--python", "-p"], words: ["run"]))
        case "npx", "bunx", "pnpx": return clean(firstOperand(rest, skipping: ["-p", "--package"], words: []))
        case "uv":
            return clean(
                firstOperand(
                    rest, skipping: ["--directory", "--with", "--from", "--python", "--project"],
                    words: ["run", "tool"]))
        case "docker", "podman":
            return clean(
                firstOperand(
                    rest,
                    skipping: [
                        "-e", "--env", "-v", "--volume", "-p", "--name", "--network", "--mount", "--env-file", "-w",
                        "-u",
                    ],
                    words: ["run", "container"]))
        case "python", "node", "deno", "bun", "ruby", "java", "bash", "sh":
            if let flag = rest.firstIndex(of: "-m"), flag + 1 < rest.count { return clean(rest[flag + 1]) }
            return clean(firstOperand(rest, skipping: ["-X", "-W"], words: ["run"]) ?? program)
        default: return clean(program)
        }
    }

    /// The folder name of a server's logs: a server may be called anything, a folder not.
    public static func folder(for server: String) -> String {
        let safe = server.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" }
        let trimmed = String(safe.drop { $0 == "." || $0 == "-" })
        return trimmed.isEmpty ? "server" : String(trimmed.prefix(64))
    }

    private static func firstOperand(_ words: [String], skipping flags: Set<String>, words verbs: Set<String>)
        -> String?
    {
        var index = 0
        while index < words.count {
            let word = words[index]
            if flags.contains(word) {
                index += 2
            } else if word.hasPrefix("-") || verbs.contains(word) {
                index += 1
            } else {
                return word
            }
        }
        return nil
    }

    /// Version, path, tag and file ending away; only characters that a folder's name may have everywhere.
    private static func clean(_ text: String?) -> String {
        guard var name = text else { return "server" }
        if name.hasPrefix("@"), let slash = name.firstIndex(of: "/") {
            name = String(name[name.index(after: slash)...])
        }
        name = name.lastPathPart
        for mark in ["==", "@", ":", "[", ">=", "~="] {
            if let range = name.firstRange(of: mark), range.lowerBound > name.startIndex {
                name = String(name[..<range.lowerBound])
            }
        }
        for ending in [".py", ".js", ".mjs", ".ts", ".sh", ".rb", ".jar"] where name.hasSuffix(ending) {
            name = String(name.dropLast(ending.count))
        }
        return folder(for: name)
    }
}

extension String {
    fileprivate var lastPathPart: String {
        String(split(separator: "/").last ?? "")
    }
}

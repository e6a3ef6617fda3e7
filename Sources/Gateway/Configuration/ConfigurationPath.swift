/// Paths of a configuration.
enum ConfigurationPath {
    /// A path from the root; what is relative begins in `folder`.
    static func absolute(_ path: String, in folder: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        var rest = path[...]
        while rest.hasPrefix("./") { rest = rest.dropFirst(2).drop { $0 == "/" } }
        return folder.hasSuffix("/") ? folder + rest : "\(folder)/\(rest)"
    }

    /// A file's name without folder and ending.
    static func stem(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
        return String(name[..<dot])
    }
}

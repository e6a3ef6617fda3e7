import Policy

/// Finds the name that was probably meant.
enum NearestName {
    /// Words that other servers' configurations have for ours.
    private static let synonyms: [String: String] = [
        "address": "listen", "bind": "listen", "port": "listen", "database": "warehouse", "db": "warehouse",
        "mcpservers": "servers", "upstreams": "servers", "cert": "certificate", "private_key": "key",
        "environment": "env", "directory": "cwd", "folder": "cwd", "args": "command", "endpoint": "url",
        "tokens": "grants", "token": "token_sha256", "sha256": "token_sha256", "expiry": "expires",
        "expires_at": "expires", "name": "id", "allowed_hosts": "hosts", "allowed_origins": "origins",
    ]

    /// The nearest of some names, nil when none is near.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let lowered = word.lowercased()
        if let same = candidates.first(where: { $0.lowercased() == lowered }) { return same }
        if let synonym = synonyms[lowered], candidates.contains(synonym) { return synonym }
        let near = candidates.map { (name: $0, distance: Spelling.distance(lowered, $0.lowercased())) }
            .filter { candidate in
                let length = max(candidate.name.utf8.count, lowered.utf8.count)
                return candidate.distance <= max(1, (length + 1) / 3) && candidate.distance < candidate.name.utf8.count
            }
        return near.min { $0.distance < $1.distance }?.name
    }
}

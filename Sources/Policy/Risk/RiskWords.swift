import Events

/// The words of tool names that tell what a tool can do.
///
/// Collected from published servers; a word stands where it is right most often. Adding one is safe where it raises
/// a class, and wants a look at the table of the tests where it lowers one.
enum RiskWords {
    /// Words that destroy, wherever in the name they stand.
    static let destructive: Set<String> = [
        "cleanup", "clear", "decommission", "delete", "deprovision", "destroy", "discard", "drop", "erase", "expunge",
        "kill", "nuke", "obliterate", "prune", "purge", "remove", "revoke", "rm", "shred", "terminate", "truncate",
        "uninstall", "unpublish", "wipe",
    ]

    /// What is money, or stands for it.
    static let money: Set<String> = [
        "balance", "billing", "charge", "credit", "debit", "deposit", "disbursement", "dispute", "dividend", "fund",
        "invoice", "loan", "mandate", "money", "order", "payment", "payout", "payroll", "price", "purchase", "refund",
        "remittance", "salary", "subscription", "tip", "trade", "transaction", "transfer", "wallet", "withdrawal",
    ]

    /// Words for moving money that need no other verb.
    static let moneyVerbs: Set<String> = [
        "bill", "buy", "charge", "credit", "debit", "deposit", "donate", "invoice", "pay", "purchase", "refund",
        "reimburse", "remit", "sell", "trade", "transfer", "withdraw",
    ]

    /// Words for reading that name a thing as often: one of ``endings`` behind it says what is done with it, as in
    /// `snapshot_create`.
    static let readingNouns: Set<String> = [
        "check", "count", "diff", "dump", "echo", "estimate", "export", "extract", "filter", "forecast", "help",
        "history", "info", "log", "lookup", "monitor", "poll", "preview", "query", "review", "scan", "screenshot",
        "search", "snapshot", "stat", "status", "top", "trace", "tree", "view", "watch",
    ]

    /// Verbs that are nothing else, also at a name's end.
    static let endings: Set<String> = [
        "activate", "add", "append", "apply", "assign", "configure", "create", "deploy", "disable", "edit", "enable",
        "exec", "execute", "import", "insert", "invoke", "launch", "modify", "put", "rename", "replace", "restart",
        "restore", "run", "save", "send", "set", "share", "start", "stop", "submit", "trigger", "update", "upload",
        "upsert", "write",
    ]

    /// Pairs of words that name a thing, though the first by itself is a verb.
    static let compounds: Set<[String]> = [["merge", "request"], ["pull", "request"]]

    /// What a verb does.
    static let verbs: [String: Risk] = {
        var verbs: [String: Risk] = [:]
        for (risk, words) in [(Risk.read, reading), (.write, writing), (.execute, executing)] {
            for word in words { verbs[word] = risk }
        }
        return verbs
    }()

    private static let reading = [
        "aggregate", "analyse", "analyze", "assess", "browse", "calculate", "check", "classify", "compare", "compute",
        "convert", "count", "crawl", "describe", "detect", "diff", "discover", "download", "dump", "echo", "estimate",
        "explain", "explore", "export", "extract", "fetch", "filter", "find", "forecast", "geocode", "get", "glob",
        "grep", "help", "history", "identify", "info", "inspect", "introspect", "list", "load", "log", "lookup",
        "measure", "monitor", "observe", "parse", "peek", "ping", "poll", "predict", "preview", "query", "rank",
        "read", "recommend", "retrieve", "review", "scan", "scrape", "screenshot", "search", "show", "sleep",
        "snapshot", "stat", "status", "suggest", "summarise", "summarize", "tail", "think", "top", "trace",
        "translate", "tree", "validate", "verify", "view", "wait", "watch", "whoami",
    ]

    private static let writing = [
        "accept", "acknowledge", "add", "adjust", "allocate", "amend", "annotate", "append", "approve", "archive",
        "assign", "associate", "attach", "block", "book", "branch", "cancel", "change", "checkout", "clone", "close",
        "comment", "commit", "configure", "confirm", "connect", "copy", "create", "decline", "define", "detach",
        "disable", "disassociate", "dismiss", "draft", "duplicate", "edit", "email", "enable", "expire", "follow",
        "fork", "format", "forward", "generate", "grant", "import", "increment", "index", "init", "initialize",
        "insert", "invite", "join", "label", "leave", "like", "link", "lock", "make", "mark", "merge", "message",
        "modify", "move", "mute", "new", "notify", "open", "organize", "patch", "pin", "place", "post", "put",
        "rebase", "record", "register", "reject", "remember", "rename", "reopen", "reorder", "replace", "reply",
        "request", "reserve", "reset", "resize", "resolve", "respond", "restore", "revert", "save", "schedule",
        "send", "set", "share", "sign", "snooze", "split", "stage", "star", "stash", "store", "submit", "subscribe",
        "switch", "sync", "tag", "toggle", "touch", "transition", "unassign", "unlink", "unlock", "unpin", "unstar",
        "unsubscribe", "update", "upload", "upsert", "vote", "write",
    ]

    private static let executing = [
        "abort", "activate", "apply", "attack", "bash", "boot", "build", "call", "click", "compile", "containerize",
        "control", "deactivate", "debug", "deploy", "dispatch", "do", "drag", "emulate", "encrypt", "eval",
        "evaluate", "exec", "execute", "failover", "fill", "handle", "hover", "install", "invoke", "launch", "manage",
        "migrate", "navigate", "pause", "perform", "play", "press", "process", "promote", "provision", "publish",
        "pull", "push", "reboot", "recreate", "release", "render", "rerun", "restart", "resume", "retry", "rollback",
        "rollout", "rotate", "run", "scale", "script", "select", "shell", "shutdown", "simulate", "solve", "spawn",
        "start", "stop", "suspend", "terminal", "test", "train", "trigger", "turn", "type", "upgrade",
    ]
}

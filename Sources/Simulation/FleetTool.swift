import Events

/// A tool of the simulated fleet and how it behaves.
struct FleetTool: Sendable {
    let server: String
    let name: String
    let risk: Risk
    /// Argument keys, sorted.
    let keys: [String]
    /// Typical bytes of the arguments and of the result.
    let argumentBytes: Int
    let resultBytes: Int
    /// Median latency of the upstream, in microseconds.
    let latency: Double
    /// The share of calls that end in a tool error.
    let errors: Double

    /// Digest of the definition: FNV-1a of its name, which is all the simulation has of it.
    let digest: Digest64

    init(
        _ server: String, _ name: String, _ risk: Risk, _ keys: String, bytes: (Int, Int), milliseconds: Double,
        errors: Double = 0.02
    ) {
        self.server = server
        self.name = name
        self.risk = risk
        self.keys = keys.split(separator: " ").map(String.init).sorted()
        argumentBytes = bytes.0
        resultBytes = bytes.1
        latency = milliseconds * 1000
        self.errors = errors
        let fullName = "\(server)/\(name)".utf8
        digest = Digest64(fullName.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    }
}

/// The tools that the fleet's servers offer: a few that everybody uses, many that few use.
enum ToolCatalog {
    /// All tools; an index into it is a tool's number.
    static let tools: [FleetTool] = containers + code + files + web + service + data + office

    /// A tool's number; the names are constants of this target, and a test looks all of them up.
    static func number(_ name: String) -> Int {
        tools.firstIndex { $0.name == name } ?? 0
    }

    private static let containers = [
        FleetTool(
            "ecs", "build_and_push_image_to_ecr", .execute, "app_name app_path tag", bytes: (112, 900),
            milliseconds: 21_000, errors: 0.06),
        FleetTool(
            "ecs", "deploy_service", .execute, "cluster service image", bytes: (140, 600), milliseconds: 4200,
            errors: 0.03),
        FleetTool("ecs", "get_deployment_status", .read, "service", bytes: (41, 480), milliseconds: 210),
        FleetTool("ecs", "get_service_logs", .read, "service since limit", bytes: (74, 5200), milliseconds: 640),
        FleetTool("ecs", "describe_cluster", .read, "cluster", bytes: (30, 2100), milliseconds: 260),
        FleetTool(
            "ecs", "create_ecs_infrastructure", .execute, "name cpu memory", bytes: (96, 800), milliseconds: 9000),
        FleetTool("ecs", "delete_ecs_infrastructure", .destructive, "name", bytes: (32, 200), milliseconds: 5000),
        FleetTool("ecs", "validate_prerequisites", .read, "image", bytes: (60, 700), milliseconds: 330),
    ]

    private static let code = [
        FleetTool("git", "git_status", .read, "repo_path", bytes: (38, 400), milliseconds: 35),
        FleetTool("git", "git_log", .read, "repo_path max_count", bytes: (52, 1900), milliseconds: 48),
        FleetTool("git", "git_diff", .read, "repo_path target", bytes: (58, 4100), milliseconds: 60),
        FleetTool("git", "git_checkout", .write, "repo_path branch_name", bytes: (66, 90), milliseconds: 80),
        FleetTool("git", "git_commit", .write, "repo_path message", bytes: (130, 120), milliseconds: 95),
        FleetTool("git", "git_create_branch", .write, "repo_path branch_name", bytes: (70, 80), milliseconds: 44),
        FleetTool("git", "git_show", .read, "repo_path revision", bytes: (64, 3600), milliseconds: 52),
        FleetTool("git", "git_reset", .destructive, "repo_path", bytes: (38, 60), milliseconds: 40),
        FleetTool("tests", "run_tests", .execute, "path filter", bytes: (58, 2600), milliseconds: 14_000, errors: 0.11),
        FleetTool("tests", "get_test_report", .read, "run", bytes: (28, 3400), milliseconds: 120),
        FleetTool("tests", "list_failures", .read, "run", bytes: (28, 900), milliseconds: 100),
        FleetTool("thinking", "sequential_thinking", .read, "thought next total", bytes: (420, 160), milliseconds: 8),
    ]

    private static let files = [
        FleetTool("files", "read_file", .read, "path", bytes: (54, 3800), milliseconds: 12),
        FleetTool("files", "write_file", .write, "content path", bytes: (2300, 60), milliseconds: 18),
        FleetTool("files", "edit_file", .write, "edits path", bytes: (760, 420), milliseconds: 20, errors: 0.05),
        FleetTool("files", "list_directory", .read, "path", bytes: (40, 700), milliseconds: 10),
        FleetTool("files", "search_files", .read, "path pattern", bytes: (66, 1500), milliseconds: 140),
        FleetTool("files", "directory_tree", .read, "path", bytes: (40, 5600), milliseconds: 90),
        FleetTool("files", "get_file_info", .read, "path", bytes: (50, 220), milliseconds: 9),
        FleetTool("files", "move_file", .write, "destination source", bytes: (98, 60), milliseconds: 14),
        FleetTool("files", "create_directory", .write, "path", bytes: (44, 50), milliseconds: 12),
        FleetTool("files", "delete_file", .destructive, "path", bytes: (50, 40), milliseconds: 12),
    ]

    private static let web = [
        FleetTool("web", "fetch", .read, "max_length url", bytes: (96, 6800), milliseconds: 720, errors: 0.06),
        FleetTool("web", "search", .read, "query", bytes: (62, 2900), milliseconds: 540),
        FleetTool("web", "extract_links", .read, "url", bytes: (78, 2400), milliseconds: 680, errors: 0.05),
        FleetTool("web", "screenshot", .read, "url width", bytes: (86, 15_000), milliseconds: 2100, errors: 0.07),
        FleetTool("time", "get_current_time", .read, "timezone", bytes: (28, 110), milliseconds: 3),
        FleetTool("time", "convert_time", .read, "source target time", bytes: (80, 150), milliseconds: 3),
    ]

    private static let service = [
        FleetTool("tickets", "get_ticket", .read, "id", bytes: (18, 1800), milliseconds: 130),
        FleetTool("tickets", "search_tickets", .read, "query status", bytes: (70, 2600), milliseconds: 260),
        FleetTool("tickets", "update_ticket", .write, "fields id", bytes: (180, 300), milliseconds: 190),
        FleetTool("tickets", "add_comment", .write, "body id", bytes: (340, 140), milliseconds: 170),
        FleetTool("tickets", "create_ticket", .write, "body title", bytes: (420, 200), milliseconds: 220),
        FleetTool("tickets", "delete_ticket", .destructive, "id", bytes: (18, 60), milliseconds: 150),
        FleetTool("crm", "get_customer", .read, "id", bytes: (24, 1300), milliseconds: 110),
        FleetTool("crm", "search_customers", .read, "query", bytes: (48, 1900), milliseconds: 240),
        FleetTool("crm", "update_customer", .write, "fields id", bytes: (150, 260), milliseconds: 180),
        FleetTool("crm", "list_invoices", .read, "customer", bytes: (30, 1600), milliseconds: 200),
        FleetTool("crm", "create_refund", .financial, "amount invoice reason", bytes: (110, 240), milliseconds: 900),
        FleetTool("crm", "create_charge", .financial, "amount customer", bytes: (80, 240), milliseconds: 950),
        FleetTool("kb", "search_kb", .read, "query", bytes: (64, 2700), milliseconds: 150),
        FleetTool("kb", "get_article", .read, "id", bytes: (22, 4200), milliseconds: 60),
        FleetTool("kb", "update_article", .write, "body id", bytes: (1900, 90), milliseconds: 160),
        FleetTool("mail", "send_email", .write, "body subject to", bytes: (900, 120), milliseconds: 420),
        FleetTool("mail", "search_mail", .read, "query", bytes: (52, 2100), milliseconds: 310),
        FleetTool("mail", "read_thread", .read, "id", bytes: (26, 3900), milliseconds: 180),
        FleetTool("mail", "create_draft", .write, "body subject to", bytes: (880, 120), milliseconds: 260),
    ]

    private static let data = [
        FleetTool("db", "query", .read, "params sql", bytes: (240, 2900), milliseconds: 160, errors: 0.03),
        FleetTool("db", "list_tables", .read, "schema", bytes: (22, 800), milliseconds: 30),
        FleetTool("db", "describe_table", .read, "table", bytes: (26, 1100), milliseconds: 35),
        FleetTool("db", "insert_rows", .write, "rows table", bytes: (2600, 70), milliseconds: 210),
        FleetTool("db", "explain_query", .read, "sql", bytes: (210, 1300), milliseconds: 50),
        FleetTool("db", "drop_table", .destructive, "table", bytes: (26, 40), milliseconds: 60),
        FleetTool("storage", "list_objects", .read, "bucket prefix", bytes: (68, 3300), milliseconds: 120),
        FleetTool("storage", "get_object", .read, "bucket key", bytes: (88, 7400), milliseconds: 90),
        FleetTool("storage", "put_object", .write, "body bucket key", bytes: (3100, 110), milliseconds: 140),
        FleetTool("storage", "head_object", .read, "bucket key", bytes: (86, 260), milliseconds: 40),
        FleetTool("storage", "copy_object", .write, "source target", bytes: (150, 160), milliseconds: 130),
        FleetTool("storage", "delete_object", .destructive, "bucket key", bytes: (86, 40), milliseconds: 60),
        FleetTool("metrics", "query_range", .read, "end query start", bytes: (150, 5100), milliseconds: 230),
        FleetTool("metrics", "get_dashboard", .read, "uid", bytes: (24, 6200), milliseconds: 140),
        FleetTool("metrics", "list_alerts", .read, "state", bytes: (20, 1400), milliseconds: 70),
        FleetTool("metrics", "silence_alert", .write, "duration id", bytes: (52, 90), milliseconds: 90),
    ]

    private static let office = [
        FleetTool("chat", "post_message", .write, "channel text", bytes: (260, 110), milliseconds: 240),
        FleetTool("chat", "list_channels", .read, "limit", bytes: (14, 1700), milliseconds: 180),
        FleetTool("chat", "get_thread", .read, "channel ts", bytes: (60, 2500), milliseconds: 190),
        FleetTool("chat", "add_reaction", .write, "channel emoji ts", bytes: (78, 40), milliseconds: 150),
        FleetTool("calendar", "list_events", .read, "from to", bytes: (62, 2300), milliseconds: 210),
        FleetTool("calendar", "create_event", .write, "end start title", bytes: (190, 260), milliseconds: 330),
        FleetTool("calendar", "find_free_time", .read, "from people to", bytes: (120, 700), milliseconds: 380),
        FleetTool("calendar", "delete_event", .destructive, "id", bytes: (24, 40), milliseconds: 200),
        FleetTool("memory", "create_entities", .write, "entities", bytes: (480, 480), milliseconds: 15),
        FleetTool("memory", "search_nodes", .read, "query", bytes: (40, 1200), milliseconds: 12),
        FleetTool("memory", "read_graph", .read, "", bytes: (2, 6900), milliseconds: 20),
        FleetTool("memory", "add_observations", .write, "observations", bytes: (300, 300), milliseconds: 14),
        FleetTool("memory", "delete_entities", .destructive, "names", bytes: (60, 40), milliseconds: 14),
    ]
}

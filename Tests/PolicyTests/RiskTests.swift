import Events
import Policy
import Testing

/// Names of real servers' tools and their classes.
struct RiskTests {
    static let table: [Risk: [String]] = [
        .read: [
            "validate_ecs_express_mode_prerequisites", "wait_for_service_ready", "fetch", "git_status",
            "git_diff_unstaged", "git_diff_staged", "git_diff", "git_log", "git_show", "read_query", "list_tables",
            "describe_table", "describe_support_cases", "describe_severity_levels", "describe_services",
            "describe_communications", "describe_supported_languages", "describe_create_case_options",
            "describe_attachment", "get_current_time", "convert_time", "search_repositories", "get_file_contents",
            "list_charges", "get_invoice", "retrieve_balance", "brave_web_search", "puppeteer_screenshot",
            "getJiraIssue", "list-commits", "slack.get_users", "list_deleted_items", "search_orders",
        ],
        .write: [
            "git_commit", "git_add", "git_create_branch", "git_checkout", "git_branch", "write_query", "create_table",
            "append_insight", "create_support_case", "add_communication_to_case", "resolve_support_case",
            "add_attachments_to_set", "write_file", "edit_file", "create_or_update_file", "createJiraIssue",
            "update_issue", "add-comment", "move_file", "slack_post_message", "send_email", "merge_pull_request",
            "fork_repository", "git_reset",
        ],
        .execute: [
            "containerize_app", "build_and_push_image_to_ecr", "run_query", "execute_sql", "deploy_stack",
            "push_files", "invokeLambda", "restart_service", "start_instances", "stop_instances", "browser_click",
            "puppeteer_navigate", "trigger_workflow", "exec", "scale-deployment", "run_tests", "apply_manifest",
        ],
        .destructive: [
            "delete_app", "delete_file", "removeLabel", "drop_table", "purge-queue", "terminate_instances",
            "revoke_grant", "git_prune", "create_or_delete_item", "bulkDelete", "destroy_stack", "truncate_table",
        ],
        .financial: [
            "create_charge", "refund_payment", "create_refund", "create_invoice", "pay_invoice", "transfer_funds",
            "create_payout", "send_payment", "charge_customer", "update_subscription", "createPaymentLink",
        ],
        .unknown: ["ecs_resource_management", "ecs_troubleshooting_tool", "sequentialthinking", "a", "", "42"],
    ]

    @Test(arguments: table.keys.sorted { $0.rawValue < $1.rawValue })
    func realNamesGetTheirClass(_ risk: Risk) {
        for name in Self.table[risk] ?? [] {
            let found = RiskClassifier.classify(tool: name)
            #expect(found.risk == risk, "\(name): \(found.why)")
            #expect(!found.why.isEmpty)
        }
    }

    @Test func theTableIsLargeEnoughToMeanSomething() {
        #expect(table.count >= 60)
        #expect(Set(Self.table.keys) == Set(Risk.allCases))
    }

    private var table: [String] { Self.table.values.flatMap(\.self) }

    @Test func annotationsRaiseAClassAndNeverLowerIt() {
        func risk(_ name: String, readOnly: Bool? = nil, destructive: Bool? = nil) -> Risk {
            RiskClassifier.classify(tool: name, annotations: .init(readOnly: readOnly, destructive: destructive)).risk
        }
        #expect(risk("git_reset", readOnly: false, destructive: true) == .destructive)
        #expect(risk("git_status", readOnly: false) == .write)
        #expect(risk("git_status", readOnly: true, destructive: false) == .read)
        #expect(risk("delete_app", readOnly: true, destructive: false) == .destructive)
        #expect(risk("create_charge", readOnly: true) == .financial)
        #expect(risk("create_charge", destructive: true) == .financial)
        #expect(risk("frobnicate", readOnly: true, destructive: false) == .unknown)
        #expect(risk("build_and_push_image_to_ecr", readOnly: true) == .execute)
    }
}

import Events

/// Names of real servers' tools and the class of each, as a person who knows the tool would say by the rules.
enum RiskNames {
    /// One server's names, separated by white space.
    struct Server {
        let server: String
        let tools: [Risk: String]
    }

    static let servers: [Server] = [
        Server(
            server: "awslabs.ecs-mcp-server",
            tools: [
                .read: "validate_ecs_express_mode_prerequisites wait_for_service_ready",
                .execute: "containerize_app build_and_push_image_to_ecr", .destructive: "delete_app",
                .unknown: "ecs_resource_management ecs_troubleshooting_tool",
            ]),
        Server(
            server: "awslabs.aws-support-mcp-server",
            tools: [
                .read: """
                describe_support_cases describe_severity_levels describe_services describe_communications
                describe_supported_languages describe_create_case_options describe_attachment
                """,
                .write: "create_support_case add_communication_to_case resolve_support_case add_attachments_to_set",
            ]),
        Server(
            server: "awslabs: api, eks, lambda, dynamodb, sqs, documentation",
            tools: [
                .read: """
                suggest_aws_commands list_k8s_resources get_pod_logs get_k8s_events get_cloudwatch_metrics
                search_documentation read_documentation recommend scan query describe_table ExplainCDKNagRule
                """,
                .write: "add_inline_policy generate_app_manifest put_item update_item create_table send_message",
                .execute: """
                call_aws apply_yaml manage_k8s_resource manage_eks_stacks invoke_function start_query_execution
                """,
                .destructive: "delete_item delete_table purge_queue terminate_instances",
            ]),
        Server(server: "mcp-server-time", tools: [.read: "get_current_time convert_time"]),
        Server(server: "mcp-server-fetch", tools: [.read: "fetch"]),
        Server(
            server: "mcp-server-git",
            tools: [
                .read: "git_status git_diff_unstaged git_diff_staged git_diff git_log git_show",
                .write: "git_commit git_add git_create_branch git_checkout git_branch git_reset",
            ]),
        Server(
            server: "mcp-server-sqlite",
            tools: [
                .read: "read_query list_tables", .write: "write_query append_insight",
            ]),
        Server(
            server: "filesystem",
            tools: [
                .read: """
                read_file read_text_file read_media_file read_multiple_files list_directory list_directory_with_sizes
                directory_tree search_files get_file_info list_allowed_directories
                """,
                .write: "write_file edit_file create_directory move_file",
            ]),
        Server(
            server: "github",
            tools: [
                .read: """
                get_me get_file_contents list_commits search_code search_repositories list_pull_requests
                search_pull_requests get_pull_request_diff pull_request_read issue_read list_workflow_runs
                get_workflow_run_logs download_workflow_run_artifact list_notifications list-commits
                """,
                .write: """
                create_issue issue_write sub_issue_write add_issue_comment update_issue create_pull_request
                pull_request_review_write merge_pull_request update_pull_request_branch create_branch
                create_or_update_file create_repository fork_repository request_copilot_review star_repository
                dismiss_notification mark_all_notifications_read cancel_workflow_run assign_copilot_to_issue
                """,
                .execute: "push_files run_workflow rerun_failed_jobs rerun_workflow_run trigger_workflow",
                .destructive: "delete_file delete_workflow_run_logs remove_sub_issue removeLabel",
            ]),
        Server(
            server: "gitlab",
            tools: [
                .read: "get_merge_request list_merge_request_diffs list_pipelines get_pipeline_job_output",
                .write: "create_merge_request merge_merge_request create_note create_release",
                .execute: "play_pipeline_job retry_pipeline push_files", .destructive: "delete_merge_request_note",
            ]),
        Server(
            server: "stripe",
            tools: [
                .read: """
                list_customers list_products list_prices list_payment_intents list_subscriptions list_coupons
                list_invoices list_disputes list_charges get_invoice retrieve_balance get_stripe_account_info
                search_stripe_resources fetch_stripe_resources
                """,
                .write: "create_customer create_product create_coupon",
                .financial: """
                create_charge create_refund create_payment_link createPaymentLink create_invoice create_invoice_item
                finalize_invoice create_price cancel_subscription update_subscription update_dispute create_payout
                charge_customer refund_payment
                """,
            ]),
        Server(
            server: "paypal, banks, shops and brokers",
            tools: [
                .read: """
                list_transactions get_order list_invoices get_merchant_insights search_orders get_account_balance
                """,
                .financial: """
                create_order pay_order send_invoice send_invoice_reminder cancel_sent_invoice accept_dispute_claim
                transfer_funds send_payment pay_invoice create_subscription_plan place_stock_order cancel_all_orders
                buy_domain send_transaction withdraw process_refund reimburse_expense create_draft_order
                """,
            ]),
        Server(
            server: "kubernetes-mcp-server",
            tools: [
                .read: """
                configuration_view events_list namespaces_list pods_list pods_list_in_namespace pods_get pods_log
                pods_top nodes_top resources_get helm_list
                """,
                .write: "resources_create_or_update",
                .execute: "pods_exec pods_run resources_scale helm_install",
                .destructive: "pods_delete resources_delete helm_uninstall",
            ]),
        Server(
            server: "mcp-server-kubernetes",
            tools: [
                .read: "kubectl_get kubectl_describe kubectl_logs explain_resource list_api_resources ping",
                .write: "kubectl_create kubectl_patch",
                .execute: """
                kubectl_apply kubectl_scale kubectl_rollout install_helm_chart upgrade_helm_chart exec_in_pod
                stop_port_forward scale-deployment restart_service apply_manifest
                """,
                .destructive: "kubectl_delete uninstall_helm_chart cleanup_pods",
                .unknown: "kubectl_context kubectl_generic node_management",
            ]),
        Server(
            server: "docker, terraform, supabase, vercel, cloudflare",
            tools: [
                .read: """
                list_containers get-logs search_modules get_module_details list_deployments get_advisors search_docs
                workers_list kv_namespace_get
                """,
                .write: """
                create-container restore_project create_branch merge_branch reset_branch rebase_branch
                generate_typescript_types r2_bucket_create container_file_write
                """,
                .execute: """
                run_container stop_container recreate_container pull_image build_image push_image deploy-compose
                ExecuteTerraformCommand apply_run deploy_to_vercel deploy_edge_function apply_migration execute_sql
                pause_project container_exec deploy_stack invokeLambda start_instances stop_instances run_tests
                """,
                .destructive: """
                remove_container prune_images discard_run delete_branch kv_namespace_delete destroy_stack
                """,
            ]),
        Server(
            server: "postgres, mongodb, redis, elasticsearch",
            tools: [
                .read: """
                query explain_query analyze_db_health get_top_queries find aggregate count list-collections db-stats
                export list_indices get_mappings search json_get
                """,
                .write: "insert-many update-many create-index rename-collection json_set expire",
                .execute: "run_query execute_query publish",
                .destructive: "delete-many drop-collection drop-database drop_table truncate_table bulkDelete",
                .unknown: "collection-schema esql",
            ]),
        Server(
            server: "slack, gmail, calendar",
            tools: [
                .read: """
                slack_list_channels slack_get_channel_history slack_get_users slack.get_users conversations_history
                conversations_search_messages channels_list search_emails download_attachment list-events get-freebusy
                """,
                .write: """
                slack_post_message slack_reply_to_thread slack_add_reaction conversations_add_message send_email
                draft_email modify_email create-event update-event respond-to-event
                """,
                .destructive: "delete_email batch_delete_emails delete-event",
            ]),
        Server(
            server: "atlassian, linear, notion, sentry",
            tools: [
                .read: """
                getJiraIssue searchJiraIssuesUsingJql getTransitionsForJiraIssue lookupJiraAccountId atlassianUserInfo
                list_my_issues notion-search notion-fetch find_organizations get_issue_details analyze_issue_with_seer
                list_deleted_items
                """,
                .write: """
                createJiraIssue editJiraIssue transitionJiraIssue addCommentToJiraIssue updateConfluencePage
                create_comment add-comment notion-create-pages notion-update-page notion-move-pages
                notion-duplicate-page create_project
                """,
                .destructive: "confluence_delete_page create_or_delete_item",
            ]),
        Server(
            server: "playwright, puppeteer",
            tools: [
                .read: """
                browser_snapshot browser_take_screenshot browser_wait_for browser_tab_list browser_verify_text_visible
                puppeteer_screenshot
                """,
                .write: "browser_close browser_file_upload browser_resize browser_pdf_save",
                .execute: """
                browser_navigate browser_navigate_back browser_click browser_type browser_fill_form browser_press_key
                browser_select_option browser_hover browser_drag browser_evaluate browser_handle_dialog browser_install
                browser_run_code browser_start_tracing browser_mouse_click_xy puppeteer_navigate puppeteer_evaluate
                puppeteer_select puppeteer_hover
                """,
                .unknown: "browser_tabs",
            ]),
        Server(
            server: "memory, thinking, search, maps",
            tools: [
                .read: """
                read_graph search_nodes brave_web_search brave_local_search tavily-search tavily-extract tavily-crawl
                firecrawl_scrape maps_search_places maps_geocode get-library-docs echo
                """,
                .write: "create_entities create_relations add_observations", .destructive: "delete_entities",
                .unknown: "sequentialthinking firecrawl_map longRunningOperation",
            ]),
        Server(
            server: "shells and homes",
            tools: [
                .read: "list_sessions read_process_output",
                .write: "set_config_value",
                .execute: "execute_command run_command start_process interact_with_process exec HassTurnOn",
                .destructive: "kill_process force_terminate revoke_grant git_prune purge-queue",
            ]),
        Server(server: "names of no language", tools: [.unknown: "a 42 _ größe 削除"]),
    ]

    /// Names that begin with a thing and end with what is done with it.
    static let thingsFirst: [(tool: String, risk: Risk)] = [
        ("snapshot_create", .write), ("query_execute", .execute), ("monitor_update", .write), ("status_set", .write),
        ("history_add", .write), ("search_index_create", .write), ("trace_start", .execute),
        ("query_run_history", .read), ("search_emails", .read), ("view_comment", .read), ("check_deploy_status", .read),
        ("invoice_view", .read),
    ]

    /// Tools that read, in names whose words say more: they are classed too high, which asks or denies once too often.
    static let classedTooHigh: [(tool: String, risk: Risk)] = [
        ("resolve-library-id", .write), ("open_nodes", .write), ("conversations_replies", .write),
        ("browser_console_messages", .write), ("browser_network_requests", .write),
        ("manage_notification_subscription", .financial), ("API-post-search", .write),
    ]

    /// Every name with its class.
    static let all: [(server: String, tool: String, risk: Risk)] = servers.flatMap { server in
        server.tools.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { risk, names in
            names.split { $0.isWhitespace }.map { (server.server, String($0), risk) }
        }
    }
}

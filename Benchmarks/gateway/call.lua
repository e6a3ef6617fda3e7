-- One tool call, again and again. TOKEN and TOOL come from the environment, and ERA: `stateless` (the default) or
-- `handshake`, whose calls are shorter because a session has said the rest.
local tool = os.getenv("TOOL") or "build_and_push_image_to_ecr"
local isStateless = os.getenv("ERA") ~= "handshake"
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json, text/event-stream"
wrk.headers["MCP-Protocol-Version"] = isStateless and "2026-07-28" or "2025-06-18"
wrk.headers["X-Agent"] = "bench"
wrk.headers["Authorization"] = "Bearer " .. (os.getenv("TOKEN") or "")
local meta = ''
if isStateless then
  wrk.headers["Mcp-Method"] = "tools/call"
  wrk.headers["Mcp-Name"] = tool
  meta = ',"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",'
    .. '"io.modelcontextprotocol/clientCapabilities":{},'
    .. '"io.modelcontextprotocol/clientInfo":{"name":"wrk","version":"1"}}'
end
wrk.body = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"' .. tool
  .. '","arguments":{"app_name":"checkout","app_path":"/srv/checkout","tag":"v1.2.3"}' .. meta .. '}}'

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"us":%d,"p50_us":%.1f,"p99_us":%.1f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end

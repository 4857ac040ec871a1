-- One-click POSTs for wrk, each with another link of the file $INGEST_LINKS; ends when all were used. Prints one line:
-- answered well, microseconds it took, answered otherwise, failures of sockets; p50, p99 and maximum in microseconds.

function init()
	requests, next_one = {}, 0
	local head = { ["Host"] = "127.0.0.1", ["Content-Type"] = "application/x-www-form-urlencoded" }
	for path in io.lines(os.getenv("INGEST_LINKS")) do
		requests[#requests + 1] = wrk.format("POST", path, head, "List-Unsubscribe=One-Click")
	end
end

function request()
	next_one = next_one + 1
	if next_one > #requests then
		wrk.thread:stop()
		next_one = #requests
	end
	return requests[next_one]
end

function done(summary, latency)
	local errors = summary.errors
	print(string.format("ingest %d %d %d %d %d %d %d", summary.requests - errors.status, summary.duration, errors.status,
		errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(50), latency:percentile(99),
		latency.max))
end

-- For wrk: the route and the token come from the environment; at the end one line of JSON.

local path = os.getenv("BENCH_PATH")
local terms = tonumber(os.getenv("BENCH_TERMS") or "0")
local number = 0

wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")

-- With terms, each request asks for another one, so that no two in a row are the same.
function request()
   if terms == 0 then
      return wrk.format("GET", path)
   end
   number = (number + 1) % terms
   return wrk.format("GET", path .. number)
end

function done(summary, latency)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   local milliseconds = function(percentile) return latency:percentile(percentile) / 1000 end
   io.write(string.format(
      'RESULT {"p50_ms": %.2f, "p99_ms": %.2f, "p999_ms": %.2f, "max_ms": %.2f, "requests": %d, ' ..
      '"per_second": %.0f, "bytes_each": %d, "failed": %d}\n',
      milliseconds(50), milliseconds(99), milliseconds(99.9), latency.max / 1000, summary.requests,
      summary.requests / summary.duration * 1e6, summary.bytes / math.max(summary.requests, 1), failed))
end

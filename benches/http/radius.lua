-- What wrk sends: the queries of a file ("lat,lng" a line) in turn, and one line of JSON for whoever started it.
-- Arguments: FILE KEY RADII FIRST COUNT. The n-th point gets the n-th radius of the list "100,150", over and over; sending begins with
-- point FIRST, and of the file only the first COUNT are sent (0: all), which makes them hot.
local requests, count, at = {}, 0, 0

function init(arguments)
    local file, key, list, first, most = arguments[1], arguments[2], arguments[3], tonumber(arguments[4]), tonumber(arguments[5])
    local radii = {}
    for radius in list:gmatch("[^,]+") do
        radii[#radii + 1] = radius
    end
    local headers = { Host = "bench", Authorization = key }
    for line in io.lines(file) do
        if most > 0 and count == most then
            break
        end
        local lat, lng = line:match("^(.+),(.+)$")
        local radius = radii[count % #radii + 1]
        local path = "/api/v2/ftth-viability/radius?lat=" .. lat .. "&lng=" .. lng .. "&radius=" .. radius
        count = count + 1
        requests[count] = wrk.format("GET", path, headers)
    end
    at = first
    -- Nothing more is made from here on: a collection would only be seen as the server's slowness.
    collectgarbage()
    collectgarbage("stop")
end

function request()
    at = at + 1
    return requests[at % count + 1]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"answers": %d, "seconds": %.6f, "bytes": %.0f, "errors": %d, "p50": %.6f, "p99": %.6f}\n',
        summary.requests, summary.duration / 1e6, summary.bytes,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout,
        latency:percentile(50) / 1e6, latency:percentile(99) / 1e6
    ))
end

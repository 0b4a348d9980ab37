-- What r15_flood has wrk send: no two requests are the same. A third each: within reach of memory, beyond its radius, with a key of its own.
local number = 0

function init(arguments)
    lat, lng, key = tonumber(arguments[1]), tonumber(arguments[2]), arguments[3]
    math.randomseed(os.time())
    seed = math.random(1, 1000000)
end

function request()
    number = number + 1
    local kind = number % 3
    local radius = kind == 1 and 2001 + number / 1000000 or 150
    local whose = kind == 2 and string.format("%d-%d", seed, number) or key
    local path = string.format(
        "/api/v2/ftth-viability/radius?lat=%.7f&lng=%.7f&radius=%f",
        lat + math.random() / 10, lng + math.random() / 10, radius
    )
    return wrk.format("GET", path, { Host = "chaos", Authorization = whose })
end

vcl 4.1;

backend ozmap {
    .host = "127.0.0.1";
    .port = "@OZMAP@";
    .connect_timeout = 3s;
    .first_byte_timeout = 10s;
}

sub vcl_recv {
    // Built-in: everything with Authorization passes by the cache. Here the key is part of what is looked up.
    return (hash);
}

sub vcl_hash {
    hash_data(req.url);
    hash_data(req.http.Authorization);
    return (lookup);
}

sub vcl_backend_response {
    if (beresp.status == 200) {
        set beresp.ttl = 10m;
        set beresp.grace = 72h;
    } else {
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
    }
    return (deliver);
}

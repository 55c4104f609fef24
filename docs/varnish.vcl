# Varnish in front of the nginx that `ssg nginx` configures, for a site whose site.toml has
#
#   [[cdn]]
#   provider = "purge"
#   endpoints = ["http://127.0.0.1:6081"]
#
# A page is kept until it changes: `ssg` sends PURGE for every URL whose answer changed, right
# after the switch.
vcl 4.1;

backend site {
    .host = "127.0.0.1";
    .port = "8080";
}

# Where `ssg` runs.
acl purgers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ purgers) {
            return (synth(405, "Not allowed"));
        }
        if (req.http.galley-purge == "everything") {
            ban("obj.status != 0");
            return (synth(200, "Everything is forgotten"));
        }
        return (purge);
    }
    # The API and the daemon's own paths are not this cache's business.
    if (req.url ~ "^/(api|hooks|-)/") {
        return (pass);
    }
    unset req.http.Cookie;
}

sub vcl_backend_response {
    # nginx says which answers are told of when they change. All others are asked for anew.
    if (beresp.http.CDN-Cache-Control ~ "max-age=31536000") {
        set beresp.ttl = 365d;
        set beresp.grace = 0s;
        set beresp.keep = 0s;
    } else {
        set beresp.uncacheable = true;
        set beresp.ttl = 10s;
    }
    return (deliver);
}

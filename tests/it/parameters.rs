//! R13, R14, R17: what clients write into a request, right, wrong or odd.

use crate::harness::World;
use crate::overload::query_bytes;
use crate::raw::Raw;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::collections::BTreeSet;

/// Queries and the parameter that is wrong with each.
const BAD: [(&str, &str); 44] = [
    ("", "lat"),
    ("lat=1", "lng"),
    ("lng=1", "lat"),
    ("radius=5", "lat"),
    ("lat=&lng=2", "lat"),
    ("lat&lng=2", "lat"),
    ("lat=1&lng=", "lng"),
    ("lat=1&lng=2&radius=", "radius"),
    ("lat=1&lat=1&lng=2", "lat"),
    ("lat=1&lng=2&lng=3", "lng"),
    ("lat=1&lng=2&radius=3&radius=3", "radius"),
    ("lat=1&%6Cat=1&lng=2", "lat"),
    ("lat=NaN&lng=2", "lat"),
    ("lat=nan&lng=2", "lat"),
    ("lat=1&lng=-NaN", "lng"),
    ("lat=inf&lng=2", "lat"),
    ("lat=-Infinity&lng=2", "lat"),
    ("lat=1&lng=2&radius=inf", "radius"),
    ("lat=1e309&lng=2", "lat"),
    ("lat=-1e309&lng=2", "lat"),
    ("lat=1&lng=1e309", "lng"),
    ("lat=1&lng=2&radius=1e309", "radius"),
    ("lat=91&lng=2", "lat"),
    ("lat=-90.0000001&lng=2", "lat"),
    ("lat=1&lng=180.0000001", "lng"),
    ("lat=1&lng=-181", "lng"),
    ("lat=1&lng=2&radius=0", "radius"),
    ("lat=1&lng=2&radius=-1", "radius"),
    ("lat=1&lng=2&radius=-0", "radius"),
    ("lat=1%00&lng=2", "lat"),
    ("lat=%00&lng=2", "lat"),
    ("lat=1&lng=2%00", "lng"),
    ("lat=%D9%A1&lng=2", "lat"),
    ("lat=%EF%BC%91&lng=2", "lat"),
    ("lat=%C2%B2&lng=2", "lat"),
    ("lat=%FF%FE&lng=2", "lat"),
    ("lat=1,5&lng=2", "lat"),
    ("lat=1.5.2&lng=2", "lat"),
    ("lat=0x1&lng=2", "lat"),
    ("lat=1_0&lng=2", "lat"),
    ("lat=%201&lng=2", "lat"),
    ("lat=1+&lng=2", "lat"),
    ("lat=--1&lng=2", "lat"),
    ("lat=$(id)&lng=2", "lat"),
];

#[tokio::test]
async fn r13_a_bad_parameter_is_a_400_that_names_it() {
    let world = World::start().await;
    let key = world.simulator.full_key();
    for (query, parameter) in BAD {
        let mut connection = Raw::connect(world.app.public_address()).await;
        let head = format!("Host: a\r\nAuthorization: {key}\r\n");
        connection.send(format!("GET /api/v2/ftth-viability/radius?{query} HTTP/1.1\r\n{head}\r\n")).await;
        let answer = connection.answer().await.unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &body["code"]), (400, &"bad_parameter".into()), "{query}: {body}");
        let message = body["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{parameter} ")), "{query}: {message}");
    }
    assert_eq!(world.simulator.requests("viability"), 0);
}

#[tokio::test]
async fn r13_a_query_of_a_megabyte_is_refused_unread() {
    let world = World::start().await;
    let mut connection = Raw::connect(world.app.public_address()).await;
    let long = "1".repeat(1 << 20);
    let request = format!("GET /api/v2/ftth-viability/radius?lat={long}&lng=2 HTTP/1.1\r\nHost: a\r\n\r\n");
    connection.send(request).await;
    assert_eq!(connection.answer().await.unwrap().status, 431);
    assert!(connection.rest().await.is_empty());
}

/// Headers that caches and proxies have been poisoned with; none means anything here.
const ODD_NAMES: [&str; 25] = [
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Host",
    "X-HTTP-Method-Override",
    "X-Real-IP",
    "X-Tenant",
    "Forwarded",
    "Via",
    "Origin",
    "Referer",
    "User-Agent",
    "Cookie",
    "Accept",
    "Accept-Language",
    "Accept-Encoding",
    "Accept-Charset",
    "If-None-Match",
    "If-Modified-Since",
    "Range",
    "X-\u{7e}odd!#$%&'*+.^_`|",
];
const ODD_VALUES: [&str; 8] = [
    "canary.example",
    "https://canary.example/",
    "127.0.0.1",
    "gzip, br",
    "bytes=0-0",
    "\"canary\"",
    "<script>canary</script>",
    "DELETE",
];

#[tokio::test]
async fn r14_two_hundred_odd_headers_leave_the_answer_as_it_is_to_the_byte() {
    let world = World::start().await;
    let mut connection = Raw::connect(world.app.public_address()).await;
    connection.send(query_bytes(&world, "")).await;
    let plain = connection.answer().await.unwrap();
    assert_eq!(plain.status, 200);
    let names = |head: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, _)| name.to_owned())
            .collect::<Vec<_>>()
    };
    let mut asked = 0;
    for name in ODD_NAMES {
        for value in ODD_VALUES {
            connection.send(query_bytes(&world, &format!("{name}: {value}\r\n"))).await;
            let odd = connection.answer().await.unwrap();
            assert_eq!((odd.status, &odd.body), (200, &plain.body), "{name}: {value}");
            assert_eq!(names(&odd.head), names(&plain.head), "{name}: {value}");
            assert!(!odd.head.contains("canary"), "{}", odd.head);
            asked += 1;
        }
    }
    // `Host` too: it means a tenant only where one is configured so.
    for host in ["other.example", "127.0.0.1:1", "demo", ""] {
        connection.send(query_bytes(&world, "").replace("Host: a", &format!("Host: {host}"))).await;
        assert_eq!(connection.answer().await.unwrap().body, plain.body, "{host}");
        asked += 1;
    }
    assert_eq!(asked, 204);
}

fn random_word(dice: &mut impl Rng, letters: &[u8], longest: usize) -> String {
    let length = dice.random_range(1..=longest);
    (0..length).map(|_| char::from(letters[dice.random_range(0..letters.len())])).collect()
}

#[tokio::test]
async fn r17_random_paths_methods_hosts_and_keys_make_no_new_series() {
    let world = World::start().await;
    let mut dice = ChaCha8Rng::seed_from_u64(17);
    let mut ask = async |count: usize| {
        for to in [world.app.public_address(), world.app.admin_address()] {
            let mut connection = Raw::connect(to).await;
            for number in 0..count {
                let below = if number % 2 == 0 { "/api/v2" } else { "" };
                let method = random_word(&mut dice, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%", 12);
                let path = random_word(&mut dice, b"abcdefghijklmnopqrstuvwxyz0123456789/%.~", 40);
                let host = random_word(&mut dice, b"abcdefghij.-", 20);
                let key = random_word(&mut dice, b"abcdefghijklmnopqrstuvwxyz", 20);
                let id = random_word(&mut dice, b"abcdef0123456789", 20);
                let head = format!("Host: {host}\r\nAuthorization: {key}\r\nX-Request-Id: {id}\r\n");
                connection.send(format!("{method} {below}/{path} HTTP/1.1\r\n{head}\r\n")).await;
                if connection.answer().await.is_none_or(|answer| answer.header("connection") == Some("close"))
                {
                    connection = Raw::connect(to).await;
                }
            }
        }
        let page = world.metrics().await;
        assert!(page.len() <= 256 << 10, "{} bytes", page.len());
        let lines = page.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| line.rsplit_once(' '))
            .map(|(series, _)| series.to_owned())
            .collect::<BTreeSet<_>>()
    };
    // The scrape counts itself.
    world.metrics().await;
    let first = ask(500).await;
    let second = ask(2_000).await;
    assert_eq!(second.difference(&first).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(second.len() <= 500, "{} series", second.len());
}

//! Batches that nobody should send.

use super::{PATH, post};
use crate::harness::{JsonBody, Plan, World};
use crate::raw::Raw;
use ozmap_simulator::NewBox;
use reqwest::{Method, StatusCode, header};
use serde_json::json;

/// What becomes of a batch: the status, the code.
async fn refused(world: &World, media_type: &str, body: impl Into<Vec<u8>>) -> (u16, String) {
    let key = world.simulator.full_key();
    let answer = post(world, &key, media_type, body).await;
    let status = answer.status().as_u16();
    (status, answer.json_body().await["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_makes_no_sense_from_the_beginning_is_refused_by_the_status() {
    let world = World::build(Plan { config: "[batch]\nmax_rows = 5", ..Plan::default() }).await;
    let deep = "[".repeat(1 << 20);
    for (media_type, body, status, code) in [
        ("text/csv", String::new(), 400, "empty"),
        ("text/csv", "id;name\n1;2\n".to_owned(), 400, "no_column"),
        ("text/csv", "lat;lng;lon\n1;2;3\n".to_owned(), 400, "two_columns"),
        ("text/csv", format!("lat;lng{}\n", ";x".repeat(500)), 400, "too_many_columns"),
        ("text/csv", "lat;lng\n\"1;2\n".to_owned(), 400, "open_quote"),
        ("text/csv", format!("lat;lng\n\"{}", "x".repeat(1 << 20)), 413, "row_too_long"),
        ("text/csv", "x".repeat(1 << 20), 413, "row_too_long"),
        ("text/csv", "\0".repeat(1 << 20), 413, "row_too_long"),
        ("text/csv", "lat,lng\n".to_owned() + &"1,2\n".repeat(6), 413, "too_many_rows"),
        ("application/x-ndjson", "{".repeat(1 << 20), 413, "row_too_long"),
        ("application/json", "{\"lat\":1,\"lng\":2}".to_owned(), 400, "not_an_array"),
        ("application/json", "[{\"lat\":1,\"lng\":2}".to_owned(), 400, "not_an_array"),
        ("application/json", deep, 413, "row_too_long"),
        ("application/json", String::new(), 400, "not_an_array"),
        ("text/plain", "lat,lng\n1,2\n".to_owned(), 415, "media_type"),
        ("text/csv; charset=windows-1252", "lat,lng\n1,2\n".to_owned(), 415, "media_type"),
    ] {
        assert_eq!(refused(&world, media_type, body).await, (status, code.to_owned()), "{media_type} {code}");
    }
    let utf16: Vec<u8> = "\u{feff}lat;lng\n1;2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(&world, "text/csv", utf16).await, (400, "utf16".to_owned()));
    let key = world.simulator.full_key();
    let fine = post(&world, &key, "text/csv", "lat,lng\n1,2\n").await;
    assert_eq!(fine.status(), StatusCode::OK, "every place is free again");
}

#[tokio::test]
async fn only_a_plain_post_is_taken() {
    let world = World::start().await;
    let key = world.simulator.full_key();
    let request = |method| {
        let request = world.http.request(method, world.public(PATH)).header(header::AUTHORIZATION, &key);
        request.header(header::CONTENT_TYPE, "text/csv").body("lat,lng\n1,2\n")
    };
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = request(method).send().await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
        );
    }
    let packed = request(Method::POST).header(header::CONTENT_ENCODING, "gzip").send().await.unwrap();
    assert_eq!(packed.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(packed.headers()["accept-post"], "text/csv, application/x-ndjson, application/json");
    assert_eq!(packed.json_body().await["code"], "media_type");
    let off = World::build(Plan { config: "[batch]\nat_once = 0", ..Plan::default() }).await;
    assert_eq!(refused(&off, "text/csv", "lat,lng\n1,2\n").await, (404, "off".to_owned()));
}

/// A head of a batch, as bytes.
fn head(world: &World, version: &str, more: &str) -> String {
    let key = world.simulator.full_key();
    format!(
        "POST {PATH} HTTP/{version}\r\nHost: a\r\nAuthorization: {key}\r\nContent-Type: text/csv\r\n{more}\r\n"
    )
}

#[tokio::test]
async fn what_is_framed_otherwise_than_by_a_length_is_refused() {
    let world = World::start().await;
    for (version, more, status) in [
        ("1.1", "Transfer-Encoding: chunked\r\n", 400),
        ("1.1", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400),
        ("1.0", "Content-Length: 4\r\n", 505),
        ("1.1", "Content-Length: 2147483648\r\n", 413),
        ("1.1", "Content-Length: 2147483648\r\nExpect: 100-continue\r\n", 413),
    ] {
        let mut client = Raw::connect(world.app.public_address()).await;
        client.send(head(&world, version, more)).await;
        assert_eq!(client.answer().await.unwrap().status, status, "{more}");
    }
}

#[tokio::test]
async fn a_line_of_a_gibibyte_is_cut_off_at_its_beginning() {
    let world = World::start().await;
    let mut client = Raw::connect(world.app.public_address()).await;
    client.send(head(&world, "1.1", "Content-Length: 1073741824\r\n")).await;
    client.send("lat,lng\n").await;
    let line = vec![b'x'; 64 << 10];
    let mut sent = 0;
    // Who is cut off while sending can't send more than the system holds.
    while sent < 1 << 30 && client.try_send(&line).await {
        sent += line.len();
    }
    assert!(sent < 64 << 20, "{sent} bytes were taken");
    let too_large = r#"viability_http_rejected_total{reason="too_large"}"#;
    assert_eq!(world.metric(too_large).await, 1);
}

#[tokio::test]
async fn a_batch_that_goes_wrong_later_tells_so_in_its_last_row_and_is_never_whole() {
    let world = World::start().await;
    let key = world.simulator.full_key();
    let rows = "1,2\n".repeat(20_000);
    for (media_type, body, error) in [
        ("text/csv", format!("lat,lng\n{rows}\"{}", "x".repeat(20_000)), "row_too_long"),
        ("text/csv", format!("lat,lng\n{rows}1,\"2\n"), "open_quote"),
        (
            "application/json",
            format!("[{}]x", vec!["{\"lat\":1,\"lng\":2}"; 20_000].join(",")),
            "not_an_array",
        ),
    ] {
        let mut answer = post(&world, &key, media_type, body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut text = Vec::new();
        let broken = loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => text.extend_from_slice(&chunk),
                ended => break ended.is_err(),
            }
        };
        assert!(broken, "{media_type}: it seems whole");
        let text = String::from_utf8(text).unwrap();
        let last = text.trim_end().lines().last().unwrap();
        assert!(last.contains(error), "{media_type}: {last}");
    }
    assert_eq!(world.ask(1.0, 2.0, 3.0).await.body["viable"], json!(false));
}

#[tokio::test]
async fn a_name_that_a_spreadsheet_would_compute_is_text_in_a_table() {
    let world = World::start().await;
    let (lat, lng, name) = (-10.0, -50.0, "=HYPERLINK(\"http://x\";\"y\")");
    world.simulator.add_box(NewBox { name: name.to_owned(), lat, lng, ..NewBox::default() });
    world.refresh().await;
    let key = world.simulator.full_key();
    let table = post(&world, &key, "text/csv", format!("nota;lat;lng\n=1+1;{lat};{lng}\n")).await;
    let table = table.text().await.unwrap();
    // The client's own cells are as they were.
    assert!(table.contains("\n=1+1;-10;-50;true;;"), "{table}");
    assert!(table.contains(";\"'=HYPERLINK(\"\"http://x\"\";\"\"y\"\")\";"), "{table}");
    let rows = post(&world, &key, "application/json", format!("[{{\"lat\":{lat},\"lng\":{lng}}}]")).await;
    assert_eq!(rows.json_body().await[0]["box_name"], name);
}

//! Batches are streams: answered while they come, no faster than they are taken, ended with their client.

use super::{PATH, post};
use crate::harness::{JsonBody, Plan, World};
use crate::raw::Raw;
use reqwest::StatusCode;
use std::fmt::Write;

/// A table of so many rows around a box, as the bytes of a request.
fn table(world: &World, rows: usize) -> (String, String) {
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let mut body = "id,lat,lng\n".to_owned();
    for number in 0..rows {
        writeln!(body, "{number},{},{}", home.lat, home.lng).unwrap();
    }
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: {key}\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    (head, body)
}

async fn answered(world: &World) -> u64 {
    world.metric(r#"viability_batch_rows_total{result="viable",tenant="demo"}"#).await
}

/// Waits until a batch can be asked where only one may be.
async fn until_the_place_is_free(world: &World) {
    let key = world.simulator.full_key();
    let free = async || post(world, &key, "text/csv", "lat,lng\n1,2\n").await.status() == StatusCode::OK;
    world.until("the place is free", free).await;
}

#[tokio::test]
async fn rows_are_answered_while_others_are_still_to_come() {
    let world = World::build(Plan { config: "[batch]\nat_once = 1", ..Plan::default() }).await;
    let (head, body) = table(&world, 1_000);
    let mut client = Raw::connect(world.app.public_address()).await;
    let (begin, rest) = body.split_at(body.len() / 2);
    client.send(head).await;
    client.send(begin).await;
    world.until("half of it is answered", || async { answered(&world).await >= 490 }).await;
    let before = client.until("\n400,").await;
    assert!(
        before.starts_with("HTTP/1.1 200 ") && before.contains("transfer-encoding: chunked\r\n"),
        "{before}"
    );
    // One is as many as there may be.
    let key = world.simulator.full_key();
    let second = post(&world, &key, "text/csv", "lat,lng\n1,2\n").await;
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(second.headers().contains_key("retry-after"));
    assert_eq!(second.json_body().await["code"], "busy");
    assert_eq!(world.metric(r#"viability_http_rejected_total{reason="batches_at_once"}"#).await, 1);
    client.send(rest).await;
    client.until("\n999,").await;
    client.until("0\r\n\r\n").await;
    assert_eq!(answered(&world).await, 1_000);
    until_the_place_is_free(&world).await;
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_batch() {
    let world = World::build(Plan { config: "[batch]\nat_once = 1", ..Plan::default() }).await;
    let (head, body) = table(&world, 100_000);
    let leaves_after = [head.len() - 1, head.len() + 5, head.len() + 100_000];
    for bytes in leaves_after {
        let mut client = Raw::connect(world.app.public_address()).await;
        client.send(&(head.clone() + &body)[..bytes]).await;
        drop(client);
        until_the_place_is_free(&world).await;
    }
    assert!(answered(&world).await < 10_000);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_sent_no_more_than_the_system_holds_and_cut_off() {
    let world = World::build(Plan {
        server: "write_timeout = \"500ms\"",
        config: "[batch]\nat_once = 1",
        ..Plan::default()
    })
    .await;
    let (head, body) = table(&world, 100_000);
    let mut client = Raw::connect_narrow(world.app.public_address()).await;
    client.send(head).await;
    let mut left = body.as_bytes();
    // Sends as long as anybody takes it, and reads nothing.
    while let Some((piece, rest)) = left.split_at_checked(4_096) {
        if !client.try_send(piece).await {
            break;
        }
        left = rest;
    }
    assert!(!left.is_empty(), "all of it was taken");
    let rejected = r#"viability_http_rejected_total{reason="write_timeout"}"#;
    world.until("it is cut off", || async { world.metric(rejected).await == 1 }).await;
    assert!(answered(&world).await < 20_000, "{}", answered(&world).await);
    until_the_place_is_free(&world).await;
}

#[tokio::test]
async fn single_queries_are_answered_meanwhile() {
    let world = World::build(Plan { config: "[batch]\nat_once = 2", ..Plan::default() }).await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let (_, body) = table(&world, 50_000);
    let batch = async { post(&world, &key, "text/csv", body).await.text().await.unwrap() };
    let singles = async {
        for _ in 0..50 {
            assert!(world.ask(home.lat, home.lng, 150.0).await.is_viable());
        }
    };
    let (text, ()) = tokio::join!(batch, singles);
    assert_eq!(text.lines().count(), 50_001);
    let rows = text.lines().skip(1).map(|row| row.split(',').next().unwrap().parse::<usize>().unwrap());
    assert!(rows.eq(0..50_000), "in their order, each once");
}

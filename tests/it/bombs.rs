//! R4, R15: answers that would fill memory, and floods that would.

use crate::between::{Between, Spoil};
use crate::harness::{Plan, World};
use flate2::Compression;
use flate2::write::GzEncoder;
use ozmap_simulator::Settings;
use std::io::Write;

/// The most bytes of one page.
const PAGE: usize = 32 << 20;
/// What lies in the buffers of both sockets when the taker has had enough.
const ON_THE_WAY: usize = 16 << 20;

/// A head, and a body that never ends.
fn endless(encoding: &str, begin: &[u8], again: &[u8]) -> Spoil {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{encoding}Connection: close\r\n\r\n");
    Spoil::Endless([head.as_bytes(), begin].concat(), again.to_vec())
}

/// The beginning of a gzip stream, and what goes on for ever behind it: a megabyte of white space, packed.
fn gzip_bomb() -> (Vec<u8>, Vec<u8>) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"{\"total\":1,\"rows\":[").unwrap();
    encoder.flush().unwrap();
    let begin = encoder.get_ref().clone();
    // Blocks after a flush stand for themselves but for what they refer to behind them, which is white space too.
    let mut after = |bytes: &[u8]| {
        let from = encoder.get_ref().len();
        encoder.write_all(bytes).unwrap();
        encoder.flush().unwrap();
        encoder.get_ref()[from..].to_vec()
    };
    let space = vec![b' '; 1 << 20];
    let first = after(&space);
    (([begin, first]).concat(), after(&space))
}

#[tokio::test]
async fn r04_an_answer_without_end_is_cut_off_at_the_limit_packed_or_not() {
    let (between, world) = Between::world(Settings { boxes: 300, ..Settings::default() }, "", "").await;
    let home = world.sellable_box();
    let (begin, again) = gzip_bomb();
    let packed = again.len();
    assert!(packed < 4_096, "{packed} bytes to the megabyte");
    let spoils = [
        ("/boxes", endless("", b"{\"total\":1,\"rows\":[", &vec![b' '; 1 << 20]), PAGE),
        ("/splitters", endless("Content-Encoding: gzip\r\n", &begin, &again), (PAGE >> 20) * packed),
    ];
    for (list, spoil, honest) in spoils {
        let before = between.poured();
        between.spoil(list, spoil);
        let report = world.refresh().await;
        assert_eq!(report["result"], "too_large", "{report}");
        let poured = between.poured() - before;
        // Pages side by side, none tried again.
        assert!(poured <= 4 * (honest + ON_THE_WAY), "{list}: {poured} bytes");
        assert_eq!(world.ask(home.lat, home.lng, 150.0).await.detail(), "index");
        between.behave();
        assert_eq!(world.refresh().await["result"], "ok", "after {list}");
    }
}

#[tokio::test]
async fn r04_a_live_answer_without_end_is_cut_off_and_the_index_stands_in() {
    let (between, world) = Between::world(Settings { boxes: 300, ..Settings::default() }, "", "").await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    between.spoil("/ftth-viability", endless("", b"[", &vec![b' '; 1 << 20]));
    let query = format!("lat={}&lng={}&radius=50", home.lat, home.lng);
    let answer = world.send(world.query(&key, &query).header("cache-control", "no-cache")).await;
    assert!(answer.is_viable() && answer.detail() == "live-failed", "{answer:?}");
    assert!(between.poured() <= (4 << 20) + ON_THE_WAY, "{} bytes", between.poured());
}

#[tokio::test]
async fn r15_a_flood_of_different_live_answers_and_keys_stays_within_its_memory() {
    let config = "[live]\ncalls_per_second = 1000\ncalls_at_once = 64\ncache_bytes = \"64KiB\"\n[access]\nmax_keys = 50";
    let world = World::build(Plan { config, ..Plan::default() }).await;
    let home = world.sellable_box();
    let (live, keys) =
        (r#"viability_cache_weight_bytes{cache="live"}"#, r#"viability_cache_weight_bytes{cache="scopes"}"#);
    let mut live_most = 0;
    for step in 0..400 {
        let answer = world.ask(home.lat, home.lng + f64::from(step) * 1e-5, 2_500.0).await;
        assert!(answer.is_viable());
        live_most = live_most.max(world.metric(live).await);
    }
    assert!(live_most > 0, "something is remembered");
    world.until("the cache is within its limit", || async { world.metric(live).await <= 64 << 10 }).await;
    let mut most = [0, 0];
    for step in 0..2_000 {
        world.ask_as(&format!("made-up-{step}"), home.lat, home.lng, 100.0).await;
        if step % 10 == 0 {
            let half = &mut most[usize::from(step >= 1_000)];
            *half = (*half).max(world.metric(keys).await);
        }
    }
    // Ten times as many keys as places, and no more memory in the second half than in the first.
    assert!(most[1] <= most[0].max(1) * 2, "{most:?}");
}
